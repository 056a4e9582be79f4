# Files are edited after the import. %autoreload sees to one; of the other, the kernel has the old code, the service the new.

# %% [autoreload]
%load_ext autoreload
%autoreload 1
%aimport units

# %% [imports]
import prices
import units

# %% [edit]
from pathlib import Path

text = Path("prices.py").read_text()
text = text.replace("1.19", "1.2").replace("net * RATES", "1 + net * RATES").replace("sum(items)", "sum(items) + 1")
_ = Path("prices.py").write_text(text)
_ = Path("units.py").write_text("FACTOR = 100.0\n")

# %% [handler]
%%endpoint POST /gross --example {"net": 10}
def handler(net: float) -> float:
    return prices.gross(net) * units.FACTOR
