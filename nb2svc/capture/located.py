"""Where in the executed cells a live function or class was written, however deep inside others, found by its code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType
from typing import TYPE_CHECKING

from ..fingerprint import FUTURE_FLAGS, Find, Scope, codes_of, name_of, node_of, scopes
from ..values import CapturedCell
from .codes import code_digest
from .executed import text_when_run

if TYPE_CHECKING:
    from .cells import CellLog, LoggedCell


@dataclass(frozen=True)
class Located:
    """A function or class as it was written. ``parents`` are the scopes around it, outermost first."""

    logged: LoggedCell
    node: Scope
    parents: tuple[Scope, ...] = ()


def locate_function(log: CellLog, function: FunctionType) -> Located | None:
    """The ``def`` or ``lambda`` whose code this is; None where no cell (and no unchanged script) has it."""
    own = function.__code__
    for logged in _candidates(log, own):
        flags = own.co_flags & FUTURE_FLAGS | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        codes = codes_of(logged.code, flags)
        for code in _alike(own, codes):
            if found_node := node_of(logged.tree, code, codes):
                return Located(logged, *found_node)
    return None


def _alike(own: CodeType, codes: tuple[CodeType, ...]) -> Iterator[CodeType]:
    """Those of ``codes`` that do what ``own`` does, those of its own line first."""
    yield from (code for code in codes if code == own)  # mostly there is one, and nobody asks for the others
    digest = code_digest(own)
    found = [code for code in codes if code_digest(code) == digest]
    yield from sorted(found, key=lambda code: code.co_firstlineno != own.co_firstlineno)


def find_in(log: CellLog) -> Find:
    """Finds the syntax of live functions in the executed cells."""

    def find(function: FunctionType) -> Scope | None:
        located = locate_function(log, function)
        return located.node if located else None

    return find


def locate_class(log: CellLog, kind: type) -> Located | None:
    """The ``class`` statement inside a function that made ``kind``; the newest where several could have."""
    methods = [one.__code__ for one in vars(kind).values() if isinstance(one, FunctionType)]
    path = [part for part in kind.__qualname__.split(".") if part != "<locals>"]
    for logged in log.newest_first():
        if kind.__name__ not in logged.code:
            continue
        for node, parents in scopes(logged.tree):
            is_class = isinstance(node, ast.ClassDef) and [*map(name_of, parents), node.name] == path
            if is_class and all(_holds(logged, node, code) for code in methods):
                return Located(logged, node, parents)
    return None


def _holds(logged: LoggedCell, node: Scope, code: CodeType) -> bool:
    """Whether this method may come from this class: generated ones (of dataclasses) come from no cell at all."""
    if code.co_filename != logged.cell.filename:
        return not code.co_filename.startswith(("/", "<ipython-input"))
    return node.lineno <= code.co_firstlineno <= (node.end_lineno or node.lineno)


def stands_within(logged: LoggedCell, node: Scope, own: CodeType) -> bool:
    """Whether code is that of a function in the lines of ``node``, a scope of the cell."""
    first, last = node.lineno, node.end_lineno or node.lineno
    codes = codes_of(logged.code, own.co_flags & FUTURE_FLAGS | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    within = tuple(code for code in codes if first <= code.co_firstlineno <= last)
    return next(_alike(own, within), None) is not None


def _candidates(log: CellLog, code: CodeType) -> Iterator[LoggedCell]:
    filename = code.co_filename
    if filename == "<string>":
        # exec, or generated as the methods of a dataclass are: no cell has it, whatever looks the same; %%prun's has
        yield from (logged for logged in log.newest_first() if logged.cell.raw.lstrip().startswith("%%prun"))
        return
    if logged := log.by_filename(filename):
        yield logged
    elif filename.endswith(".py") and (text_when_run(filename) or Path(filename).is_file()):
        # A script of %run. Where its text was not seen when it ran, an edit since shows in the code, which is compared.
        yield _script(filename)
    else:  # a magic compiled its cell itself, or the cell ran before we came: their names for it are not known
        yield from (logged for logged in log.newest_first() if code.co_name in logged.code or "lambda" in logged.code)


def _script(filename: str) -> LoggedCell:
    from .cells import LoggedCell

    text = (text_when_run(filename) or Path(filename).read_bytes()).decode("utf-8", "replace").replace("\r\n", "\n")
    return LoggedCell(CapturedCell(number=0, raw=text, code=text, filename=filename))
