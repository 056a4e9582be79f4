"""Which live objects share parts: those go into one file, so that what was one object stays one object.

Files of their own for the rest let each object be loaded where the code first needs it, after the classes it needs
and before the definitions that need it.
"""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import fractions
import logging
import pathlib
import pickle
import re
import sys
import types
import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from . import formats
from .pickling import PROTOCOL, Nowhere, Reductions

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
    logging.Logger,  # there is one of each name, wherever it is asked for
)
_IMMUTABLE_NAMES = frozenset({"numpy.generic", "numpy.dtype", "pandas.core.dtypes.base.ExtensionDtype"})


@dataclass(frozen=True)
class Sharing:
    """``groups`` are names whose objects have to be in one file; each sorted. Models that share nothing are in none.

    ``apart`` are models and what they share parts with, although they have to be in a file of their own.
    """

    groups: tuple[tuple[str, ...], ...]
    apart: tuple[tuple[str, str], ...] = ()


def sharing(values: Mapping[str, Any], models: Mapping[str, Any], fixed: Collection[str] = ()) -> Sharing:
    """What the live objects ``values`` and the served ``models``, by their variables, share.

    ``fixed`` are models in files of their own, whatever they share. All must be picklable.
    """
    visitor, served = _Visitor(), {id(model): name for name, model in models.items()}
    below: dict[str, set[int]] = {}
    held: dict[str, set[str]] = {}
    for name in sorted(values):
        seen = visitor.below(values[name], served)
        below[name], held[name] = seen - served.keys(), {served[part] for part in seen & served.keys()}
    below |= {name: visitor.below(models[name], {}) for name in sorted(models)}
    united, owners = _Union(below), dict[int, str]()
    for name in sorted(below.keys() - set(fixed)):
        for part in below[name]:
            united.join(name, owners.setdefault(part, name))
    apart = {(name, owners[part]) for name in fixed for part in below[name] & owners.keys()}
    _join_what_holds_grouped_models(united, held, fixed)
    groups = [group for group in united.groups() if len(group) > 1 or group[0] in values]
    return Sharing(groups=tuple(sorted(groups)), apart=tuple(sorted(apart)))


def _join_what_holds_grouped_models(united: _Union, held: Mapping[str, set[str]], fixed: Collection[str]) -> None:
    """Else loading one file could need another that needs the first."""
    changed = True
    while changed:
        sizes = {name: len(group) for group in united.groups() for name in group}
        pairs = [(name, model) for name, models in held.items() for model in models - set(fixed) if sizes[model] > 1]
        changed = any(united.join(name, model) for name, model in pairs)


class _Union:
    """Names, joined to groups."""

    def __init__(self, names: Iterable[str]) -> None:
        self._above = {name: name for name in names}

    def of(self, name: str) -> str:
        """One name of the group, the same for all of it."""
        while self._above[name] != name:
            self._above[name] = name = self._above[self._above[name]]
        return name

    def join(self, one: str, other: str) -> bool:
        """Whether they were apart."""
        root, other_root = self.of(one), self.of(other)
        self._above[root] = other_root
        return root != other_root

    def groups(self) -> list[tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for name in sorted(self._above):
            found.setdefault(self.of(name), []).append(name)
        return [tuple(names) for names in found.values()]


class _Visitor(Reductions, pickle.Pickler):
    """Notes which mutable objects lie below a value, and keeps every temporary alive, so that no two objects ever
    have the same ``id``.
    """

    def __init__(self) -> None:
        super().__init__(Nowhere(), PROTOCOL, buffer_callback=lambda _: None)
        self.seen: dict[int, object] = {}
        self.opaque: Mapping[int, str] = {}
        self._alive: list[object] = []
        self._immutable: dict[type, bool] = {}

    def persistent_id(self, obj: Any) -> str | None:
        if isinstance(obj, (type, types.FunctionType, types.ModuleType)):
            return "named"
        if id(obj) in self.opaque:  # loaded once, whoever holds it
            self.seen[id(obj)] = obj
            return "opaque"
        kind = type(obj)
        if kind not in self._immutable:
            self._immutable[kind] = _is_immutable(kind)
        if not self._immutable[kind]:
            if id(obj) in self.seen:
                return "seen"
            self.seen[id(obj)] = obj
        adapter = formats.adapter_of(obj)
        return "embedded" if adapter is not None and adapter.embeds(obj) else None

    def below(self, value: Any, opaque: Mapping[int, str]) -> set[int]:
        self.seen, self.opaque = {}, opaque
        self.clear_memo()  # or what is below an immutable object would be noted only the first time
        self.dump(value)
        self._alive += self.seen.values()
        return set(self.seen)


def _is_immutable(kind: type) -> bool:
    if issubclass(kind, (enum.Enum, type)):
        return True
    names = {f"{base.__module__}.{base.__qualname__}" for base in kind.__mro__}
    known = kind.__module__.partition(".")[0] in {"pandas", *sys.stdlib_module_names}
    own_state = kind.__dictoffset__ != 0 and not known  # a tuple with attributes, say
    return bool(names & _IMMUTABLE_NAMES) or (issubclass(kind, _IMMUTABLE) and not own_state)
