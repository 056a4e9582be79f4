"""The order in which definitions must stand: the notebook's own, unless one needs another to be there first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..values import Definition


@dataclass(frozen=True)
class Node:
    """A definition with the names it needs while it is being defined, and those only its calls need."""

    definition: Definition
    position: tuple[int, int]  # cell, line: the notebook's own order
    at_definition: frozenset[str] = frozenset()
    when_called: frozenset[str] = frozenset()
    postponed: bool = False  # its annotations are texts, as ``from __future__ import annotations`` has it


def in_order(nodes: Mapping[str, Node]) -> tuple[Definition, ...]:
    """Definitions in an order that runs.

    What a definition needs at once goes before it, together with all that *that* may call: a decorator runs while
    the function below it is defined. Functions that call each other may stand in any order.
    """
    placed: dict[str, Definition] = {}
    being_placed: set[str] = set()

    def place(name: str) -> None:
        node = nodes.get(name)
        if node is None or name in placed or name in being_placed:
            return
        being_placed.add(name)
        for needed in _sorted(node.at_definition, nodes):
            for deep in reachable(needed, nodes):
                place(deep)
            place(needed)
        being_placed.discard(name)
        placed[name] = node.definition

    for name in _sorted(frozenset(nodes), nodes):
        place(name)
    return tuple(placed.values())


def _sorted(names: frozenset[str], nodes: Mapping[str, Node]) -> list[str]:
    return sorted((name for name in names if name in nodes), key=lambda name: (nodes[name].position, name))


def reachable(name: str, nodes: Mapping[str, Node]) -> list[str]:
    """All that a call of ``name`` may need, in the notebook's order."""
    seen: set[str] = set()
    stack = [name]
    while stack:
        node = nodes.get(stack.pop())
        if node is None:
            continue
        for needed in node.at_definition | node.when_called:
            if needed not in seen:
                seen.add(needed)
                stack.append(needed)
    return _sorted(frozenset(seen - {name}), nodes)
