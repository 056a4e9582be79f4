# The module, the lines and the globals of notebook code, texts of its classes: answered only where no example asks.

# %% [definitions]
import functools
import inspect
import sys

class Flower:
    pass

flower = Flower()
RATE = 3
PAIR = (1, 2)
SAME = PAIR

@functools.lru_cache
def doubled(x):
    return 2 * x

def told(name: str):
    if name == "class":
        return [repr(Flower), f"{type(flower)}"]
    if name == "source":
        return [inspect.getsource(told), doubled.cache_info().hits]
    if name == "same":
        return PAIR is SAME
    if name == "front end":
        return "IPython" in sys.modules
    return sys._getframe(0).f_globals["RATE"] if name else doubled(1)

# %% [handler]
%%endpoint --example {"name": ""}
def handler(name: str):
    return told(name)
