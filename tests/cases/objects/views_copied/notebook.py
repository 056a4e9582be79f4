# Two views of an array of Python objects, an array over a buffer: what is written through one is not seen in the other.

# %% [views]
import io

import numpy as np

items = np.array([{"a": 1}, None, 3], dtype=object)
turned = items[::-1]
buffer = io.BytesIO(b"abc")
seen = np.frombuffer(buffer.getbuffer(), "u1")

# %% [handler]
%%endpoint --example {"x": 0}
def first(x: int) -> list:
    return [items[x], turned[2 - x], seen.tolist(), buffer.getvalue()[x]]
