"""Arrays and columns as what a model takes, without a detour over Python's numbers.

The rule is that of JSON: what a form takes and refuses as JSON, it takes and refuses as an array, with the same words
and the same result. So an array goes on as it is only where each of its values would have been taken; any other is
turned into JSON's values first, and checked as those are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from .columns import MISFIT, Dtype, refused
from .encoding import encode
from .fields import Float, Integer
from .rows import Array, Form, Frame, Matrix, Stacked, Untyped, adapter_of

_FLOATS = ("float16", "float32", "float64")
_INTEGERS = tuple(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))


class Intake:
    """The way into one form. Everything here raises pydantic's ValidationError, whose places begin with the row."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self._rows = adapter_of(form)
        self._columns = _numeric_columns(form)
        self._item = _numeric(form.item, form.dtype) if isinstance(form, Array) else None

    @property
    def takes_floats(self) -> bool:
        """Whether each value of a row may be any finite number, and becomes a float."""
        kinds = [self._item] if isinstance(self.form, Array) else list(self._columns.values())
        return bool(kinds) and all(kind is not None and not kind.whole for kind in kinds)

    def rows(self, values: Any) -> Sequence[Any]:
        """JSON's values, checked."""
        if not values:
            raise refused((), None, "there are no rows")
        return self._rows.validate_python(values)

    def array(self, array: Any) -> Sequence[Any] | Stacked:
        """An array whose first dimension is the rows; one with named fields is a table."""
        if not array.ndim or not array.size:
            raise refused((), None, f"an array of the shape {array.shape} has no rows with values")
        if array.dtype.names and array.ndim == 1 and self.form.features:
            return self.columns({name: array[name] for name in array.dtype.names})
        stacked = self._stacked(array)
        return self.rows(json_values(array)) if stacked is None else Stacked(stacked)

    def columns(self, columns: Mapping[str, Any]) -> Sequence[Any] | Stacked:
        """An array or a list of JSON's values for each feature, by name."""
        self.check_names(columns)
        ordered = {name: columns[name] for name in self.form.features}
        lengths = {name: len(column) for name, column in ordered.items()}
        if len(set(lengths.values())) > 1:
            sizes = ", ".join(f"{name} {length}" for name, length in lengths.items())
            raise refused((), None, f"the columns differ in their number of values: {sizes}")
        stacked = self._stacked_columns(ordered) if lengths and all(lengths.values()) else None
        if stacked is not None:
            return Stacked(stacked)
        values = [json_values(column) for column in ordered.values()]
        return self.rows([dict(zip(ordered, row, strict=True)) for row in zip(*values, strict=True)])

    def check_names(self, names: Sequence[str] | Mapping[str, Any]) -> None:
        """Once for all rows, where each row would say the same."""
        missing = [name for name in self.form.features if name not in names]
        more = [name for name in names if name not in self.form.features]
        if missing or more or len(names) != len(self.form.features):
            told = [f"{', '.join(missing)} missing"] * bool(missing) + [f"{', '.join(more)} unknown"] * bool(more)
            expected = ", ".join(self.form.features) or "none"
            raise refused((), None, f"the columns are {expected}: {'; '.join(told) or 'each of them once'}")

    def _stacked(self, array: Any) -> Any:
        """None where the array's values must be looked at one by one."""
        if isinstance(self.form, Array):
            fits = len(self.form.shape) == array.ndim and self.form.shape[1:] == array.shape[1:]
            return self._item.taken(array) if self._item and fits else None
        if isinstance(self.form, Untyped):
            fits = array.ndim > 1 and self.form.width in (None, array.shape[1])
            return _required(array, array.dtype.newbyteorder("=")) if fits and array.dtype.kind in "biuf" else None
        if not self.form.features or array.ndim != 2 or array.shape[1] != len(self.form.features):  # noqa: PLR2004
            return None
        if isinstance(self.form, Matrix):
            kinds = set(self._columns.values())
            only = kinds.pop() if len(kinds) == 1 else None
            return only.taken(array) if only else None
        return self._stacked_columns(dict(zip(self.form.features, array.T, strict=True)))

    def _stacked_columns(self, columns: Mapping[str, Any]) -> Any:
        """As the form stacks rows: a frame column by column, so that its memory, and the last digits, are the same."""
        if not isinstance(self.form, (Frame, Matrix)):
            return None
        taken = {}
        for name, column in columns.items():
            numeric = self._columns[name]
            found = numeric.taken(column) if numeric and hasattr(column, "dtype") and column.ndim == 1 else None
            if found is None:
                return None
            taken[name] = found
        if isinstance(self.form, Frame):
            import pandas as pd

            return pd.DataFrame(taken)
        import numpy as np

        return np.stack(list(taken.values()), axis=1)


