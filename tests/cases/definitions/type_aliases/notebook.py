# Types that are values, used in signatures and at run time.

# %% [types]
from collections.abc import Callable
from typing import Annotated, Generic, Literal, NewType, Optional, TypeVar, Union, get_args, overload

from fastapi import Query

Number = Union[int, float]
Vector = list[float]
Kind = Literal["sum", "max"]
UserId = NewType("UserId", int)
T = TypeVar("T")
Reducer = Callable[[Vector], Number]
Limit = Annotated[int, Query(ge=0, le=10)]

class Stack(Generic[T]):
    def __init__(self):
        self.items: list[T] = []

    def push(self, item: T) -> "Stack[T]":
        self.items.append(item)
        return self

@overload
def negated(x: int) -> int: ...
@overload
def negated(x: str) -> str: ...
def negated(x):
    return f"-{x}" if isinstance(x, str) else -x

IntStack = Stack[int]
stack = IntStack().push(1)
reducers: dict[Kind, Reducer] = {"sum": sum, "max": max}

# %% [handler]
%%endpoint POST /reduce --example {"values": [1.0, 5.0], "kind": "max", "user": 3, "limit": 2}
def reduce(values: Vector, kind: Kind, user: UserId, limit: Limit = 5, note: Optional[str] = None) -> dict:
    return {
        "value": reducers[kind](values),
        "kinds": list(get_args(Kind)),
        "user": UserId(user),
        "stack": [*stack.items, *Stack[str]().push("a").items],
        "limit": limit,
        "note": note,
        "overloaded": [negated(limit), negated("a")],
    }
