# What time it is at a moment depends on the zone of the machine that is asked.

# %% [hour]
%%endpoint --example {}
def hour() -> int:
    import time

    return time.localtime(0).tm_hour
