# The last line of a marked cell binds something that can be called: that is the handler.

# %% [class]
from functools import partial

class Scorer:
    def __init__(self, weight):
        self.weight = weight

    def score(self, x: float, y: float = 0.0) -> float:
        return self.weight * x + y

class Judge:
    def __init__(self, limit):
        self.limit = limit

    def __call__(self, x: float) -> bool:
        return x > self.limit

def scaled(x: float, factor: float = 1.0) -> float:
    return x * factor

scorer = Scorer(2.0)

# %% [method]
%%endpoint POST /score --example {"x": 3.0, "y": 1.0}
score = scorer.score

# %% [partial]
%%endpoint POST /tripled --example {"x": 3.0}
tripled = partial(scaled, factor=3.0)

# %% [instance]
%%endpoint POST /judge --example {"x": 3.0}
judge = Judge(2.5)

# %% [lambda]
%%endpoint --example {"x": 3.0}
halved = lambda x: x / 2
