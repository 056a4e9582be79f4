"""Attributes of models as JSON, exactly; what is no plain value is refused. ``runtime.formats.plain`` reads it back.

A booster's own format holds its trees. What its Python object knows besides (classes, parameters, the best iteration)
goes here, so that the loaded object is the same one, with no pickle.
"""

from __future__ import annotations

import collections
import math
from typing import Any

from .adapter import UnsuitableError

_NUMBERS = "biuf"  # kinds of NumPy's types that JSON can hold without a loss
_CONTAINERS: dict[type, str] = {
    dict: "dict",
    tuple: "tuple",
    set: "set",
    frozenset: "frozenset",
    collections.OrderedDict: "ordered",
}
_FACTORIES = {list: "list", dict: "dict", collections.OrderedDict: "ordered", int: "int", float: "float"}
# Objects that these frameworks keep: nothing but their attributes.
_OBJECTS = {"sklearn.preprocessing._label:LabelEncoder"}


def encode(value: Any, path: str = "") -> Any:
    """``value`` in JSON. Raises ``UnsuitableError`` with the path to what is no plain value."""
    if value is None or type(value) in {bool, int, str}:
        return value
    if type(value) is float:
        return value if math.isfinite(value) else {"float": repr(value)}
    if type(value) is list:
        return _items(value, path)
    if type(value) is collections.defaultdict and value.default_factory in _FACTORIES:
        return {"default": [_FACTORIES[value.default_factory], _pairs(value, path)]}
    if type(value) in _CONTAINERS:
        items = _pairs(value, path) if isinstance(value, dict) else _items(value, path)
        return {_CONTAINERS[type(value)]: items}
    return _encode_array(value, path)


def _items(value: Any, path: str) -> list[Any]:
    ordered = sorted(value, key=repr) if isinstance(value, (set, frozenset)) else value
    return [encode(item, f"{path}[{index}]") for index, item in enumerate(ordered)]


def _pairs(value: dict[Any, Any], path: str) -> list[list[Any]]:
    return [[encode(key, path), encode(item, f"{path}[{key!r}]")] for key, item in value.items()]


def _encode_array(value: Any, path: str) -> Any:
    import numpy as np

    kind = type(value)
    if isinstance(value, np.generic) and value.dtype.kind in _NUMBERS and kind is not np.longdouble:
        return {"scalar": [value.dtype.str, encode(value.item(), path)]}
    if isinstance(value, np.str_):
        return {"scalar": ["U", str(value)]}
    if kind is np.ndarray and value.dtype.kind in f"{_NUMBERS}UO" and value.dtype != np.longdouble:
        items = [encode(item, f"{path}[{index}]") for index, item in enumerate(value.ravel().tolist())]
        return {"array": [value.dtype.str, list(value.shape), items]}
    name = f"{kind.__module__}:{kind.__qualname__}"
    if name in _OBJECTS:
        return {"object": [name, encode(dict(vars(value)), path)]}
    raise UnsuitableError(f"it has no place for {path.strip('.') or 'the object'}, a {name.replace(':', '.')}")
