# One namespace package, of which two distributions and a folder beside the notebook each have a part; one is not used.

# %% [install]
%pip install --quiet --no-index --no-build-isolation --no-compile --target site ./fabtax ./fabduty

# %% [imports]
import sys
from pathlib import Path

sys.path.append(str(Path("site").resolve()))
import fabland.fee
from fabland import tax

# %% [handler]
%%endpoint POST /total --example {"net": 100.0}
def total(net: float) -> list[float]:
    return [net, tax.tax(net), fabland.fee.fee(net)]
