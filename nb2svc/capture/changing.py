"""What calls of the service change: it works, but each worker changes its own, and a restart begins anew."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..values import Definition, LiveObjects, Problem
from .found import Found

LARGEST = 4 * 2**20  # bytes of an object's file; beyond, looking twice would take longer than it is worth
_HINT = "keep it in a database or a file if all workers must see the same, or serve with one worker"


def written_globals(found: Found) -> list[Problem]:
    """A warning for each global that a function of the service declares in order to assign it."""
    written: dict[str, Definition] = {}
    for definition in found.definitions:
        if definition.kind in {"function", "class"}:  # a startup cell binds its names once
            for name in _declared(definition.source):
                written.setdefault(name, definition)
    return [
        Problem(message=f"{_changes(name)} by {definition.name}", hint=_HINT, where=definition.where)
        for name, definition in written.items()
    ]


def state(
    namespace: Mapping[str, Any], definitions: Sequence[Definition], objects: Sequence[LiveObjects]
) -> dict[str, str]:
    """What the service holds, by name, as texts to compare: constants, functions with what they hold, small objects."""
    held = {one.name: repr(namespace.get(one.name)) for one in definitions if one.kind == "constant"}
    held |= {one.name: repr(one.fingerprint) for one in definitions if one.fingerprint}
    small = (each for each in objects if each.artifact.size <= LARGEST)
    return held | {name: each.artifact.sha256 for each in small for name in each.names}


def changes(
    before: Mapping[str, str], after: Mapping[str, str], definitions: Sequence[Definition], known: Sequence[Problem]
) -> list[Problem]:
    """A warning for each name that the examples' calls changed and that no warning of ``known`` names already."""
    places = {one.name: one.where for one in definitions}
    return [
        Problem(message=f"{_changes(name)} by the examples' calls", hint=_HINT, where=places[name])
        for name, text in before.items()
        if after.get(name, text) != text and not any(_changes(name) in problem.message for problem in known)
    ]


def _changes(name: str) -> str:
    return f"{name} is changed, in each worker for itself,"


def _declared(source: str) -> Iterator[str]:
    try:
        tree = ast.parse(source)
    except SyntaxError:  # only an async comprehension or the like at the top level; it declares nothing
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            yield from node.names
