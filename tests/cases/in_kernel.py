"""A case in a real kernel: its cells as a front end sends them, then the export in that same kernel."""

from __future__ import annotations

import re
import shutil
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from case_folder import EXPORT, Case, Cell
from forked_kernels import KernelForks
from live import Kernel, LiveKernel, Outcome
from machines import Machine, prepared

LOAD = Cell("load", "%load_ext nb2svc")
EXPORT_SECONDS = 280  # a lock that is not cached is resolved first
# What the service is made of: equal before and after a cell that was refused.
SERVICE = "print([(mark.key, id(mark)) for mark in __import__('nb2svc').service._current()])"


@dataclass
class Run:
    """What came of a case in its kernel."""

    case: Case
    machine: Machine
    steps: list[tuple[Cell, Outcome]] = field(default_factory=list)
    project: Path | None = None  # where it was exported
    before: str = ""  # the service before and after the last cell
    after: str = ""

    @property
    def stopped_at(self) -> str:
        """The id of the cell that did otherwise than it should, ``export``, or "" where all went well."""
        cell, outcome = self.steps[-1]
        return cell.id if outcome.ok == cell.fails else ""

    @property
    def error(self) -> str:
        return self.steps[-1][1].error

    @property
    def shown(self) -> str:
        return "\n".join(outcome.text for _, outcome in self.steps)

    def transcript(self) -> str:
        """Each cell with what it gave, as a person reads it."""
        parts = [f"{self.case.name}: {self.case.sentence}"]
        for cell, outcome in self.steps:
            said = [_indented(_settled(outcome.text)), _indented(outcome.error)]
            parts.append("\n".join([f"[{cell.id}] {outcome.status}", cell.source, *filter(None, said)]))
        return "\n\n".join(parts) + "\n"


def run(case: Case, folder: Path, started: ExitStack, forks: KernelForks) -> Run:
    """Run the case's notebook in ``folder``, up to its end or the first cell that fails.

    ``started`` ends what the case's machine consists of. The kernel is one of ``forks``, but where the case says what
    it finds when it starts: a machine, variables, or when nb2svc is loaded.
    """
    place = folder / "notebook"
    place.mkdir()
    for path in case.files:
        copy = shutil.copytree if path.is_dir() else shutil.copy2
        copy(path, place / path.name)
    found = Run(case, prepared(case, place, started))
    its_own = case.machine or case.expected.env or LOAD.id in {cell.id for cell in case.cells}
    machine = found.machine
    kernel: Kernel = LiveKernel(str(place), machine.env, machine.python) if its_own else forks.kernel(str(place))
    try:
        _run(kernel, case, place, found)
    finally:
        kernel.close()
    return found


def _run(kernel: Kernel, case: Case, place: Path, found: Run) -> None:
    cells = case.cells if any(cell.id == LOAD.id for cell in case.cells) else (LOAD, *case.cells)
    project = place.parent / "project"
    export = Cell(EXPORT, f"%nb2svc export {case.expected.export} {project}".replace("  ", " "))
    deleted: tuple[str, ...] = ()
    for cell in (*cells, export):
        refusing = cell.id == case.expected.cell
        found.before = kernel.run_hidden(SERVICE).text if refusing else ""
        deleted += cell.deletes
        outcome = kernel.run(cell.source, cell.id, deleted=deleted, timeout=EXPORT_SECONDS)
        found.after = kernel.run_hidden(SERVICE).text if refusing else ""
        found.steps.append((cell, outcome))
        if found.stopped_at:
            return
    found.project = project


def _settled(text: str) -> str:
    """Without the states of a progress display that later ones replaced."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("…")]
    return "\n".join(dict.fromkeys(lines))


def _indented(text: str) -> str:
    return re.sub("^", "    ", text, flags=re.MULTILINE) if text else ""
