"""What the notebook has marked: models, endpoints and startup cells, in the order in which they first came."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from ..values import Where
from .inputs import Inputs
from .options import EndpointOptions, ModelOptions
from .schema import Body
from .schema_module import Schema


@dataclass(frozen=True, kw_only=True)
class MarkedModel:
    """A variable under ``%%serve_model``. ``example`` is the live value of its expression, or None."""

    options: ModelOptions
    public: str
    value: Any
    methods: tuple[str, ...]
    example: Any
    inputs: Inputs  # as learned when the cell ran
    alone: tuple[tuple[str, str], ...] = ()  # (method, why) of those whose concurrent calls must stay apart
    where: Where
    cell_id: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        return ("model", self.public)


@dataclass(frozen=True, kw_only=True)
class MarkedEndpoint:
    """A handler under ``%%endpoint``. ``requests`` are its examples as requests."""

    options: EndpointOptions
    public: str
    handler: str
    function: Callable[..., Any]
    method: str
    path: str
    requests: tuple[dict[str, Any], ...]
    body: Body | None
    parameters: Schema | None
    where: Where
    cell_id: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        return ("endpoint", self.public)


@dataclass(frozen=True, kw_only=True)
class MarkedStartup:
    """A cell under ``%%startup``: its code, and the names it binds."""

    handler: str
    source: str  # the cell's code, without the magic line
    names: tuple[str, ...]
    where: Where
    postponed: bool = False  # its annotations are texts
    cell_id: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        return ("startup", self.handler)


Marked = MarkedModel | MarkedEndpoint | MarkedStartup


@dataclass(frozen=True)
class Registry:
    """An immutable list of marks: a capture that fails simply never becomes the current one."""

    marks: tuple[Marked, ...] = ()

    def __iter__(self) -> Iterator[Marked]:
        return iter(self.marks)

    @property
    def models(self) -> tuple[MarkedModel, ...]:
        return tuple(mark for mark in self.marks if isinstance(mark, MarkedModel))

    @property
    def endpoints(self) -> tuple[MarkedEndpoint, ...]:
        return tuple(mark for mark in self.marks if isinstance(mark, MarkedEndpoint))

    @property
    def startups(self) -> tuple[MarkedStartup, ...]:
        return tuple(mark for mark in self.marks if isinstance(mark, MarkedStartup))

    def put(self, mark: Marked) -> Registry:
        """With ``mark``, and without what it takes the place of; it stands where that stood."""
        replaced = [index for index, old in enumerate(self.marks) if _replaces(mark, old)]
        kept = [old for old in self.marks if not _replaces(mark, old)]
        kept.insert(replaced[0] if replaced else len(kept), mark)
        return replace(self, marks=tuple(kept))

    def without(self, key: tuple[str, str]) -> Registry:
        return replace(self, marks=tuple(mark for mark in self.marks if mark.key != key))

    def without_cells(self, cell_ids: set[str]) -> Registry:
        """Without what cells defined that are no longer in the notebook."""
        return replace(self, marks=tuple(mark for mark in self.marks if mark.cell_id not in cell_ids))

    def replaced_by(self, mark: Marked) -> tuple[Marked, ...]:
        return tuple(old for old in self.marks if _replaces(mark, old))


def _replaces(new: Marked, old: Marked) -> bool:
    """The same cell run again (whatever it defines now), the same name, or the same method and path."""
    if new.cell_id is not None and new.cell_id == old.cell_id:
        return True
    if new.key == old.key:
        return True
    if isinstance(new, MarkedEndpoint) and isinstance(old, MarkedEndpoint):
        return (new.method, new.path) == (old.method, old.path)
    if isinstance(new, MarkedStartup) and isinstance(old, MarkedStartup):
        return new.source == old.source
    return isinstance(new, MarkedModel) and isinstance(old, MarkedModel) and _variable(new) == _variable(old)


def _variable(mark: MarkedModel) -> str:
    return mark.options.variable
