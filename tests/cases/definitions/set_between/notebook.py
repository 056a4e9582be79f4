# The value that the decorator took is neither that of the class statement nor the last one.

# %% [class]
class Rates:
    now = 1

def at_once(function):
    rate = Rates.now
    return lambda x: function(x) * rate

# %% [first]
Rates.now = 2

# %% [decorated]
@at_once
def doubled(x):
    return x

# %% [second]
Rates.now = 3

# %% [handler]
%%endpoint --example {"x": 2}
def handler(x: int) -> int:
    return doubled(x)
