"""What startup cells read or bound, and later cells changed: the service begins with what the startup cells make of
the values of now.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ..values import Problem
from .registry import MarkedStartup, Registry
from .startup import read_first


class Started:
    """Remembers what startup cells read, and how they left what they bound.

    What our own examples change is no cell's doing.
    """

    def __init__(self) -> None:
        self.changed: frozenset[str] = frozenset()
        self._left: dict[str, str] = {}

    def look(self, namespace: Mapping[str, Any]) -> None:
        """Note what cells changed since :meth:`rest`."""
        now = _digests(self._left, namespace)
        self.changed |= {name for name, before in self._left.items() if now.get(name, before) != before}

    def rest(self, registry: Registry, namespace: Mapping[str, Any], *, ran: Iterable[MarkedStartup] = ()) -> None:
        """From here on, what changes is a cell's doing; ``ran`` are startup cells that have just run."""
        names = {name for one in registry.startups for name in (*one.names, *read_first(one.source))}
        again = {name for one in ran for name in (*one.names, *read_first(one.source))}
        self.changed = (self.changed & names) - again
        self._left = _digests(names, namespace)


def _digests(names: Iterable[str], namespace: Mapping[str, Any]) -> dict[str, str]:
    from .state import digest  # here, for it takes the whole of capture to pickle

    return {name: digest(namespace[name]) for name in names if name in namespace}


def warnings(startups: Iterable[MarkedStartup], changed: frozenset[str], used: Collection[str]) -> list[Problem]:
    """One for each name that is no longer what a startup cell read, or made of it; ``used`` are those of the latter
    that the service uses.
    """
    found = []
    for one in startups:
        since = "was changed by a cell since this startup cell ran: the service"
        for name in sorted(changed & {*one.names} & {*used}):
            hint = "change it in the startup cell, or run the startup cell again"
            found.append(Problem(message=f"{name} {since} begins without that", hint=hint, where=one.where))
        for name in sorted(changed & read_first(one.source) - {*one.names}):
            hint = "run the startup cell again"
            found.append(Problem(message=f"{name} {since} runs it with the {name} of now", hint=hint, where=one.where))
    return found


def problems(registry: Registry) -> list[Problem]:
    """What a startup cell reads although only itself or a later one binds it: in the service it is not there yet."""
    found: list[Problem] = []
    bound: set[str] = set()
    every = {name for one in registry.startups for name in one.names}
    for one in registry.startups:
        for name in sorted(read_first(one.source) & every - bound):
            message = f"this startup cell reads {name}, which no startup cell before it binds"
            hint = f"bind {name} in this cell first, or in a startup cell that was run before it"
            found.append(Problem(message=message, hint=hint, where=one.where))
        bound |= {*one.names}
    return found
