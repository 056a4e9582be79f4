# No reading of the code shows that the handler needs RATE.

# %% [rate]
RATE = 0.2

# %% [computed]
%%endpoint --example {"name": "ra"}
def computed(name: str) -> float:
    return globals()[f"{name}te".upper()] * 2
