"""Which live objects share parts that have no name: those go into one file, so that what was one object stays one.
Parts that have a name of their own are referred to by it.

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
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any

from . import formats
from .pickling import PROTOCOL, Nowhere, Reductions
from .views import Seen, View, views_among

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
    """``groups`` are names whose objects have to be in one file, each sorted; models that share nothing are in none.

    A file refers to objects of other files by their names. ``tied`` are the names that share anything with others.
    ``apart`` are models and what they share parts with, although they have to be in a file of their own.
    ``views`` are the arrays that see the memory of others; ``copied`` are names of which each gets a copy of it.
    """

    groups: tuple[tuple[str, ...], ...]
    tied: frozenset[str] = frozenset()
    apart: tuple[tuple[str, str], ...] = ()
    views: Mapping[int, View] = field(default_factory=dict)
    copied: tuple[frozenset[str], ...] = ()


def sharing(values: Mapping[str, Any], models: Mapping[str, Any], fixed: Collection[str] = ()) -> Sharing:
    """What the live objects ``values`` and the served ``models``, by their variables, share.

    ``fixed`` are models in files of their own, whatever they share. All must be picklable.
    """
    visitor = _Visitor()
    below, held = _parts(values, models, visitor)
    views = views_among(visitor.arrays)
    for number, names in enumerate(views.together, 1):
        for name in names:
            below[name].add(-number)  # the memory, which is a part as well
    united, owners = _Union(below), dict[int, str]()
    for name in sorted(below.keys() - set(fixed)):
        for part in below[name]:
            united.join(name, owners.setdefault(part, name))
    _join_circles(united, held)
    groups = [group for group in united.groups() if len(group) > 1 or group[0] in values]
    tied = {name for group in groups if len(group) > 1 for name in group}
    tied |= {one for name, others in held.items() if others for one in (name, *others)}
    apart = {(name, owners[part]) for name in fixed for part in below[name] & owners.keys()}
    return Sharing(
        groups=tuple(sorted(groups)),
        tied=frozenset(tied),
        apart=tuple(sorted(apart)),
        views=views.known,
        copied=views.apart,
    )


def _parts(
    values: Mapping[str, Any], models: Mapping[str, Any], visitor: _Visitor
) -> tuple[dict[str, set[int]], dict[str, frozenset[str]]]:
    """The mutable parts of each value and model, without what lies below other names; and those names.

    Files of models, and those in a framework's own format, cannot refer to others: they hold all that is below.
    """
    named = {id(one): name for name, one in sorted({**values, **models}.items(), reverse=True)}
    below: dict[str, set[int]] = {}
    held: dict[str, frozenset[str]] = {}
    for name, value in sorted(values.items()):
        whole = formats.adapter_of(value) is not None
        opaque = {id(model): one for one, model in models.items()} if whole else named
        others = opaque.keys() - {id(value)}
        seen = visitor.below(name, value, others)
        below[name], held[name] = seen - others, frozenset(opaque[part] for part in seen & others)
    below |= {name: visitor.below(name, models[name], set()) for name in sorted(models)}
    return below, held


def _join_circles(united: _Union, held: Mapping[str, frozenset[str]]) -> None:
    """Files that refer to each other could not be loaded one after the other."""
    while True:
        graph: dict[str, set[str]] = {}
        for name, others in held.items():
            graph.setdefault(united.of(name), set()).update({united.of(one) for one in others} - {united.of(name)})
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            first, *others = error.args[1]
            for one in others:
                united.join(first, one)
        else:
            return


class _Union:
    """Names, joined to groups."""

    def __init__(self, names: Iterable[str]) -> None:
        self._above = {name: name for name in names}

    def of(self, name: str) -> str:
        """One name of the group, the same for all of it."""
        while self._above[name] != name:
            self._above[name] = name = self._above[self._above[name]]
        return name

    def join(self, one: str, other: str) -> None:
        self._above[self.of(one)] = self.of(other)

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
        self.opaque: Collection[int] = ()
        self.arrays = Seen()
        self._name = ""  # of what is looked at
        self._alive: list[object] = []
        self._immutable: dict[type, bool] = {}

    def persistent_id(self, obj: Any) -> str | None:
        if isinstance(obj, (type, types.FunctionType, types.ModuleType)):
            return "named"
        if id(obj) in self.opaque:  # in a file of its own
            self.seen[id(obj)] = obj
            return "opaque"
        kind = type(obj)
        if kind not in self._immutable:
            self._immutable[kind] = _is_immutable(kind)
        if not self._immutable[kind]:
            if id(obj) in self.seen:
                return "seen"
            self.seen[id(obj)] = obj
            self.arrays.note(obj, self._name)
        adapter = formats.adapter_of(obj)
        return "embedded" if adapter is not None and adapter.embeds(obj) else None

    def below(self, name: str, value: Any, opaque: Collection[int]) -> set[int]:
        self.seen, self.opaque, self._name = {}, opaque, name
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
