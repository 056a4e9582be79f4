# A default is evaluated once: the name it came from was bound to something else since, and the kernel keeps the old value.

# %% [before]
RATE = 0.1
UNIT = "EUR"

def rounded(x):
    return round(x, 1)

# %% [definitions]
import functools
from dataclasses import dataclass

def gross(net, rate=RATE):
    return net * (1 + rate)

def repeated(n):
    def decorator(function):
        @functools.wraps(function)
        def wrapper(x):
            return [function(x)] * n

        return wrapper

    return decorator

@repeated(int(RATE * 20))
def twice(x):
    return [x, RATE]

class Price:
    unit = UNIT
    tax = RATE * 100

    def __init__(self, amount, unit=UNIT):
        self.amount, self.mine = amount, unit

    def now(self):
        return UNIT

@dataclass
class Item:
    net: float
    rate: float = RATE

shorten = rounded
by_default = lambda x, rate=RATE: x * rate
STEPS = {"round": rounded, "rate": RATE}

# %% [after]
RATE = 0.5
UNIT = "USD"

def rounded(x):
    return round(x, 2)

# %% [handler]
%%endpoint --example {"net": 12.345}
def priced(net: float) -> dict:
    return {
        "default": gross(net),
        "decorated": twice(1),
        "class": [Price.unit, Price.tax, Price(1).mine, Price(1).now()],
        "dataclass": Item(net).rate,
        "function": [shorten(net), rounded(net), STEPS["round"](net)],
        "lambda": by_default(10),
        "constants": [RATE, STEPS["rate"], UNIT],
    }
