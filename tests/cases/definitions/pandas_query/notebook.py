# `@limit` in the text of a query is the notebook's variable.

# %% [frame]
import pandas as pd

limit = 2
names = ["b", "c"]
prices = pd.DataFrame({"name": ["a", "b", "c"], "price": [1, 2, 3]})

# %% [handler]
%%endpoint --example {"top": 3}
def queried(top: int) -> list:
    found = prices.query("price >= @limit and price <= @top and name in @names")
    return found.eval("price * @limit").tolist()
