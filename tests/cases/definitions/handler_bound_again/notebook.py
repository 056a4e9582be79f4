# The name of the handler holds another function by now: which one is meant?

# %% [price]
%%endpoint --example {"net": 1.0}
def price(net: float) -> float:
    return net

# %% [again]
def price(net):
    return net * 2
