"""What calls of the service change: it works, but each worker changes its own, and a restart begins anew."""

from __future__ import annotations

import ast
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..values import Definition, LiveObjects, Problem, Where
from .dumping import dump_groups
from .found import Found
from .located import find_in

if TYPE_CHECKING:
    from .registry import MarkedModel
    from .spec import LiveKernel

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


class Watch:
    """Looks at what the service holds now, and once more when the examples have been asked.

    Constants, functions with what they hold, and small objects are compared.
    """

    def __init__(
        self,
        found: Found,
        kernel: LiveKernel,
        models: Sequence[MarkedModel],
        definitions: Sequence[Definition],
        objects: Sequence[LiveObjects],
    ) -> None:
        self._found, self._kernel, self._models = found, kernel, models
        groups = zip(found.object_groups, objects, strict=True)
        small = {names: one for names, one in groups if one.artifact.size <= LARGEST}
        self._groups = list(small)
        self._where = {one.name: one.where for one in definitions}
        self._before = state(kernel.namespace, definitions, list(small.values()))

    def changes(self) -> list[Problem]:
        """A warning for each name that the examples' calls changed and that no other warning names already."""
        known = [problem.message for problem in self._found.warnings]
        return [
            Problem(
                message=f"{_changes(name)} by the examples' calls", hint=_HINT, where=self._where.get(name, Where())
            )
            for name in differing(self._before, self._after())
            if not any(_changes(name) in message for message in known)
        ]

    def _after(self) -> dict[str, str]:
        definitions = self._found.with_fingerprints(find_in(self._kernel.log))
        # What calls made of an object may be no pickle any more, for whatever reason: the next export says so.
        with tempfile.TemporaryDirectory() as folder, suppress(Exception):
            objects = dump_groups(self._groups, self._models, self._found, Path(folder))
            return state(self._kernel.namespace, definitions, objects)
        return state(self._kernel.namespace, definitions, [])


def state(
    namespace: Mapping[str, Any], definitions: Sequence[Definition], objects: Sequence[LiveObjects]
) -> dict[str, str]:
    """What the service holds, by name, as texts to compare."""
    held = {one.name: repr(namespace.get(one.name)) for one in definitions if one.kind == "constant"}
    held |= {one.name: repr(one.fingerprint) for one in definitions if one.fingerprint}
    return held | {name: each.artifact.sha256 for each in objects for name in each.names}


def differing(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """The names whose text is another one afterwards."""
    return [name for name, text in before.items() if after.get(name, text) != text]


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
