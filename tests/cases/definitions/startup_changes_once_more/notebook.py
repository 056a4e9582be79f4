# A startup cell appends to a list that an ordinary cell made: captured as it is now, it would have the item twice.

# %% [make]
stations = ["north"]

# %% [start]
%%startup
stations.append("south")

# %% [handler]
%%endpoint --example {"n": 0}
def station(n: int) -> str:
    return stations[n]
