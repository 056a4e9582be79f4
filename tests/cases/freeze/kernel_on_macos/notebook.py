# A notebook on a Mac: its wheels and what it has of its system alone are not the service's.

# %% [install]
import sys

mac = "--python-platform aarch64-apple-darwin"
!{sys.executable} -m uv pip install --python {sys.executable} --quiet --target site {mac} fabnative

# %% [imports]
from pathlib import Path

sys.path.insert(0, str(Path("site").resolve()))
import fabcocoa
import fabnative

# %% [handler]
%%endpoint POST /times --example {"number": 2}
def times(number: int) -> int:
    return fabnative.times(number)

# %% [origin]
%%endpoint GET /origin
def origin() -> str:
    return fabnative.FROM

# %% [mac]
import this_is_a_mac
