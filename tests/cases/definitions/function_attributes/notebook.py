# Functions are objects: they carry attributes and defaults that code has changed since.

# %% [define]
def slow(x):
    if x not in slow.cache:
        slow.cache[x] = x * x + slow.offset
    return slow.cache[x]

slow.cache = {2: "warm"}
slow.offset = 0.5

def collect(x, seen=[], *, by={}):
    by.setdefault(x, len(by))
    if x not in seen:
        seen.append(x)
    return seen, by

def scaled(x, factor=2):
    return x * factor

def renamed(x):
    """Before."""
    return x

# %% [change]
collect("before")
scaled.__defaults__ = (5,)
renamed.__name__ = "other"
renamed.__doc__ = "After."

# %% [handler]
%%endpoint --example {"x": 2} --example {"x": 3}
def with_attributes(x: int) -> dict:
    return {
        "cached": [slow(x), slow.offset],
        "collected": collect("before"),
        "scaled": scaled(x),
        "renamed": [renamed.__name__, renamed.__doc__],
    }
