"""What following the names of a service found."""

from __future__ import annotations

import copyreg
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..fingerprint import Find, fingerprint
from ..pickled import held
from ..values import Definition, HelperModule, Problem
from .objects import References
from .ordering import Node, in_order
from .views import View


@dataclass
class Found:
    """What the names of a service need. ``objects`` maps a name to the live object that is pickled for it."""

    nodes: dict[str, Node] = field(default_factory=dict)
    imports: dict[str, tuple[str, ...]] = field(default_factory=dict)
    modules: set[str] = field(default_factory=set)
    helpers: dict[str, HelperModule] = field(default_factory=dict)
    objects: dict[str, Any] = field(default_factory=dict)
    constants: dict[str, Any] = field(default_factory=dict)  # literals that hold lists, dicts or sets
    object_references: dict[str, References] = field(default_factory=dict)
    object_groups: tuple[tuple[str, ...], ...] = ()  # names of objects, and variables of models, that share parts
    views: Mapping[int, View] = field(default_factory=dict)  # arrays that see the memory of others, by id
    live: dict[str, Any] = field(default_factory=dict)  # functions and classes, by the name they have in the project
    model_references: dict[str, References] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)  # path in the project → data file of a helper module
    environment: set[str] = field(default_factory=set)
    set_here: dict[str, str] = field(default_factory=dict)  # environment variables that cells set
    secrets: dict[str, str] = field(default_factory=dict)  # environment variable → value; never leaves the kernel
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    @property
    def definitions(self) -> tuple[Definition, ...]:
        """In the order in which they must stand."""
        return in_order(self.nodes)

    def with_fingerprints(self, find: Find, models: Mapping[str, Any]) -> tuple[Definition, ...]:
        """``definitions``, each that is captured as it lives with its fingerprint of this moment; ``models`` are the
        served ones by their variables.
        """
        return tuple(self._with_fingerprint(one, find, models) for one in self.definitions)

    def _with_fingerprint(self, one: Definition, find: Find, models: Mapping[str, Any]) -> Definition:
        saved = {**models, **self.objects}
        live = {**self.constants, **self.objects, **self.live}
        references = [*self.object_references.values(), *self.model_references.values()]
        told = {attribute for each in references for attribute in each.left_out}
        also = {attribute for each in references for attribute in each.set_on}
        texts = held(saved[one.name], find, self.helpers, also) if one.name in saved else {}
        is_alive = one.name in live and type(live[one.name]) not in copyreg.dispatch_table  # else told by ``held``
        return replace(
            one,
            fingerprint=fingerprint(live[one.name], find) if is_alive else {},
            held={what: text for what, text in texts.items() if what not in told},
        )

    def import_lines(self) -> tuple[str, ...]:
        return tuple(sorted({line for lines in self.imports.values() for line in lines}))


@dataclass(frozen=True)
class Served:
    """A served model as the closure needs to know it."""

    public: str
    variable: str
    value: Any
    format: str = "auto"
