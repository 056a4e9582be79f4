# Names were deleted after a default, a closure, an attribute or an alias had taken what they were bound to.

# %% [make]
raw = [3, 1, 2]
limit = 2

def helper(x):
    return x * 10

def clipped(x, limit=limit):
    return min(x, limit)

class Box:
    values = sorted(raw)
    apply = staticmethod(helper)

def factory(function):
    return lambda x: function(x) + 1

applied = factory(helper)
alias = helper
temporary = 5
final = temporary * 2

# %% [delete]
del raw, limit, helper, temporary

# %% [handler]
%%endpoint --example {"x": 3}
def kept(x: int) -> list:
    return [clipped(x), Box.values, Box.apply(x), applied(x), alias(x), final, alias.__name__]
