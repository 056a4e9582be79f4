"""What objects hold whose classes say themselves what a pickle of them has, as texts that two processes can compare.

A ``__reduce__``, ``__getstate__`` or ``copyreg`` reducer may leave parts out, and ``__setstate__`` or ``__new__`` may
make others. What came back from the pickle is compared with what was pickled: nothing is made twice for that.
Standard library only, as :mod:`.fingerprint`.
"""

from __future__ import annotations

import contextlib
import copyreg
import pickle
from collections.abc import Collection, Iterator
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

from .fingerprint import OWN_MODULES, PICKLING, Find, attributes_of, shortened, text_of

#: Whose objects are written in formats of their own, or are too large to be pickled only to be looked at.
_FOREIGN = frozenset(
    {"catboost", "jax", "keras", "lightgbm", "onnx", "onnxruntime", "spacy", "tensorflow", "torch", "transformers"}
) | {"xgboost"}
_NAMED = (type, FunctionType, BuiltinFunctionType, ModuleType)
_MOST = 10_000  # objects of one value that are compared
_ITEMS = (list, tuple, set, frozenset, dict)


def held(value: object, find: Find, helpers: Collection[str] = (), also: Collection[str] = ()) -> dict[str, str]:
    """Texts by class and attribute: ``Prices.cache``, … of all such objects in ``value``, itself included.

    Only classes of the notebook and of its ``helpers`` (modules): libraries know what they leave out. ``also`` are
    attributes, by class, that cells set on what libraries made.
    """
    walk = _Walk(frozenset((*OWN_MODULES, *helpers)), frozenset(also))
    with contextlib.suppress(Exception):  # what cannot be pickled is told elsewhere; here as there it ends the walk
        walk.dump(value)
    texts: dict[str, list[str]] = {}
    for one in list(walk.found.values())[:_MOST]:
        for name, part in walk.parts(one):
            texts.setdefault(f"{_kind(one)}.{name}", []).append(text_of(part, find))
    return {name: shortened(" · ".join(sorted(found))) for name, found in texts.items()}


class _Walk(pickle.Pickler):
    """Pickles into nothing, and notes the objects whose classes say themselves what a pickle has of them."""

    def __init__(self, own: frozenset[str], also: frozenset[str]) -> None:
        super().__init__(self, pickle.HIGHEST_PROTOCOL, buffer_callback=lambda _: None)
        self.found: dict[int, object] = {}
        self._own, self._also = own, also
        self._kinds: dict[type, bool] = {}

    def write(self, _data: Any) -> None:
        """As the file that is written to."""

    def persistent_id(self, obj: Any) -> str | None:
        if isinstance(obj, _NAMED):
            return "named"
        kind = type(obj)
        if kind not in self._kinds:
            self._kinds[kind] = self._says_itself(kind)
        if self._kinds[kind] or (self._also and any(self._named_too(obj))):
            self.found[id(obj)] = obj
        elif any(base.__module__.partition(".")[0] in _FOREIGN for base in kind.__mro__):
            return "foreign"
        return None

    def _says_itself(self, kind: type) -> bool:
        if issubclass(kind, BaseException):
            return True  # pickle leaves out what caused it
        known = any(name in vars(base) for base in kind.__mro__[:-1] for name in PICKLING)
        return kind.__module__ in self._own and (known or kind in copyreg.dispatch_table)

    def _named_too(self, one: object) -> Iterator[str]:
        return (name for name in getattr(one, "__dict__", ()) if f"{_kind(one)}.{name}" in self._also)

    def parts(self, one: Any) -> Iterator[tuple[str, object]]:
        """What an object holds, by name."""
        if not self._kinds[type(one)]:
            yield from ((name, vars(one)[name]) for name in self._named_too(one))
            return
        yield from attributes_of(one)
        if isinstance(one, BaseException):
            yield from (("args", one.args), ("__cause__", one.__cause__), ("__context__", one.__context__))
        elif isinstance(one, _ITEMS):
            yield "its items", list(one.items()) if isinstance(one, dict) else list(one)


def _kind(one: object) -> str:
    return type(one).__qualname__.rpartition("<locals>.")[2]
