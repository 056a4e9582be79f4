"""What startup cells bound and later cells changed: the service begins with what the startup cells make."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..values import Problem
from .registry import MarkedStartup, Registry


class Started:
    """Remembers how startup cells left what they bound. What our own examples change is no cell's doing."""

    def __init__(self) -> None:
        self.changed: frozenset[str] = frozenset()
        self._left: dict[str, str] = {}

    def look(self, namespace: Mapping[str, Any]) -> None:
        """Note what cells changed since :meth:`rest`."""
        now = _digests(self._left, namespace)
        self.changed |= {name for name, before in self._left.items() if now.get(name, before) != before}

    def rest(self, registry: Registry, namespace: Mapping[str, Any], *, again: Iterable[str] = ()) -> None:
        """From here on, what changes is a cell's doing; ``again`` was just bound by a startup cell."""
        names = {name for one in registry.startups for name in one.names}
        self.changed = (self.changed & names) - {*again}
        self._left = _digests(names, namespace)


def _digests(names: Iterable[str], namespace: Mapping[str, Any]) -> dict[str, str]:
    from .state import digest  # here, for it takes the whole of capture to pickle

    return {name: digest(namespace[name]) for name in names if name in namespace}


def warnings(startups: Iterable[MarkedStartup], changed: frozenset[str]) -> list[Problem]:
    """One for each name that is no longer what its startup cell made of it."""
    return [
        Problem(
            message=f"{name} was changed by a cell since this startup cell ran: the service begins without that",
            hint="change it in the startup cell, or run the startup cell again",
            where=one.where,
        )
        for one in startups
        for name in one.names
        if name in changed
    ]
