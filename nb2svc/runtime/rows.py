"""From the rows of a request to what a model's methods take."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from typing import Annotated, Any

from fastapi.exceptions import RequestValidationError
from pydantic import AwareDatetime, BeforeValidator, ConfigDict, Field, NaiveDatetime, TypeAdapter, WithJsonSchema
from typing_extensions import TypedDict

_NUMBERS = (bool, int, float, type(None))
_NUMERIC = re.compile(r"bool|u?int\d+|float\d+")


@dataclass(frozen=True, slots=True)
class RowReader:
    """Checks rows and stacks them.

    A row is a list of values in the order of ``features``, or an object keyed by them; where the features are not
    known, a list (of ``width`` values, where that is) or whatever else the model takes, such as a text. ``dtypes``
    are pandas or numpy names, one a feature or one for all; a categorical's may carry its categories in order, as
    ``category["low","high"]``. ``frame``: the model takes a DataFrame of these columns, else an array where the rows
    are lists and numpy is there, else the rows as they are.
    """

    features: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ()
    frame: bool = False
    width: int | None = None

    @property
    def type(self) -> Any:
        """What pydantic checks a row by: a bad one is named by its place, and the feature."""
        if self.features:
            return _feature_row(self.features, self._column_dtypes)
        return Annotated[Any, BeforeValidator(_width_check(self.width))]

    def stack(self, rows: Sequence[Any]) -> Any:
        """Checked rows as the model takes them. Raises RequestValidationError where they do not fit together."""
        try:
            if self.frame:
                return self._frame(rows)
            if self.features:
                return self._array([[row[name] for name in self.features] for row in rows])
            return self._array(rows) if all(isinstance(row, list) for row in rows) else rows
        except (ValueError, TypeError, OverflowError) as error:
            problem = {"type": "value_error", "loc": ("body", "inputs"), "msg": f"The rows do not fit: {error}"}
            raise RequestValidationError([problem]) from error

    @property
    def _column_dtypes(self) -> tuple[str, ...]:
        if len(self.dtypes) == len(self.features):
            return self.dtypes
        return (self.dtypes[0] if len(self.dtypes) == 1 else "",) * len(self.features)

    def _frame(self, rows: Sequence[Any]) -> Any:
        import pandas as pd

        columns = {
            name: _column([row[name] for row in rows], dtype)
            for name, dtype in zip(self.features, self._column_dtypes, strict=True)
        }
        return pd.DataFrame(columns) if columns else pd.DataFrame(rows)

    def _array(self, rows: Sequence[list[Any]]) -> Any:
        numpy = sys.modules.get("numpy")  # a model that takes arrays has imported it
        if numpy is None:
            return rows
        if self.dtypes and all(_NUMERIC.fullmatch(dtype) for dtype in self.dtypes):
            return numpy.asarray(rows, dtype=numpy.result_type(*map(numpy.dtype, self.dtypes)))
        return numpy.asarray(rows, dtype=_natural_dtype(rows))


def _natural_dtype(rows: Sequence[list[Any]]) -> type | None:
    """None leaves it to numpy, which must not see text beside numbers: it would make all of it text."""
    values = list(chain.from_iterable(rows))
    if any(isinstance(value, (list, dict)) for value in values):
        return None
    if all(isinstance(value, _NUMBERS) for value in values):
        return float if None in values else None
    return object


# --- columns ------------------------------------------------------------------------------------


def _column(values: list[Any], dtype: str) -> Any:
    import pandas as pd

    if not dtype:
        return values
    if _is_categorical(dtype):
        categories = json.loads(dtype.removeprefix("category")) if dtype != "category" else None
        return pd.Categorical(values, categories=categories)
    return pd.Series(values, dtype=dtype)


def _is_categorical(dtype: str) -> bool:
    return dtype.startswith("category")


def _value_type(dtype: str) -> Any:
    """The type of one value of a column; columns that can hold what is missing take null."""
    nullable = dtype[:1].isupper() or dtype == "boolean"
    name = dtype.lower()
    found: Any = Any
    if name.startswith("float"):
        found, nullable = float, True
    elif matched := re.fullmatch(r"(u?)int(\d+)", name):
        found = _integer(int(matched[2]), signed=not matched[1])
    elif name in ("bool", "boolean"):
        found = bool
    elif name.startswith(("str", "<u")):
        found, nullable = str, True
    elif name.startswith("datetime64"):
        found, nullable = (AwareDatetime if "," in name else NaiveDatetime), True
    elif name.startswith("timedelta64"):
        found, nullable = timedelta, True
    return found | None if nullable and found is not Any else found


def _integer(bits: int, *, signed: bool) -> Any:
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    return Annotated[int, Field(ge=low, le=high)]


# --- rows ---------------------------------------------------------------------------------------


def _feature_row(features: tuple[str, ...], dtypes: tuple[str, ...]) -> Any:
    types = {name: _value_type(dtype) for name, dtype in zip(features, dtypes, strict=True)}
    row = TypedDict("Row", types)  # type: ignore[misc]
    row.__pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[attr-defined]

    def by_name(value: Any) -> Any:
        if not isinstance(value, list):
            return value
        if len(value) != len(features):
            message = f"a row has {len(features)} values ({', '.join(features)}), this one {len(value)}"
            raise ValueError(message)
        return dict(zip(features, value, strict=True))

    return Annotated[row, BeforeValidator(by_name), WithJsonSchema(_row_schema(types))]


def _row_schema(types: dict[str, Any]) -> dict[str, Any]:
    properties = {name: TypeAdapter(each).json_schema() for name, each in types.items()}
    by_name = {"type": "object", "properties": properties, "required": list(types), "additionalProperties": False}
    in_order = {"type": "array", "items": {}, "minItems": len(types), "maxItems": len(types)}
    return {"anyOf": [by_name, in_order], "title": "Row"}


def _width_check(width: int | None) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if width is not None and isinstance(value, list) and len(value) != width:
            message = f"a row has {width} values, this one {len(value)}"
            raise ValueError(message)
        return value

    return check


# --- tensors ------------------------------------------------------------------------------------


def nested(flat: list[Any], shape: Sequence[int]) -> Any:
    """Row-major values as nested lists of ``shape``. Raises ValueError where their number is another."""
    if len(flat) != math.prod(shape):
        message = f"shape {list(shape)} needs {math.prod(shape)} values, there are {len(flat)}"
        raise ValueError(message)
    for size in reversed(shape[1:]):
        flat = [flat[start : start + size] for start in range(0, len(flat), size)]
    return flat


def flattened(values: Any) -> list[Any]:
    if not isinstance(values, list):
        return [values]
    return list(chain.from_iterable(map(flattened, values)))
