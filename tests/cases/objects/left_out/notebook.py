# A class whose __getstate__ keeps its lock and its cache to itself: the lock is made anew, what the cache held is told.

# %% [class]
import threading


class Prices:
    def __init__(self):
        self.known = {"tea": 3}
        self.cache = {}
        self.lock = threading.Lock()

    def __getstate__(self):
        return {"known": self.known}

    def __setstate__(self, state):
        self.__dict__ = {**state, "cache": {}, "lock": threading.Lock()}

    def price(self, name):
        with self.lock:
            return self.cache.setdefault(name, self.known.get(name, 0))

# %% [object]
prices = Prices()
prices.cache["coffee"] = 5

# %% [handler]
%%endpoint --example {"name": "tea"}
def price(name: str):
    return prices.price(name)
