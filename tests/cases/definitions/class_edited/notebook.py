# A class was edited after objects of it were made: old objects keep the old code, new ones have the new code.

# %% [class]
class Half:
    kind = "divides"

    def __call__(self, x):
        return x / 2

# %% [old]
old = Half()
kept = [old, Half()]

# %% [class]
class Half:
    kind = "shifts"

    def __call__(self, x):
        return x >> 1

# %% [new]
new = Half()
mixed = {"old": old, "new": new}

# %% [handler]
%%endpoint --example {"x": 7} --example {"x": 8}
def halves(x: int) -> dict:
    return {
        "old": old(x),
        "new": new(x),
        "fresh": Half()(x),
        "kept": [one(x) for one in kept],
        "mixed": {version: one(x) for version, one in mixed.items()},
        "same": [kept[0] is old, mixed["old"] is old],
        "kinds": [old.kind, new.kind],
        "names": [type(old).__name__, type(new).__name__],
        "instances": [isinstance(old, Half), isinstance(new, Half), type(old) is type(kept[1])],
    }
