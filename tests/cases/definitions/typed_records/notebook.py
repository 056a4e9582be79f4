# Records of the standard library, as bodies, answers and live objects.

# %% [records]
from collections import namedtuple
from types import SimpleNamespace
from typing import Literal, NamedTuple

from typing_extensions import NotRequired, TypedDict

class Address(TypedDict):
    street: str
    number: NotRequired[int]

class Person(TypedDict):
    name: str
    address: Address
    kind: Literal["old", "new"]

class Point(NamedTuple):
    x: float
    y: float = 0.0

    def length(self):
        return (self.x**2 + self.y**2) ** 0.5

Pair = namedtuple("Pair", ["left", "right"], defaults=[0])
Triple = namedtuple("Triple", "a b c")

# %% [objects]
origin = Point(3.0, 4.0)
pairs = [Pair(1), Pair(2, 3), Triple(1, 2, 3)]
settings = SimpleNamespace(depth=2, names=["a"])

# %% [person]
%%endpoint --example {"person": {"name": "Ada", "address": {"street": "Here"}, "kind": "new"}}
def greet(person: Person) -> Person:
    return {**person, "name": person["name"].upper()}

# %% [rest]
%%endpoint GET /records --example {"x": 6.0}
def records(x: float) -> dict:
    return {
        "lengths": [origin.length(), Point(x, 8.0).length()],
        "pairs": [pair._asdict() for pair in pairs],
        "sums": [sum(pair) for pair in pairs],
        "settings": [settings.depth, settings.names],
        "types": [type(pair).__name__ for pair in pairs],
    }
