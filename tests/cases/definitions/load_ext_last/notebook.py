# Everything was run before nb2svc was loaded, in edited and repeated cells too.

# %% [rate]
RATE = 0.1  # of value-added tax

# %% [items]
from dataclasses import dataclass
import math

@dataclass
class Item:
    net: float

    def gross(self):
        return gross(self.net)

# %% [gross]
def gross(net):
    # the first version
    return net

# %% [old]
first_gross = gross
basket = [Item(1.0), Item(2.5)]

# %% [gross]
def gross(net):
    # the second version
    return round(net * (1 + RATE), 2)

# %% [timed]
%%time
def root(x):
    return math.sqrt(x)

# %% [lambdas]
plus, minus = (lambda x: x + 1), (lambda x: x - 1)

# %% [rate]
RATE = 0.2

# %% [load]
%load_ext nb2svc

# %% [handler]
%%endpoint --example {"x": 4.0}
def all_of(x: float) -> list:
    return [gross(x), first_gross(x), root(x), plus(x), minus(x), [item.gross() for item in basket], Item(x).gross()]
