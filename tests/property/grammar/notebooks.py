"""Cells, and what people do with them: run again, edit, delete, in any order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hypothesis import strategies as st
from notebook import Execution, Notebook

from . import classes, functions, magics, marked, patterns, statements
from .expressions import observation
from .functions import indented
from .scope import Author

Statement = Callable[[Author], str]
Table = tuple[tuple[Statement, int, tuple[str, ...]], ...]

# What each statement needs to be bound already, and how often it is written.
STATEMENTS: Table = (
    (statements.bind_number, 9, ()),
    (statements.augment_number, 2, ("number",)),
    (statements.swap, 1, ("number",)),
    (statements.bind_list, 4, ()),
    (statements.change_list, 3, ("list",)),
    (statements.bind_dict, 3, ()),
    (statements.change_dict, 2, ("dict",)),
    (statements.bind_text, 1, ()),
    (statements.delete, 1, ("number",)),
    (statements.import_, 2, ()),
    (statements.conditional, 2, ()),
    (statements.loop, 2, ()),
    (statements.guarded, 1, ()),
    (statements.only_in_the_notebook, 1, ()),
    (functions.function, 12, ()),
    (functions.decorator, 3, ()),
    (functions.factory, 3, ()),
    (functions.made_by_factory, 3, ("factory",)),
    (functions.shared_cell, 1, ()),
    (functions.lambdas, 4, ()),
    (functions.generator, 2, ()),
    (functions.derived, 2, ("function",)),
    (functions.library_function, 1, ()),
    (functions.collected, 1, ("function",)),
    (functions.attribute, 1, ("function",)),
    (classes.class_, 9, ()),
    (classes.object_, 6, ("class",)),
    (classes.objects_apart, 1, ("class",)),
    (classes.object_attribute, 2, ("object",)),
    (classes.monkeypatch, 2, ("class",)),
    (classes.patch_object, 1, ("object",)),
    (classes.call_with_effect, 3, ("function",)),
    (classes.record, 3, ()),
    (classes.record_object, 1, ("record",)),
    (classes.enum, 2, ()),
    (patterns.registry, 2, ()),
    (patterns.counting_class, 2, ()),
    (patterns.registering_class, 1, ()),
    (patterns.kept_default, 1, ()),
    (patterns.counted_calls, 1, ()),
    (patterns.shared_in_object, 1, ("list", "class")),
    (patterns.held_in_dict, 2, ("function", "class")),
    (patterns.class_that_holds, 2, ("number", "function")),
    (patterns.accumulated, 1, ()),
    (patterns.copied_state, 2, ()),
    (patterns.saved_class, 2, ()),
    (marked.estimator, 3, ()),
    (marked.fitted, 3, ("estimator",)),
    (marked.refitted, 2, ("model",)),
    (marked.filler, 1, ()),
    (marked.fill, 1, ()),
    (marked.refill, 1, ("filled",)),
    (magics.line_magic, 3, ()),
    (magics.lines, 1, ()),
    (magics.timed_function, 1, ()),
)

# What a startup cell is made of: mostly what one needs it for.
AT_START: Table = (
    (marked.fill, 6, ()),
    (marked.call_filler, 6, ("filler",)),
    (statements.bind_number, 1, ()),
    (statements.bind_list, 2, ()),
    (statements.bind_dict, 2, ()),
    (statements.change_list, 1, ("list",)),
    (classes.object_, 2, ("class",)),
    (functions.function, 1, ()),
)

# First lines, and what is a cell by itself.
WHOLE: Table = ((marked.startup, 0, ()), (magics.cell_magic, 0, ()), (marked.served_model, 0, ("estimator",)))
NEEDS = {make: needs for make, _, needs in (*STATEMENTS, *AT_START, *WHOLE)}

IMPORTS = "import collections, dataclasses, enum, functools, math, typing"
MOST_CELLS = 9
TAPE = 2_000  # bytes, about one for each word


@dataclass(frozen=True)
class Cell:
    """A cell with what its statements are, so that it can be edited: the same things, written anew."""

    id: str
    source: str
    makers: tuple[Statement, ...]


class Writer:
    """Writes one notebook."""

    def __init__(self, tape: bytes) -> None:
        self.author = Author(iter(tape))
        self.cells: list[Cell] = []
        self.deleted: list[str] = []
        self.executions: list[Execution] = []

    def write(self) -> Notebook:
        self._run("imports", IMPORTS)
        for _ in range(self.author.integer(1, MOST_CELLS)):
            self._step()
        handler = self._endpoint("handler")
        for _ in range(self.author.weighted({0: 5, 1: 2, 2: 1})):
            self._step()
        if self.author.chance(20):
            self._endpoint("second")
        if self.author.chance(15):
            self._run(*handler)
        return Notebook(tuple(self.executions))

    def _step(self) -> None:
        live = [cell for cell in self.cells if cell.id not in self.deleted]
        action = self.author.weighted({"new": 12, "edit": 4, "again": 3, "delete": 2} if live else {"new": 1})
        if action == "new":
            self._new(f"c{len(self.cells) + 1}", self._makers())
        elif action == "edit":
            cell = self.author.pick(live)
            self._new(cell.id, cell.makers)
        elif action == "again":
            cell = self.author.pick(live)
            self._run(cell.id, cell.source)
        else:
            self.deleted.append(self.author.pick(live).id)

    def _makers(self) -> tuple[Statement, ...]:
        forms = {"plain": 14, "magic": 2, "startup": 2} | ({"model": 3} if self.author.has("estimator") else {})
        form = self.author.weighted(forms)
        if form == "model":
            return (marked.served_model,)
        if form == "startup":
            return (marked.startup, *self._some(AT_START))
        return (magics.cell_magic, *self._some(STATEMENTS)) if form == "magic" else self._some(STATEMENTS)

    def _some(self, table: Table) -> tuple[Statement, ...]:
        known = {make: weight for make, weight, needs in table if self.author.has(*needs)}
        return tuple(self.author.weighted(known) for _ in range(self.author.weighted({1: 4, 2: 2, 3: 1})))

    def _new(self, cell_id: str, makers: tuple[Statement, ...]) -> None:
        source = "\n".join(self._made(makers))
        cell = Cell(cell_id, source, makers)
        self.cells = [*(one for one in self.cells if one.id != cell_id), cell]
        self._run(cell_id, source)

    def _made(self, makers: tuple[Statement, ...]) -> Iterator[str]:
        for make in makers:
            if self.author.has(*NEEDS[make]):  # an edit may have taken it away
                yield make(self.author)
                self.author.settle()

    def _run(self, cell_id: str, source: str) -> tuple[str, str]:
        self.executions.append(Execution(cell_id, source, tuple(self.deleted)))
        return cell_id, source

    def _endpoint(self, name: str) -> tuple[str, str]:
        author = self.author
        seen = ", ".join(observation(author, ("x",)) for _ in range(author.integer(2, 4)))
        parameter = author.pick(["x: int", "x"])
        prefix = author.weighted({"": 8, "async ": 1})
        lines = f"{prefix}def {name}({parameter}):\n{indented(f'return [{seen}]')}"
        return self._run(name, f'%%endpoint --example {{"x": {author.pick([2, 0, 3])}}}\n{lines}')


def notebooks() -> st.SearchStrategy[Notebook]:
    """Notebooks with one or two endpoints.

    One draw each: Hypothesis makes five variations of every example that has parts, which differ too little here to
    be worth their run.
    """
    return st.binary(min_size=TAPE, max_size=TAPE).map(lambda tape: Writer(tape).write())
