# The handler gets in the service what its example held in the notebook: arrays, a DataFrame, dates, a set, a tuple.

# %% [imports]
import datetime as dt
from decimal import Decimal
import numpy as np
import pandas as pd

# %% [values]
sales = pd.DataFrame({"day": pd.to_datetime(["2024-01-31", "2024-02-29"]), "net sum": [1.5, np.nan], "shop": ["a", "b"]})
weights = np.array([[1.0, 2.0], [3.0, 4.0]], dtype="float32")

# %% [handler]
%%endpoint POST /report --example {"sales": sales, "weights": weights, "since": dt.date(2024, 1, 1), "tags": {"b", "a"}, "size": (2, "m"), "rate": Decimal("0.5")}
def report(sales, weights, since, tags, size, rate):
    late = sales[sales["day"] >= pd.Timestamp(since)]
    return {
        "months": late["day"].dt.month.tolist(),
        "sums": late.groupby("shop")["net sum"].sum(),
        "mean": weights.mean(axis=0),
        "types": [str(weights.dtype), type(tags).__name__, type(size).__name__, str(rate + 1)],
        "tags": tags | {"c"},
    }
