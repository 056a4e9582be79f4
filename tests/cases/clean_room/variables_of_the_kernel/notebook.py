# The handler looks through all variables of the environment; which ones it needs, no code says.

# %% [handler]
%%endpoint GET /regions --example {}
def regions() -> list[str]:
    import os

    return sorted(value for name, value in os.environ.items() if name.startswith("SHOP_REGION"))
