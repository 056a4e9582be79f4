"""Rows of JSON as what a model or handler takes: a DataFrame, an array, a Series, or the rows themselves.

A form stands in an annotation, ``Annotated[Any, Frame(HouseRow)]``: pydantic checks each row by ``row``, so that a bad
one is named by its place and column, and ``stack`` makes of the checked rows what the notebook had.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin

from pydantic import BeforeValidator, ConfigDict, Field, GetCoreSchemaHandler, TypeAdapter, with_config
from pydantic_core import CoreSchema, core_schema
from typing_extensions import TypedDict, get_type_hints

from .columns import MISFIT, Dtype, refused, stacked


@dataclass(frozen=True, slots=True)
class Stacked:
    """In place of rows: what a form would have made of them."""

    inputs: Any


class Form(ABC):
    """How rows are checked and stacked. ``features`` are the names of a row's values, () where they have none."""

    row: Any
    features: tuple[str, ...] = ()

    @abstractmethod
    def stack(self, rows: Sequence[Any]) -> Any:
        """Checked rows as the model takes them. Raises pydantic's ValidationError where they do not fit."""

    def kind(self, rows: Sequence[Any]) -> Hashable:  # noqa: ARG002 - where it depends on them
        """Rows of one kind become in one stack what they are in their own; None where that shows only in a stack."""
        return None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        rows = handler.generate_schema(list[self.row])  # type: ignore[name-defined]
        return core_schema.no_info_after_validator_function(self.stack, rows)


class Frame(Form):
    """A DataFrame: each row an object, or a list of its values in the order of the columns.

    ``columns`` is a TypedDict. Its fields say their ``Dtype``; in one that says none, pandas chooses.
    """

    def __init__(self, columns: Any) -> None:
        self.row = _named_row(columns)
        self.kinds = get_type_hints(columns, include_extras=True)
        self.dtypes = _dtypes(self.kinds)
        self.features = tuple(self.dtypes)
        self._open = {name: dtype for name, dtype in self.dtypes.items() if not dtype.fixed}

    def kind(self, rows: Sequence[Any]) -> Hashable:
        kinds = tuple(dtype.kind([row[name] for row in rows]) for name, dtype in self._open.items())
        return None if None in kinds else kinds

    def stack(self, rows: Sequence[Any]) -> Any:
        import pandas as pd

        columns = {name: _column([row[name] for row in rows], dtype, name) for name, dtype in self.dtypes.items()}
        return pd.DataFrame(columns)


class Matrix(Form):
    """An array of two dimensions whose columns have names: rows as for :class:`Frame`."""

    def __init__(self, columns: Any, dtype: str = "") -> None:
        self.row = _named_row(columns)
        self.kinds = get_type_hints(columns, include_extras=True)
        self.features = tuple(self.kinds)
        self.dtype = dtype

    def kind(self, rows: Sequence[Any]) -> Hashable:  # noqa: ARG002 - none of them changes it
        return self.dtype or None

    def stack(self, rows: Sequence[Any]) -> Any:
        return stacked([[row[name] for name in self.features] for row in rows], self.dtype)


class Array(Form):
    """An array of ``dtype`` and ``shape``, that of the example; None stands for the first dimension, which is free."""

    def __init__(self, item: Any, dtype: str, shape: Sequence[int | None]) -> None:
        self.item = item
        self.dtype = dtype
        self.shape = tuple(shape)
        self.row = item
        for size in reversed(self.shape[1:]):
            self.row = Annotated[list[self.row], Field(min_length=size, max_length=size)]  # type: ignore[name-defined]

    def kind(self, rows: Sequence[Any]) -> Hashable:  # noqa: ARG002 - none of them changes it
        return self.dtype or None

    def stack(self, rows: Sequence[Any]) -> Any:
        array = stacked(rows, self.dtype)
        return array if len(rows) else array.reshape(0, *self.shape[1:])


