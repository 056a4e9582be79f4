# `from __future__ import annotations` holds for all later cells in IPython, so annotations may name what is not there.

# %% [future]
from __future__ import annotations

from typing import TYPE_CHECKING, get_type_hints

if TYPE_CHECKING:
    from decimal import Decimal

# %% [classes]
from dataclasses import dataclass, fields

from pydantic import BaseModel

@dataclass
class Late:
    x: Later | None = None
    y: NeverDefined = 0

class Later(BaseModel):
    value: float
    next: Later | None = None

def doubled(x: Decimal) -> Decimal:
    return 2 * x

def quoted(x: "Later") -> "list[Later]":
    return [x, x]

# %% [handler]
%%endpoint --example {"value": 1.5, "next": {"value": 2}}
def annotated(later: Later) -> dict[str, object]:
    return {
        "late": [repr(field.type) for field in fields(Late)],
        "doubled": doubled(later.value),
        "hints": sorted(get_type_hints(quoted)),
        "raw": doubled.__annotations__,
        "next": later.next,
    }
