# Annotations in quotes name what comes later, what only a type checker imports, and what a function has of its own.

# %% [imports]
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Annotated, NamedTuple, Optional, TypedDict, get_type_hints

from pydantic import BaseModel, Field

if TYPE_CHECKING:
    from decimal import Decimal

    from shop_that_nobody_has import Shop

# %% [classes]
class Order(BaseModel):
    lines: "list[Line]"
    parent: "Optional[Order]" = None
    discount: "Annotated[float, Field(ge=0, le=1)]" = 0.0

class Line(BaseModel):
    name: str
    price: "float"

@dataclass
class Node:
    value: "int"
    next: "Node | None" = None
    shop: "Shop | None" = None

class Row(TypedDict, total=False):
    node: "Node"

class Point(NamedTuple):
    x: "int"
    y: "Decimal" = 0

# %% [functions]
def chain(*values: "int", last: "Node | None" = None) -> "Node | None":
    for value in reversed(values):
        last = Node(value, last)
    return last

def sold(price: "Decimal", shop: "Shop") -> "Decimal":
    rest: Decimal = price  # Python never evaluates those of local variables
    return rest

# %% [handler]
%%endpoint POST /order --example {"lines": [{"name": "rose", "price": 2.5}], "discount": 0.5}
def handler(order: "Order") -> "dict[str, object]":
    return {
        "total": sum(line.price for line in order.lines) * (1 - order.discount),
        "types": [field.type for field in fields(Node)],
        "hints": sorted(get_type_hints(chain)),
        "raw": [sold.__annotations__, chain.__annotations__, Row.__total__],
        "chain": chain(1, 2).next.value,
        "point": list(Point(1)),
        "sold": sold(2, None),
        "checking": TYPE_CHECKING,
    }

# %% [nested]
%%endpoint --example {"x": 2.0}
def nested(x: "float", scale: "Optional[float]" = None) -> "Line":
    def price(value: "Decimal") -> "Decimal":
        return value * (scale or 1)

    return Line(name=str(price.__annotations__["value"]), price=price(x))