class Series(Form):
    """A pandas Series, one value a row."""

    def __init__(self, item: Any, dtype: Dtype, name: str | None = None) -> None:
        self.row = item
        self.dtype = dtype
        self.name = name

    def kind(self, rows: Sequence[Any]) -> Hashable:
        return self.dtype.kind(rows)

    def stack(self, rows: Sequence[Any]) -> Any:
        import pandas as pd

        return pd.Series(_column(list(rows), self.dtype), name=self.name)


class Plain(Form):
    """The rows as they are, each checked by its type."""

    def __init__(self, row: Any) -> None:
        self.row = row

    def stack(self, rows: Sequence[Any]) -> Any:
        return rows


class Untyped(Form):
    """Rows of a model without an example: an array of lists where numpy is there, else the rows as they are."""

    def __init__(self, width: int | None = None) -> None:
        self.width = width
        self.row = Annotated[Any, BeforeValidator(self._of_width)]

    def stack(self, rows: Sequence[Any]) -> Any:
        return stacked(rows) if all(isinstance(row, list) for row in rows) else rows

    def _of_width(self, value: Any) -> Any:
        if self.width is not None and isinstance(value, list) and len(value) != self.width:
            message = f"a row has {self.width} values, this one {len(value)}"
            raise ValueError(message)
        return value


def form_of(inputs: Any) -> Form:
    """The form in an annotation of all rows: ``Annotated[Any, Frame(…)]``, or ``list[…]`` for rows as they are."""
    for metadata in get_args(inputs):
        if isinstance(metadata, Form):
            return metadata
    if get_origin(inputs) is list:
        return Plain(get_args(inputs)[0])
    message = f"{inputs!r} says nothing about rows: use list[…], or Annotated[Any, Frame(…)]"
    raise TypeError(message)


def untyped_form(features: Sequence[str], *, frame: bool, width: int | None) -> Form:
    """The form of a model without an example, from what it says of itself."""
    if not features:
        return Untyped(width)
    columns: Any = TypedDict("Row", dict.fromkeys(features, Any))  # type: ignore[misc]
    closed = with_config(ConfigDict(extra="forbid"))(columns)
    return Frame(closed) if frame else Matrix(closed)


def adapter_of(form: Form) -> TypeAdapter[list[Any]]:
    """Checks a whole list of rows."""
    return TypeAdapter(list[form.row])  # type: ignore[name-defined]


# --- named rows ---------------------------------------------------------------------------------


def _dtypes(kinds: Mapping[str, Any]) -> dict[str, Dtype]:
    return {
        name: next((each for each in getattr(kind, "__metadata__", ()) if isinstance(each, Dtype)), Dtype())
        for name, kind in kinds.items()
    }


def _column(values: list[Any], dtype: Dtype, *name: str) -> Any:
    try:
        return dtype.column(values)
    except MISFIT as error:
        # The first value that the column cannot hold by itself; else the whole column.
        place = next(((position,) for position, value in enumerate(values) if not _fits(value, dtype)), ())
        value = values[place[0]] if place else values
        raise refused((*place, *name), value, f"does not fit {dtype.name or 'one column'}: {error}") from error


def _fits(value: Any, dtype: Dtype) -> bool:
    try:
        dtype.column([value])
    except MISFIT:
        return False
    return True


class _RowSchema:
    """In OpenAPI a row of named values has either of its two forms."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: Any) -> dict[str, Any]:
        by_name = handler(schema)
        fields = list(handler.resolve_ref_schema(by_name)["properties"].values())
        in_order = {"type": "array", "prefixItems": fields, "minItems": len(fields), "maxItems": len(fields)}
        return {"anyOf": [by_name, in_order]}


def _named_row(columns: Any) -> Any:
    features = list(get_type_hints(columns))

    def by_name(value: Any) -> Any:
        if not isinstance(value, list):
            return value
        if len(value) != len(features):
            message = f"a row has {len(features)} values ({', '.join(features)}), this one {len(value)}"
            raise ValueError(message)
        return dict(zip(features, value, strict=True))

    return Annotated[columns, BeforeValidator(by_name), _RowSchema()]
