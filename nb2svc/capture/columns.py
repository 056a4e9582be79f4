"""DataFrames, Series and arrays as annotations: their columns, their types, what may be missing, which categories."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .annotations import UnknownTypeError, Writer, described

_BY_DTYPE = (
    (r"float\d+|Float\d+", "Float"),
    (r"u?int\d+|U?Int\d+", "Integer"),
    (r"bool|boolean", "StrictBool"),
    (r"datetime64\[\w+\]", "Datetime"),
    (r"datetime64\[\w+, .+\]", "ZonedDatetime"),
    (r"timedelta64\[\w+\]", "Seconds"),
    (r"str|string|period\[.+\]", "str"),
)
_BY_KIND = {
    "f": "Float",
    "i": "Integer",
    "u": "Integer",
    "b": "StrictBool",
    "U": "str",
    "M": "Datetime",
    "m": "Seconds",
}
_MOST_CATEGORIES = 200  # more are data rather than a choice


@dataclass(frozen=True)
class Known:
    """What is known of a column beside its example.

    ``null``: the model takes a missing value there, whether or not the example has one; ``missing`` is what null then
    becomes in a column of objects. ``categories`` are those that encoders were fitted on; ``open`` where the model
    takes others too.
    """

    null: bool = False
    missing: Any = None
    categories: Sequence[Any] = ()
    open: bool = False


@dataclass(frozen=True)
class Table:
    """A DataFrame's columns as fields of a TypedDict, and their dtypes by name."""

    fields: Mapping[str, str]
    dtypes: tuple[str, ...]


def table(writer: Writer, name: str, frame: Any, known: Mapping[str, Known] | None = None) -> Table:
    """Raises UnknownTypeError for columns without names, and for those that JSON cannot carry."""
    columns = list(frame.columns)
    if not all(isinstance(column, str) for column in columns) or len(set(columns)) < len(columns):
        message = f"columns that are not named by one text each: {columns}"
        raise UnknownTypeError(message)
    fields = {column: _field(writer, name, frame[column], (known or {}).get(column, Known())) for column in columns}
    return Table(fields, tuple(str(dtype) for dtype in frame.dtypes))


def _field(writer: Writer, name: str, column: Any, known: Known) -> str:
    """``Annotated[Float | None, Dtype("float64")]``."""
    try:
        return f"Annotated[{_values(writer, name, column, known)}, {_dtype(column, known)}]"
    except UnknownTypeError as error:
        message = f"the column {column.name!r}, {error}"
        raise UnknownTypeError(message) from None


def _values(writer: Writer, name: str, series: Any, known: Known) -> str:
    present = series.dropna()
    dtype = str(series.dtype)
    if dtype == "object":
        annotation = _choice(known) or writer.annotation(f"{name}Value", present.tolist())
    elif dtype == "category":
        annotation = _of_categories(writer, name, series.dtype.categories, known)
    else:
        annotation = _choice(known) or _of_dtype(series)
    null = known.null or len(present) < len(series)
    return f"{annotation} | None" if null and annotation != "Any" else annotation


def _of_dtype(series: Any) -> str:
    dtype = str(getattr(series.dtype, "subtype", series.dtype)) if _is_sparse(series.dtype) else str(series.dtype)
    for pattern, annotation in _BY_DTYPE:
        if re.fullmatch(pattern, dtype):
            return annotation
    message = f"which holds {dtype} values, such as {described(series.iloc[0]) if len(series) else 'none'}"
    raise UnknownTypeError(message)


def _is_sparse(dtype: Any) -> bool:
    return str(dtype).startswith("Sparse")


def _of_categories(writer: Writer, name: str, categories: Any, known: Known) -> str:
    values = categories.tolist()
    if any(type(value) not in (str, int, float, bool) for value in values):
        message = f"whose categories are no texts or numbers: {described(values[0])}"
        raise UnknownTypeError(message)
    choice = Known(categories=values, open=known.open)
    return _choice(choice) or writer.annotation(f"{name}Value", values)


