# What these files would hide or need, the service has otherwise; all of them are named at once.

# %% [imports]
import sys

sys.path.insert(0, "")
import clumsy
import sched
import service

# %% [handler]
%%endpoint POST /invert --example {"x": 2}
def invert(x: int) -> int:
    return sched.invert(service.price(x)) + 0 * len(clumsy.__name__)
