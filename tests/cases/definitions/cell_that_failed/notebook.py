# What a failed cell had bound before it failed is there, and is used.

# %% [half] fails
RATE = 0.2

def gross(net):
    return round(net * (1 + RATE), 2)

1 / 0

def gross(net):
    return "never"

# %% [handler]
%%endpoint --example {"net": 10}
def price(net: float) -> float:
    return gross(net)
