# A cell sets a constant of a helper module and an attribute of one of its classes; no name that the handler uses shows it.

# %% [imports]
import prices

# %% [set]
prices.RATE = 3.0
prices.Limits.most = 25

# %% [handler]
%%endpoint POST /gross --example {"net": 5} --example {"net": 50}
def handler(net: float) -> float:
    return prices.gross(net)
