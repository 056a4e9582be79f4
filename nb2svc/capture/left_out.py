"""What the pickles of the notebook's own objects leave out, because a ``__getstate__`` says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

_DATA = (bool, int, float, complex, str, bytes, list, tuple, dict, set, frozenset)


def left_out(objects: Iterable[Any]) -> Iterator[tuple[str, list[str]]]:
    """(class, attributes) of each object that comes back without something that it holds now.

    Locks, connections and the like that ``__setstate__`` makes anew are as they were; data begins empty there.
    """
    for one in objects:
        state, held = _merged(one.__getstate__()), _held(one)
        if state is None:
            continue
        remade = _named_by(getattr(type(one), "__setstate__", None))
        lost = [
            name
            for name, value in held.items()
            if state.get(name, one) is not value and (name not in remade or (isinstance(value, _DATA) and value))
        ]
        if lost:
            yield type(one).__qualname__, sorted(lost)


def _merged(state: Any) -> dict[str, Any] | None:
    """A state by attribute; None for one of another kind, which only the class itself can read.

    A tuple of two is pickle's own form: what stands in ``__dict__``, and what stands in slots.
    """
    parts = state if isinstance(state, tuple) and len(state) == 2 else (state,)  # noqa: PLR2004
    if any(part is not None and not isinstance(part, dict) for part in parts):
        return None
    return {name: value for part in parts if part for name, value in part.items()}


def _held(one: object) -> dict[str, Any]:
    held = dict(getattr(one, "__dict__", {}))
    for base in type(one).__mro__:
        slots = vars(base).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if not name.startswith("__") and hasattr(one, name):
                held[name] = getattr(one, name)
    return held


def _named_by(function: Any) -> set[str]:
    code = getattr(function, "__code__", None)
    if code is None:
        return set()
    constants = [part for one in code.co_consts for part in (one if isinstance(one, tuple) else (one,))]
    return {*code.co_names, *(one for one in constants if isinstance(one, str))}
