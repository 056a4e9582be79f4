"""Which live objects share parts: those go into one file, so that what was one object stays one object.

Files of their own for the rest let each object be loaded where the code first needs it, after the classes it needs
and before the definitions that need it.
"""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import fractions
import io
import pathlib
import pickle
import re
import types
import uuid
from collections.abc import Mapping
from typing import Any

from . import formats

# What cannot change cannot show whether it is shared.
_IMMUTABLE = (
    bool,
    int,
    float,
    complex,
    str,
    bytes,
    type(None),
    tuple,
    frozenset,
    range,
    slice,
    type,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.ModuleType,
    type(Ellipsis),
    type(NotImplemented),
    enum.Enum,
    re.Pattern,
    decimal.Decimal,
    fractions.Fraction,
    dt.date,
    dt.time,
    dt.timedelta,
    dt.tzinfo,
    pathlib.PurePath,
    uuid.UUID,
)


class _Visitor(pickle.Pickler):
    """Notes which mutable objects lie below each value. One pickler for all: its memo keeps every temporary alive,
    so that no two objects ever have the same ``id``.
    """

    def __init__(self, opaque: Mapping[int, str]) -> None:
        super().__init__(io.BytesIO(), pickle.HIGHEST_PROTOCOL, buffer_callback=lambda _: None)
        self.seen: set[int] = set()
        self._opaque = opaque

    def persistent_id(self, obj: Any) -> str | None:
        if isinstance(obj, types.ModuleType) or id(obj) in self._opaque:
            return "opaque"  # a served model is loaded once, whoever holds it
        if isinstance(obj, (type, types.FunctionType)):
            return "named"
        adapter = formats.adapter_of(obj)
        if adapter is not None and adapter.embeds(obj):
            self.seen.add(id(obj))
            return "embedded"
        if not isinstance(obj, _IMMUTABLE) and not _is_numpy_scalar(obj):
            if id(obj) in self.seen:
                return "seen"
            self.seen.add(id(obj))
        return None


def _is_numpy_scalar(value: object) -> bool:
    names = {f"{base.__module__}.{base.__qualname__}" for base in type(value).__mro__}
    return bool(names & {"numpy.generic", "numpy.dtype"})


def groups(values: Mapping[str, Any], opaque: Mapping[int, str]) -> tuple[tuple[str, ...], ...]:
    """The names of ``values`` by what they share, each group sorted, in the order of their first names.

    ``opaque`` are objects (by id) that are not entered. The values must be picklable.
    """
    below: dict[str, set[int]] = {}
    visitor = _Visitor(opaque)
    for name in sorted(values):
        visitor.seen = set()
        visitor.dump(values[name])
        below[name] = visitor.seen
    merged: list[tuple[set[str], set[int]]] = []
    for name, parts in below.items():
        joined_names, joined_parts = {name}, set(parts)
        apart = []
        for names, others in merged:
            if others & joined_parts:
                joined_names |= names
                joined_parts |= others
            else:
                apart.append((names, others))
        merged = [*apart, (joined_names, joined_parts)]
    return tuple(sorted(tuple(sorted(names)) for names, _ in merged))
