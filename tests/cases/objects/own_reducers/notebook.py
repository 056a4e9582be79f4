# Classes whose own pickling makes objects anew from less than they hold: what comes back is compared with what was there.

# %% [classes]
import copyreg
import threading
from collections import Counter

import pandas as pd

from shop import Station

class Prices:
    def __init__(self, rate):
        self.rate = rate
        self.twice = 2 * rate
        self.seen = []
        self.lock = threading.Lock()

    def __reduce__(self):
        return Prices, (self.rate,)

class Bag(Counter):
    """Counter's own reducer has what is counted, and no attributes."""

class Ledger:
    def __init__(self):
        self.total = 0

    def __setstate__(self, state):
        self.total = 0

class Plain:
    def __init__(self, n):
        self.n = n

copyreg.pickle(Plain, lambda plain: (Plain, (plain.n,)))

# %% [objects]
prices, bag, station, ledgers, plain = Prices(3), Bag("aab"), Station("north"), {"of": [Ledger()]}, Plain(4)
prices.seen.append(5)
bag.note = "by hand"
station.calls += 1
ledgers["of"][0].total = 3
frame = pd.DataFrame({"a": [1]})
frame.unit = "kg"

# %% [handler]
%%endpoint --example {"x": 2}
def handler(x: int) -> list:
    whole = x > 2 and [prices.seen, bag.note, station.calls, ledgers["of"][0].total, frame.unit]
    return [prices.rate, prices.twice, bag["a"], station.name, plain.n, whole]
