# The handler was run first, what it uses was changed afterwards: the service answers as the notebook would now.

# %% [price]
%%endpoint --example {"net": 100}
def price(net: float) -> float:
    return round(net, 2)

# %% [total]
def total(net):
    return Money(net * factor()).amount

# %% [factor]
def factor():
    return 1 + RATE

# %% [money]
class Money:
    def __init__(self, amount):
        self.amount = round(amount, DIGITS)

# %% [constants]
RATE, DIGITS = 0.1, 2

# %% [price]
%%endpoint --example {"net": 100} --example {"net": 12.345}
def price(net: float) -> float:
    return total(net)

# %% [later]
DIGITS = 1
RATE = 0.25

# %% [factor]
def factor():
    return 2 + RATE
