"""Whether a value that came back from JSON is the value that went in."""

from __future__ import annotations

from typing import Any


def difference(value: Any, got: Any, place: str = "it") -> str:
    """Where ``got`` is another value or of another type, as a sentence; "" where it is the same.

    Numbers of numpy count as Python's, an index of unnamed integers as none.
    """
    value = python_scalar(value)
    if isinstance(value, dict) and isinstance(got, dict):
        return _of_mappings(value, got, place)
    if type(value) is not type(got):
        return f"{place} was a {_name(value)} and comes back as a {_name(got)}"
    if isinstance(value, (list, tuple)):
        if len(value) != len(got):
            return f"{place} had {len(value)} items and comes back with {len(got)}"
        found = (
            difference(left, right, f"{place}[{n}]") for n, (left, right) in enumerate(zip(value, got, strict=True))
        )
        return next(filter(None, found), "")
    return "" if _equal(value, got) else f"{place} was {value!r} and comes back as {got!r}"


def _of_mappings(value: dict[Any, Any], got: dict[Any, Any], place: str) -> str:
    if value.keys() != got.keys():
        return f"{place} had the keys {list(value)} and comes back with {list(got)}"
    found = (difference(each, got[key], str(key) if place == "it" else f"{place}.{key}") for key, each in value.items())
    return next(filter(None, found), "")


def _equal(value: Any, got: Any) -> bool:
    if hasattr(value, "equals"):  # of pandas
        value, got = value.reset_index(drop=True), got.reset_index(drop=True)
        return (
            _types(value) == _types(got)
            and getattr(value, "name", None) == getattr(got, "name", None)
            and bool(value.equals(got))
        )
    if hasattr(value, "dtype"):
        return value.shape == got.shape and _of_arrays(value, got)
    if hasattr(value, "utcoffset") and value.utcoffset() != got.utcoffset():
        return False
    return bool(value == got) or (isinstance(value, float) and value != value and got != got)  # noqa: PLR0124


def _types(value: Any) -> list[str]:
    """The dtypes of a DataFrame; the name and the dtype of a Series."""
    return [str(each) for each in value.dtypes] if hasattr(value, "columns") else [str(value.name), str(value.dtype)]


def _of_arrays(value: Any, got: Any) -> bool:
    if value.dtype != got.dtype and not (value.dtype.kind == got.dtype.kind == "U"):
        return False
    if value.dtype.kind == "O":
        return not difference(value.tolist(), got.tolist())
    return bool(((value == got) | ((value != value) & (got != got))).all())  # noqa: PLR0124


def python_scalar(value: Any) -> Any:
    """A number or text of numpy as Python's own; any other value as it is."""
    if type(value).__module__ == "numpy" and not getattr(value, "shape", None) and hasattr(value, "item"):
        return value.item()
    return value


def _name(value: Any) -> str:
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
