# uv installs from the index that uv.toml names and .netrc has a password for; the service is installed from there, too.

# %% [install]
import sys

!{sys.executable} -m uv pip install --python {sys.executable} --quiet --target site fabledger "fabround<3"

# %% [imports]
from pathlib import Path

sys.path.insert(0, str(Path("site").resolve()))
import fabledger

# %% [handler]
%%endpoint POST /book --example {"amount": 2.7}
def book(amount: float) -> int:
    return fabledger.book(amount)