@dataclass(frozen=True, slots=True)
class _Numeric:
    """Where every finite number is taken (``whole``: every whole one), so that an array need not be looked through."""

    dtype: str
    whole: bool
    null: bool

    def taken(self, array: Any) -> Any:
        """The array with the dtype that JSON's values would get, writable and in C's order; None where not all fit."""
        import numpy as np

        if array.dtype.kind not in ("iu" if self.whole else "iuf") or array.dtype.itemsize > 8:  # noqa: PLR2004
            return None
        if self.whole:
            return _required(array, self.dtype) if np.can_cast(array.dtype, self.dtype, "safe") else None
        if array.dtype.kind == "f" and not np.isfinite(array).all() and (not self.null or np.isinf(array).any()):
            return None
        if array.dtype != self.dtype:
            if self.dtype == "float64":
                return _required(array, self.dtype)
            with np.errstate(over="ignore"):
                narrow = array.astype("float64").astype(self.dtype, order="C")
            return None if np.isinf(narrow).any() else narrow
        return _required(array, self.dtype)


def _required(array: Any, dtype: Any) -> Any:
    import numpy as np

    return np.require(array, dtype, ["C", "A", "W"])


def _numeric_columns(form: Form) -> dict[str, _Numeric | None]:
    if isinstance(form, Frame):
        return {name: _numeric(kind, form.dtypes[name].name) for name, kind in form.kinds.items()}
    return {name: _numeric(kind, form.dtype) for name, kind in form.kinds.items()} if isinstance(form, Matrix) else {}


def _numeric(kind: Any, dtype: str) -> _Numeric | None:
    bare, null = _without_null(_without_dtype(kind))
    if bare == Float and dtype in _FLOATS:
        return _Numeric(dtype, whole=False, null=null)
    return _Numeric(dtype, whole=True, null=null) if bare == Integer and dtype in _INTEGERS else None


def _without_dtype(kind: Any) -> Any:
    if get_origin(kind) is not Annotated:
        return kind
    parts = (kind.__origin__, *(each for each in kind.__metadata__ if not isinstance(each, Dtype)))
    return Annotated[parts] if len(parts) > 1 else parts[0]


def _without_null(kind: Any) -> tuple[Any, bool]:
    if get_origin(kind) not in (Union, UnionType):
        return kind, False
    others = [each for each in get_args(kind) if each is not NoneType]
    return (others[0], True) if len(others) == 1 else (kind, False)


def json_values(values: Any) -> Any:
    """An array, column or list as a client would write it in JSON: not a number is null, a date is text.

    Raises ValidationError for what JSON does not have.
    """
    try:
        return _with_null(encode(values))
    except MISFIT as error:
        kind = getattr(values, "dtype", type(values).__name__)
        raise refused((), None, f"values of the type {kind} have no JSON form") from error


def _with_null(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_null(each) for each in value]
    if isinstance(value, dict):
        return {key: _with_null(each) for key, each in value.items()}
    return None if isinstance(value, float) and math.isnan(value) else value
