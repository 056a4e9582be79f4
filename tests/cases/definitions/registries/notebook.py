# Definitions that register themselves: each is there once, in the notebook's order, however often its cell ran.

# %% [registry]
STEPS = []
NAMES = set()
BY_KIND = {"small": [], "large": []}

def step(function):
    STEPS.append(function)
    NAMES.add(function.__name__)
    return function

def of_kind(kind):
    def decorator(function):
        BY_KIND[kind].append(function)
        return function

    return decorator

class Base:
    children = []

    def __init_subclass__(cls):
        Base.children.append(cls.__name__)

# %% [first]
@step
@of_kind("small")
def add(x):
    return x + 1

# %% [second]
@step
@of_kind("large")
def double(x):
    return x * 2

# %% [child]
class Child(Base):
    pass

# %% [again]
@step
@of_kind("small")
def subtract(x):
    return x - 3

# %% [twice]
STEPS.append(add)

# %% [handler]
%%endpoint --example {"x": 5}
def registered(x: int) -> dict:
    result = x
    for function in STEPS:
        result = function(result)
    return {
        "result": result,
        "names": [function.__name__ for function in STEPS],
        "known": sorted(NAMES),
        "kinds": {kind: [function(x) for function in functions] for kind, functions in BY_KIND.items()},
        "children": Base.children,
        "same": [STEPS[0] is add, STEPS[-1] is add, Child.__name__],
    }
