# What Python itself has: patterns, partials, modules, loggers, enums, exceptions, sets, iterators inside objects.

# %% [make]
import enum
import functools
import itertools
import json
import logging
import math
import re
from collections import Counter, OrderedDict, defaultdict, deque
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePosixPath
from types import SimpleNamespace

class Color(enum.Enum):
    RED = 1
    BLUE = 2

class Missing:
    """One of its kind, however often it is made."""

    _only = None

    def __new__(cls):
        if cls._only is None:
            cls._only = super().__new__(cls)
        return cls._only

class Slim:
    """Leaves out what it can make anew."""

    def __init__(self, base):
        self.base = base
        self.cache = {"made": lambda: base}

    def __getstate__(self):
        return {"base": self.base}

    def __setstate__(self, state):
        self.base = state["base"]
        self.cache = {"made": lambda: self.base}

def square(x):
    return x * x

class ByReduce:
    def __init__(self, function, n):
        self.function, self.n = function, n

    def __reduce__(self):
        return ByReduce, (square, self.n)

words = {"ada", "grace", "edsger", "barbara", "alan"}
box = SimpleNamespace(
    pattern=re.compile(r"(\d+)-(\w)", re.I),
    power=functools.partial(pow, 2),
    squared=functools.partial(square, 7),
    module=json,
    logger=logging.getLogger("notebook.box"),
    color=Color.BLUE,
    missing=Missing(),
    error=ValueError("no", 3),
    words=words,
    frozen=frozenset({("a", 1), "b", None}),
    counts=Counter("hello"),
    ordered=OrderedDict(b=1, a=2),
    lists=defaultdict(list, {"a": [1]}),
    recent=deque([1, 2, 3], maxlen=3),
    exact=[Decimal("1.10"), Fraction(1, 3), PurePosixPath("a/b")],
    slim=Slim(5),
    by_reduce=ByReduce(square, 4),
    numbers=range(3, 9, 2),
)
again = {"color": Color.BLUE, "missing": box.missing, "words": box.words}

# %% [handler]
%%endpoint --example {"text": "12-x"}
def use(text: str) -> dict:
    box.recent.append(4)
    recent = list(box.recent)
    box.recent.extend([1, 2, 3])
    return {
        "pattern": list(box.pattern.fullmatch(text).groups()),
        "partial": [box.power(5), box.squared()],
        "module": box.module.loads("[1]") + [box.module is json],
        "logger": [box.logger.name, box.logger is logging.getLogger("notebook.box")],
        "enum": box.color is Color.BLUE is again["color"],
        "one": box.missing is Missing() is again["missing"],
        "error": [str(box.error.args), type(box.error).__name__],
        "words": [sorted(box.words), box.words is again["words"] is words, len(box.frozen)],
        "counts": box.counts.most_common(1),
        "ordered": list(box.ordered),
        "default": [box.lists["a"], box.lists.default_factory is list],
        "recent": [recent, box.recent.maxlen],
        "exact": [str(one) for one in box.exact],
        "slim": box.slim.cache["made"](),
        "reduced": box.by_reduce.function(box.by_reduce.n),
        "numbers": list(box.numbers),
    }
