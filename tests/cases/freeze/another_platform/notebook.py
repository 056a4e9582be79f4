# The service's processor is another than the notebook's.

# %% [install]
import sys

platform = "x86_64-manylinux_2_28"
!{sys.executable} -m uv pip install --python {sys.executable} --quiet --target site --python-platform {platform} fabspeed

# %% [imports]
from pathlib import Path

sys.path.insert(0, str(Path("site").resolve()))
import fabspeed

# %% [handler]
%%endpoint GET /fast --example {}
def fast() -> bool:
    return fabspeed.FAST
