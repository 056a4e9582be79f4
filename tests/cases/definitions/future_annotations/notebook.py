# `from __future__ import annotations` holds for all later cells in IPython; cells before it evaluate theirs.

# %% [before]
from dataclasses import dataclass, fields

@dataclass
class Early:
    x: int = 1

# %% [future]
from __future__ import annotations

from typing import TYPE_CHECKING, get_type_hints

if TYPE_CHECKING:
    from decimal import Decimal

# %% [classes]
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
        "early": [repr(field.type) for field in fields(Early)],
        "late": [repr(field.type) for field in fields(Late)],
        "doubled": doubled(later.value),
        "hints": sorted(get_type_hints(quoted)),
        "raw": doubled.__annotations__,
        "next": later.next,
    }
