# A handler and what it uses were edited and run again: the newest of each is served, under the newest path.

# %% [rate]
RATE = 0.1

# %% [gross]
def gross(net):
    return net + RATE

# %% [price]
%%endpoint POST /price --example {"net": 100}
def price(net: float) -> float:
    return gross(net)

# %% [gross]
def gross(net):
    return round(net * (1 + RATE), 2)

# %% [rate]
RATE = 0.2

# %% [price]
%%endpoint POST /gross-price --example {"net": 100} --example {"net": 50}
def price(net: float) -> dict[str, float]:
    return {"gross": gross(net), "rate": RATE}
