# Annotations of before the import are values, those of after it texts; the handler answers with both.

# %% [before]
from dataclasses import dataclass, fields
from typing import Annotated, NamedTuple, Optional

from fastapi import Query
from pydantic import BaseModel, Field

@dataclass
class Early:
    x: int = 1
    y: "float" = 2.0

def written(annotated):
    return {name: one if isinstance(one, str) else [one.__name__] for name, one in annotated.__annotations__.items()}

def early(x: int, *rest: Early) -> list[int]:
    def inner(y: float) -> float:
        return y
    return [x, inner.__annotations__["y"].__name__]

# %% [in-one-cell]
def still_early(x: Early) -> int:
    return x.x

from __future__ import annotations

def first_late(x: Early) -> int:
    return x.x

# %% [after]
@dataclass
class Late(Early):
    z: int = 3
    next: Optional[Late] = None

    def method(self, other: Late) -> dict[str, "Late"]:
        def inner(one: Late) -> NeverDefined:
            return one
        return {"inner": inner.__annotations__, "z": inner(other).z}

class Point(NamedTuple):
    x: int
    label: str | None = None

class Line(BaseModel):
    name: Annotated[str, Field(min_length=1, description='it\'s "quoted", übel')]
    parts: list[Line] = []

# %% [functions]
%%time
def odd(
    a: dict[str, "Late"], /, b: (
        int |  # over lines
        str
    ) = lambda: 0, *args: Annotated[int, {"k": [1.0, -1j]}], flag: "bool" = True, **more: tuple[int, ...]
) -> None | Late: ...

def scaler(factor: float):
    def scale(value: Late, times: int = 1) -> float:
        total: Undefined = value.z * factor
        return total * times
    return scale

by_two = scaler(2)
RATES: dict[str, float] = {"de": 1.19}

def local_class(base: int):
    class Made:
        field: Never = base

        def get(self, other: Made) -> int:
            return self.field

    return Made

Made = local_class(7)
made = Made()

# %% [script]
%run tools.py

# %% [handler]
%%endpoint --example {"line": {"name": "rose", "parts": [{"name": "stem"}]}, "limit": 3}
def look(line: Line, limit: Annotated[int, Query(ge=0, le=9)] = 5) -> dict[str, object]:
    late = Late()
    return {
        "types": [repr(field.type) for kind in (Early, Late) for field in fields(kind)],
        "early": [early(1), written(early), written(still_early)],
        "late": [first_late(late), first_late.__annotations__, late.method(Late(z=8))],
        "points": [list(Point(1)), repr(Point.__annotations__)],
        "odd": odd.__annotations__,
        "factory": [by_two(late, 2), by_two.__annotations__],
        "made": [made.get(made), Made.__annotations__, Made.get.__annotations__],
        "script": [of_script(2), written(of_script), written(Tool)],
        "rates": RATES["de"],
        "line": [line.name, len(line.parts), limit],
        "self": look.__annotations__,
    }

# %% [model]
class Doubler:
    def predict(self, rows: list[list[float]]) -> list[float]:
        return [2 * row[0] for row in rows]

# %% [served]
%%serve_model doubler --example [[1.0]]
doubler = Doubler()
