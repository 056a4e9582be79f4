"""Plain values of Python and NumPy from JSON that says their types: what a model knows beside its own format."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable
from importlib import import_module
from typing import Any

_FACTORIES: dict[str, Callable[[], Any]] = {
    "list": list,
    "dict": dict,
    "ordered": OrderedDict,
    "int": int,
    "float": float,
}


def decode(value: Any) -> Any:
    """The value that was encoded. Raises ValueError for a type that is not known here."""
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind not in _KINDS:
        message = f"a value of the unknown type {kind!r}"
        raise ValueError(message)
    return _KINDS[kind](content)


def class_named(name: str) -> Any:
    """The class of ``package.module:Class``."""
    module, _, qualname = name.partition(":")
    found: Any = import_module(module)
    for part in qualname.split("."):
        found = getattr(found, part)
    return found


def _pairs(content: Any) -> list[tuple[Any, Any]]:
    return [(decode(key), decode(item)) for key, item in content]


def _default(content: Any) -> Any:
    factory, pairs = content
    return defaultdict(_FACTORIES[factory], _pairs(pairs))


def _scalar(content: Any) -> Any:
    import numpy as np

    dtype, value = content
    return np.dtype(dtype).type(decode(value))


def _array(content: Any) -> Any:
    import numpy as np

    dtype, shape, items = content
    array = np.empty(len(items), dtype=dtype)
    for index, item in enumerate(items):
        array[index] = decode(item)  # one by one: an item may itself be a list
    return array.reshape(shape)


def _object(content: Any) -> Any:
    name, state = content
    kind = class_named(name)
    found = kind.__new__(kind)
    vars(found).update(decode(state))
    return found


_KINDS: dict[str, Callable[[Any], Any]] = {
    "float": float,
    "dict": lambda content: dict(_pairs(content)),
    "ordered": lambda content: OrderedDict(_pairs(content)),
    "default": _default,
    "tuple": lambda content: tuple(decode(content)),
    "set": lambda content: set(decode(content)),
    "frozenset": lambda content: frozenset(decode(content)),
    "scalar": _scalar,
    "array": _array,
    "object": _object,
}
