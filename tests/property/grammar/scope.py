"""What a notebook has bound so far, by what one can do with it, and how its author chooses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")

# Few names, so that they are bound again and again, and hide each other.
POOLS = {
    "number": ("a", "b", "c"),
    "list": ("xs", "ys"),
    "dict": ("m", "n"),
    "function": ("f", "g", "h"),  # of one number, gives a number
    "functions": ("fs", "steps"),  # a list of those
    "generator": ("gen",),  # function of one number, yields numbers
    "decorator": ("deco",),
    "factory": ("make",),  # of one number, gives a function
    "class": ("A", "B", "C"),  # A(number).at(number) is a number, A.k one too
    "object": ("p", "q"),  # of such a class
    "record": ("R", "S"),  # R(v=number).v; dataclass, namedtuple
    "enum": ("E",),  # E.ONE.value, E.TWO
    "text": ("s", "t"),
    "table": ("table",),  # dict of things of the notebook
    "estimator": ("M", "N"),  # M(number).fit(list).predict(list)
    "model": ("est", "other_est"),  # such a one, fitted
    "filler": ("fill",),  # function of nothing that changes what others read
    "filled": ("cache",),  # dict of numbers by number, made when the service starts
    "lines": ("lines",),  # what a shell command printed
}

# Kinds whose code may call others, and the order in which the names of the pools do: each those before it.
CALLING = frozenset(
    {
        "function",
        "functions",
        "generator",
        "decorator",
        "factory",
        "class",
        "object",
        "record",
        "estimator",
        "model",
        "filler",
    }
)
CALLS = (
    *("R", "f", "A", "p", "M", "est", "gen", "make", "B", "g", "deco", "q"),
    *("S", "fs", "N", "other_est", "C", "steps", "h", "fill"),
)

# A module by the name it is bound to, and a number that can be had of it.
MODULES = {
    "math": "math.floor(2.5)",
    "mt": "mt.ceil(2.5)",
    "os": 'len(os.path.join("a", "b"))',
    "json": "len(json.dumps([1]))",
}


class Author:
    """Writes a notebook: reads its choices from a tape of bytes, and remembers what is bound to which kind of thing.

    Where the tape ends, every choice is the first and simplest.
    """

    def __init__(self, tape: Iterator[int]) -> None:
        self.tape = tape
        self.kinds: dict[str, str] = {}
        self.depth = 0
        self._binding: dict[str, str] = {}
        self._inside = ""  # the name whose code is being written

    def pick(self, choices: Sequence[T]) -> T:
        """One of at most 256; the first is the simplest."""
        return choices[next(self.tape, 0) * len(choices) // 256]

    def weighted(self, choices: dict[T, int]) -> T:
        """One of them, each as often as its weight says."""
        return self.pick([choice for choice, weight in choices.items() for _ in range(weight)])

    def chance(self, percent: int) -> bool:
        return next(self.tape, 0) * 100 >= (100 - percent) * 256

    def integer(self, low: int = 0, high: int = 9) -> int:
        return self.pick(range(low, high + 1))

    @contextmanager
    def inside(self, name: str) -> Iterator[None]:
        """While the code of ``name`` is written, which mostly keeps to names that do not call it: an endless recursion
        on both sides teaches nothing.
        """
        before, self._inside = self._inside, "" if self.chance(4) else name
        yield
        self._inside = before

    def bound(self, kind: str) -> list[str]:
        names = sorted(name for name, one in self.kinds.items() if one == kind)
        if not self._inside or kind not in CALLING:
            return names
        return [name for name in names if _rank(name) < _rank(self._inside)]

    def has(self, *kinds: str) -> bool:
        return all(self.bound(kind) for kind in kinds)

    def any(self, kind: str) -> str:
        """A name that is bound to a ``kind``."""
        return self.pick(self.bound(kind))

    def target(self, kind: str) -> str:
        """A name to bind to a ``kind``: now and then one that stood for something else."""
        hiding = bool(self.kinds) and self.chance(6)
        name = self.pick(sorted(self.kinds) if hiding else POOLS[kind])
        self.bind(name, kind)
        return name

    def bind(self, name: str, kind: str) -> None:
        """Have the statement that is being written bind ``name``."""
        self._binding[name] = kind

    def settle(self) -> None:
        """The statement is written: what it binds can be used."""
        self.kinds |= self._binding
        self._binding.clear()


def _rank(name: str) -> int:
    return CALLS.index(name) if name in CALLS else -1
