# A class body calls what fills a list: the service would fill it once more, which no example shows.

# %% [log]
LOG = []


def note(value):
    LOG.append(value)

# %% [class]
class Plan:
    note(4)
    price = 4

# %% [handler]
%%endpoint --example {"x": 1}
def price(x: int):
    return Plan.price * x if x < 100 else len(LOG)
