# Functions and properties that remember their answers.

# %% [caches]
from functools import cache, cached_property, lru_cache

@lru_cache(maxsize=128)
def slow(x):
    return x * x + BIAS

BIAS = 0.5

@cache
def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)

def plain(x):
    return x - 1

remembered = lru_cache(maxsize=None)(plain)

class Sample:
    def __init__(self, values):
        self.values = values

    @cached_property
    def total(self):
        return sum(self.values)

sample = Sample([1, 2, 3])

# %% [attributes]
slow.first = slow(1)
remembered.notes = ["by hand"]

# %% [handler]
%%endpoint --example {"x": 30}
def cached(x: int) -> list:
    own = [getattr(slow, "first", None), getattr(remembered, "notes", None)]
    found = [slow(x), slow(x), fibonacci(x), remembered(x), slow.__wrapped__(x), slow.cache_parameters()]
    return [*found, sample.total, own]
