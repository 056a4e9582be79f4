"""A notebook as a list of executions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Execution:
    """One run of a cell: ``deleted`` are cells that were taken out of the notebook before it."""

    id: str
    source: str
    deleted: tuple[str, ...] = ()


@dataclass(frozen=True)
class Notebook:
    """What was executed, in order, and the values of ``x`` that handlers are asked beside their examples."""

    executions: tuple[Execution, ...]
    inputs: tuple[int, ...] = field(default=(0, 1, -2, 5))

    def __str__(self) -> str:
        return "\n\n".join(_told(self.executions))


def _told(executions: Iterable[Execution]) -> Iterable[str]:
    """The form of the case folders: the same id again is a cell that was run again."""
    for each in executions:
        gone = f"  (deleted by now: {', '.join(each.deleted)})" if each.deleted else ""
        yield f"# %% [{each.id}]{gone}\n{each.source}"
