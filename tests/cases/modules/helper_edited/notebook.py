# The file is edited after the import; the kernel still has the old code, a service would import the new one.

# %% [imports]
import prices

# %% [edit]
from pathlib import Path

text = Path("prices.py").read_text()
text = text.replace("1.19", "1.2").replace("net * RATES", "1 + net * RATES").replace("sum(items)", "sum(items) + 1")
_ = Path("prices.py").write_text(text)

# %% [handler]
%%endpoint POST /gross --example {"net": 10}
def handler(net: float) -> float:
    return prices.gross(net)
