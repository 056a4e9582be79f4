"""What the notebook's own classes leave out when they are pickled, or make otherwise when they are loaded."""

from __future__ import annotations

import io
import pickle
from typing import Any

from . import literals
from .pickling import PROTOCOL

_STATE = ("__getstate__", "__setstate__", "__getnewargs__", "__getnewargs_ex__")
_REDUCE = ("__reduce__", "__reduce_ex__")
_MISSING = object()


def by_hand(kind: type) -> str:
    """The method by which a class of the notebook says how its objects are pickled; "" for none.

    One that calls whatever it likes (``__reduce__``) comes before one that keeps the state.
    """
    if kind.__module__ != "__main__":
        return ""
    own = [vars(base) for base in kind.__mro__ if base.__module__ == "__main__"]
    return next((name for name in (*_REDUCE, *_STATE) if any(name in one for one in own)), "")


def told(value: object) -> tuple[str, str] | None:
    """(what, next step) where an object of such a class is something else in the service, or may be."""
    kind, method = type(value), by_hand(type(value))
    hint = f"keep in {kind.__name__} what answers depend on, or work it out anew from what is kept"
    if method in _REDUCE:  # not tried here: what it calls may count or register what it makes
        return f"its {kind.__name__} is made anew by {kind.__name__}.{method} when the service starts", hint
    lost = _lost(value) if method else ()
    if not lost:
        return None
    names = ", ".join(f".{name}" for name in lost)
    return f"its {kind.__name__} leaves out {names}, or makes it anew, when it is pickled", hint


def _lost(value: object) -> tuple[str, ...]:
    """Attributes that a copy by pickle does not have, or has otherwise; its parts are no copies."""
    kept: list[Any] = []
    try:
        file = io.BytesIO()
        _Shallow(file, value, kept).dump(value)
        file.seek(0)
        copy = _Same(file, kept).load()
    except Exception:  # noqa: BLE001 - pickling the whole says what is wrong
        return ()
    before, after = _attributes(value), _attributes(copy)
    names = [*before, *(name for name in after if name not in before)]
    return tuple(name for name in names if not _alike(before.get(name, _MISSING), after.get(name, _MISSING)))


class _Shallow(pickle.Pickler):
    """Pickles one object; all that it holds is itself."""

    def __init__(self, file: io.BytesIO, whole: object, kept: list[Any]) -> None:
        super().__init__(file, PROTOCOL)
        self._whole, self._kept = whole, kept

    def persistent_id(self, obj: Any) -> int | None:
        if obj is self._whole:
            return None
        self._kept.append(obj)
        return len(self._kept) - 1


class _Same(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, kept: list[Any]) -> None:
        super().__init__(file)
        self._kept = kept

    def persistent_load(self, pid: int) -> Any:
        return self._kept[pid]


def _attributes(value: object) -> dict[str, Any]:
    slots = [vars(base).get("__slots__", ()) for base in type(value).__mro__]
    named = [name for one in slots for name in ((one,) if isinstance(one, str) else one)]
    return {**{name: getattr(value, name) for name in named if hasattr(value, name)}, **getattr(value, "__dict__", {})}


def _alike(before: Any, after: Any) -> bool:
    """Whether two values are told apart by no answer, as far as one can see: a lock made anew is a lock."""
    if before is after:
        return True
    if type(before) is not type(after):
        return False
    if isinstance(before, dict):
        return _alike(list(before), list(after)) and _alike(list(before.values()), list(after.values()))
    if isinstance(before, (list, tuple)):
        return len(before) == len(after) and all(map(_alike, before, after))
    return not literals.is_literal_kind(before) or literals.equal(before, after)
