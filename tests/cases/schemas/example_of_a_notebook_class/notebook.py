# The handler would get a dict in the service where it got an Order in the notebook.

# %% [class]
from dataclasses import dataclass

@dataclass
class Order:
    net: float

# %% [handler]
%%endpoint POST /gross --example {"order": Order(2)}
def gross(order):
    return order.net * 1.2
