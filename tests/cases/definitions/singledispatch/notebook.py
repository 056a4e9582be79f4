# Only the registry of the function knows what later cells registered; no name leads there.

# %% [imports]
from functools import singledispatch, singledispatchmethod

import numpy as np

# %% [base]
@singledispatch
def encode(value):
    return f"other {value}"

# %% [int]
@encode.register
def _(value: int):
    return f"int {value + OFFSET}"

OFFSET = 100

# %% [list]
@encode.register(list)
@encode.register(tuple)
def _(value):
    return [encode(each) for each in value]

# %% [class]
class Point:
    def __init__(self, x):
        self.x = x

# %% [point]
@encode.register(Point)
def encode_point(value):
    return f"point {value.x}"

encode.register(np.ndarray, lambda value: encode(value.tolist()))

# %% [method]
class Printer:
    @singledispatchmethod
    def show(self, value):
        return "anything"

    @show.register
    def _(self, value: str):
        return f"text {value}"

# %% [handler]
%%endpoint --example {"x": 1}
def encoded(x: int) -> list:
    return [encode(each) for each in (x, [x, (x,)], Point(x), np.array([x]), 0.5)] + [Printer().show("a"), Printer().show(1)]
