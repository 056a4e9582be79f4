# The notebook puts folders and an archive on sys.path; what it imports from there lies in lib/ in the service.

# %% [archive]
import sys
import zipfile

with zipfile.ZipFile("tools.zip", "w") as archive:
    archive.writestr("packed/__init__.py", "from .inner import twice\n")
    archive.writestr("packed/inner.py", "def twice(x):\n    return 2 * x\n")

# %% [path]
sys.path.insert(0, "src")
sys.path.append("tools.zip")

# %% [imports]
from left import *
import deep.part
from packed import twice

# %% [handler]
%%endpoint POST /both --example {"x": 2}
def handler(x: int) -> list:
    return [*both(), deep.part.part(), twice(x)]
