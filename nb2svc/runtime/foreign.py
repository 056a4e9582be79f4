"""Arrays, frames and their scalars as Python values, recognized without importing their libraries.

The rule: an array is its nested lists, one with named fields a list of records; a DataFrame is a list of records; a
Series is a list. Labels are kept where they say something: a row index that is not just unnamed integers becomes
columns of the records, and a Series over such an index becomes an object. Missing values (NaT, NA, masked) are None.
Dates stay dates, periods and intervals are their text.
"""

from __future__ import annotations

import copy
import dataclasses
import sys
from typing import Any

from pydantic import BaseModel

NATIVE = frozenset({str, int, float, bool, type(None), bytes})
_EXPORTERS = {"polars": ("to_dicts", "to_list"), "pyarrow": ("to_pylist", "as_py"), "tensorflow": ("numpy",)}
_DOUBLE = 8  # bytes of Python's float
_LAZY = {"LazyFrame": "collect()", "Expr": "select it from a frame"}  # of polars: no values yet


def to_python(value: Any) -> Any:  # noqa: PLR0911 - one line a kind of value
    """``value`` as Python's own types where it is foreign; any other object as it is.

    Raises TypeError or ValueError for what has no faithful form (complex numbers, doubled labels).
    """
    pandas = sys.modules.get("pandas")
    if pandas is not None:
        if isinstance(value, pandas.DataFrame):
            return _records(value)
        if isinstance(value, pandas.Series):
            return _series(value)
        if value is pandas.NaT or value is pandas.NA:
            return None
        if isinstance(value, (pandas.Period, pandas.Interval)):
            return str(value)
    if hasattr(value, "dtype"):
        if hasattr(value, "tolist"):
            return _nested_lists(value)
        if hasattr(value, "toarray"):  # a scipy sparse matrix
            return _nested_lists(value.toarray())
    return _exported(value)


def is_json_array(value: Any) -> bool:
    """Whether the items of a numpy array or scalar are JSON types already: numbers, truth values, texts."""
    if type(value).__module__ != "numpy" or not hasattr(value, "dtype"):
        return False
    kind = value.dtype.kind
    return kind in ("b", "i", "u", "U") or (kind == "f" and value.dtype.itemsize <= _DOUBLE)


def _exported(value: Any) -> Any:
    library = type(value).__module__.partition(".")[0]
    for method in _EXPORTERS.get(library, ()):
        if hasattr(value, method):
            return to_python(getattr(value, method)())  # an array of numpy's where it is no Python value yet
    if library == "polars" and type(value).__name__ in _LAZY:
        name = type(value).__name__
        message = f"An answer holds a polars {name}, which has no values yet: {_LAZY[name]}."
        raise TypeError(message)
    return value


def plain(value: Any) -> Any:
    """``value`` with everything foreign in it, at any depth, as Python values.

    What holds nothing foreign is returned itself; containers, pydantic models and dataclasses that do are copied,
    with their order and other contents kept.
    """
    if type(value) in NATIVE:
        return value
    if isinstance(value, dict):
        return _plain_mapping(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return _plain_sequence(value)
    if isinstance(value, BaseModel):
        contents = {**value.__dict__, **(value.__pydantic_extra__ or {})}
        changed = _changed(contents)
        return value.model_copy(update=changed) if changed else value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _plain_dataclass(value)
    converted = to_python(value)
    return value if converted is value else plain(converted)


def _plain_mapping(value: dict[Any, Any]) -> dict[Any, Any]:
    items = [(plain(key), plain(each)) for key, each in value.items()]
    same = all(new[0] is old[0] and new[1] is old[1] for new, old in zip(items, value.items(), strict=True))
    return value if same else dict(items)


def _plain_sequence(value: list[Any] | tuple[Any, ...] | set[Any] | frozenset[Any]) -> Any:
    items = [plain(each) for each in value]
    if all(new is old for new, old in zip(items, value, strict=True)):
        return value
    return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)


def _plain_dataclass(value: Any) -> Any:
    fields = {
        field.name: getattr(value, field.name) for field in dataclasses.fields(value) if hasattr(value, field.name)
    }
    changed = _changed(fields)
    if not changed:
        return value
    result = copy.copy(value)
    for name, each in changed.items():
        object.__setattr__(result, name, each)  # frozen ones too
    return result


def _changed(contents: dict[str, Any]) -> dict[str, Any]:
    converted = {name: plain(each) for name, each in contents.items()}
    return {name: each for name, each in converted.items() if each is not contents[name]}


def _nested_lists(array: Any) -> Any:
    kind = getattr(array.dtype, "kind", "")
    if kind == "c":
        message = "An answer holds complex numbers, which JSON does not have: answer with real and imaginary parts."
        raise TypeError(message)
    if kind == "V" and array.dtype.names:
        return _structured(array)
    if kind == "f" and getattr(array.dtype, "itemsize", 0) > _DOUBLE:
        array = array.astype("float64")  # else tolist gives numpy's own numbers back
    if kind in ("m", "M") and hasattr(array, "astype"):
        return _times(array)
    return array.tolist()


def _structured(array: Any) -> Any:
    if not array.shape:
        return {name: to_python(array[name]) for name in array.dtype.names}
    return [_structured(each) for each in array]


def _times(array: Any) -> Any:
    """Dates and spans as Python's own. Raises ValueError for those that Python's cannot hold.

    Where they are finer than a microsecond: dates as text, spans as seconds.
    """
    if any(f"[{unit}]" in str(array.dtype) for unit in ("ns", "ps", "fs", "as")):
        coarse = array.astype(f"{array.dtype.kind}8[us]")  # numpy gives finer ones as bare integers
        if ((coarse != array) & (coarse == coarse)).any():  # noqa: PLR0124 - NaT differs from itself
            return _fine_times(array)
        array = coarse
    values = array.tolist()
    if _holds_integers(values):
        message = f"An answer holds {array.dtype} values that are no date or time span of Python's: answer with text."
        raise ValueError(message)
    return values


def _fine_times(array: Any) -> Any:
    import numpy as np

    if array.dtype.kind == "m":
        return (array / np.timedelta64(1, "s")).tolist()
    texts: Any = np.where(np.isnat(array), None, np.datetime_as_string(array))
    return texts.tolist()


def _holds_integers(values: Any) -> bool:
    return any(map(_holds_integers, values)) if isinstance(values, list) else isinstance(values, int)


def _records(frame: Any) -> list[dict[Any, Any]]:
    if not _is_default_index(frame.index):
        frame = frame.reset_index()
    if not frame.columns.is_unique or frame.columns.nlevels > 1:
        message = f"A DataFrame with the columns {list(frame.columns)} has no records: give each column one name."
        raise ValueError(message)
    records: list[dict[Any, Any]] = frame.to_dict(orient="records")
    return records


def _series(series: Any) -> Any:
    if _is_default_index(series.index):
        return series.tolist()
    if series.index.nlevels > 1:
        return _records(series.reset_index(name="value" if series.name is None else series.name))
    if not series.index.is_unique:
        message = "A Series with doubled labels has no object form: answer with .tolist() or .reset_index()."
        raise ValueError(message)
    return dict(zip(series.index.tolist(), series.tolist(), strict=True))


def _is_default_index(index: Any) -> bool:
    """Unnamed integers: the default index, or what a selection left of it."""
    return index.nlevels == 1 and index.name is None and getattr(index.dtype, "kind", "") in "iu"
