# A colleague's wheel, installed from the file; no index knows it, and the file is gone by now.

# %% [wheel]
%pip wheel --quiet --no-index --no-build-isolation --wheel-dir downloads ./fabunits

# %% [install]
%pip install --quiet --no-index --target site downloads/fabunits-1.0-py3-none-any.whl

# %% [imports]
import shutil
import sys
from pathlib import Path

shutil.rmtree("downloads")
sys.path.insert(0, str(Path("site").resolve()))
import fabunits

# %% [handler]
%%endpoint POST /convert --example {"value": 2.0, "unit": "inch"}
def convert(value: float, unit: str) -> float:
    return fabunits.convert(value, unit)