def _choice(known: Known) -> str:
    """The categories as a choice; a mere hint to readers where the model takes others too; "" where there is none."""
    categories = [value for value in known.categories if value is not None]
    kinds = {type(value) for value in categories}
    if not categories or len(categories) > _MOST_CATEGORIES or not kinds <= {str, int}:
        return ""
    shown = ", ".join(repr(value) for value in categories)
    if not known.open:
        return f"Annotated[Literal[{shown}], NotBool]" if int in kinds else f"Literal[{shown}]"
    annotation = "str" if kinds == {str} else "Integer" if kinds == {int} else "str | Integer"
    return f"Annotated[{annotation}, Field(examples=[{shown}])]"


def _dtype(series: Any, known: Known) -> str:
    dtype = str(series.dtype)
    if dtype == "category":
        ordered = ", ordered=True" if series.dtype.ordered else ""
        return f'Dtype("category", categories={series.dtype.categories.tolist()!r}{ordered})'
    absent = series[series.isna()]
    missing = absent.iloc[0] if len(absent) else known.missing
    return 'Dtype("object", missing=nan)' if dtype == "object" and _is_nan(missing) else f"Dtype({dtype!r})"


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and value != value  # noqa: PLR0124


# --- in handlers' examples ----------------------------------------------------------------------


def foreign(writer: Writer, kind: str, name: str, values: list[Any]) -> str:
    """The annotation of arrays, Series or DataFrames; those of several examples must be of one kind."""
    write = {"frame": _frame, "series": _series, "array": _array}[kind]
    annotations = list(dict.fromkeys(write(writer, name, value) for value in values))
    if len(annotations) > 1:
        message = f"arrays or frames that differ in type or shape: {'; '.join(annotations)}"
        raise UnknownTypeError(message)
    return annotations[0]


def _frame(writer: Writer, name: str, frame: Any) -> str:
    _check_index(frame)
    found = table(writer, f"{name}Row", frame)
    writer.modules.add("pandas")
    return f"Annotated[Any, Frame({writer.typed_dict(f'{name}Row', found.fields)})]"


def _series(writer: Writer, name: str, series: Any) -> str:
    _check_index(series)
    if series.name is not None and not isinstance(series.name, str):
        message = f"a Series with the name {series.name!r}, which is no text"
        raise UnknownTypeError(message)
    writer.modules.add("pandas")
    item, dtype = _values(writer, f"{name}Item", series, Known()), _dtype(series, Known())
    named = "" if series.name is None else f", name={series.name!r}"
    return f"Annotated[Any, Series({item}, {dtype}{named})]"


def _check_index(value: Any) -> None:
    """Unnamed integers are a default index, or what a selection left of it."""
    index = value.index
    if index.nlevels > 1 or index.name is not None or getattr(index.dtype, "kind", "") not in "iu":
        kind = type(value).__name__
        message = f"a {kind} with an index of its own, which rows do not have: give .reset_index()"
        raise UnknownTypeError(message)


def _array(writer: Writer, name: str, array: Any) -> str:
    item, dtype = array_item(writer, name, array)
    writer.modules.add("numpy")
    return f"Annotated[Any, Array({item}, {dtype!r}, {[None, *array.shape[1:]]!r})]"


def array_item(writer: Writer, name: str, array: Any, *, null: bool = False) -> tuple[str, str]:
    """The annotation of an array's items, and its dtype by name."""
    kind, dtype = array.dtype.kind, str(array.dtype)
    if kind == "O":
        return writer.annotation(f"{name}Item", array.ravel().tolist()), dtype
    if kind not in _BY_KIND:
        message = f"an array of {dtype}"
        raise UnknownTypeError(message)
    null = null or (kind in "fM" and bool((array != array).any()))  # noqa: PLR0124 - NaN and NaT differ from themselves
    item = f"{_BY_KIND[kind]} | None" if null else _BY_KIND[kind]
    return item, "str" if kind == "U" else dtype  # a width would cut longer texts
