# A function whose default is what a startup cell binds: when the service defines it, that is not there yet.

# %% [start]
%%startup
limits = {"low": 1}

# %% [function]
def above(x, bounds=limits):
    return x > bounds["low"]

# %% [handler]
%%endpoint --example {"x": 2}
def is_above(x: int) -> bool:
    return above(x)
