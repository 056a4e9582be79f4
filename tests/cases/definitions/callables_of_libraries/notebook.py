# What is called was made by a library from a notebook function, or is a method of a built-in object.

# %% [make]
import re
from functools import partial, reduce
from operator import add, mul

import numpy as np

def shifted(x):
    return x + OFFSET

OFFSET = 10
vectorized = np.vectorize(shifted)
squared = np.vectorize(lambda x: x**2, otypes=[float])
clip = partial(np.clip, a_min=0, a_max=5)
polynomial = np.poly1d([1, 2, 3])
matches = re.compile(r"[a-c]+").fullmatch
price_of = {"a": 1}.get
label = "{}-{}".format
upper = str.upper
product = partial(reduce, mul)

# %% [handler]
%%endpoint --example {"values": [1.0, 7.0]}
def called(values: list[float]) -> dict:
    return {
        "vectorized": [vectorized(values).tolist(), squared(values).tolist()],
        "clipped": clip(values).tolist(),
        "polynomial": float(polynomial(2)),
        "methods": [bool(matches("abc")), price_of("a"), price_of("b", 0), label(1, 2), upper("x")],
        "operators": [add(1, 2), product([1, 2, 3])],
    }
