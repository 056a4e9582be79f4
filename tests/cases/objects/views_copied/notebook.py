# Two views of an array of Python objects: what is written through one would not be seen through the other.

# %% [views]
import numpy as np

items = np.array([{"a": 1}, None, 3], dtype=object)
turned = items[::-1]

# %% [handler]
%%endpoint --example {"x": 0}
def first(x: int) -> list:
    return [items[x], turned[2 - x]]
