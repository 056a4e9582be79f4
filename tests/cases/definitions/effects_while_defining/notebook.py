# A class body calls what fills a list: the service would fill it once more, which no example shows.

# %% [log]
LOG = []


def noted(value):
    LOG.append(value)
    return value

# %% [class]
class Plan:
    price = noted(4)

# %% [handler]
%%endpoint --example {"x": 1}
def price(x: int):
    return Plan.price * x if x < 100 else len(LOG)
