"""Where in the executed cells a live function or class was written, however deep inside others, found by its code."""

from __future__ import annotations

import ast
import dis
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType
from typing import TYPE_CHECKING

from ..fingerprint import code_digest
from ..values import CapturedCell

if TYPE_CHECKING:
    from .cells import CellLog, LoggedCell

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Scope = Function | ast.ClassDef

_FUTURE_FLAGS = 0x1FE0000


@dataclass(frozen=True)
class Located:
    """A function or class as it was written. ``parents`` are the scopes around it, outermost first."""

    logged: LoggedCell
    node: Scope
    parents: tuple[Scope, ...] = ()


def locate_function(log: CellLog, function: FunctionType) -> Located | None:
    """The ``def`` or ``lambda`` whose code this is; None where no cell (and no unchanged script) has it."""
    digest = code_digest(function.__code__)
    for logged in _candidates(log, function.__code__):
        flags = function.__code__.co_flags & _FUTURE_FLAGS | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        found = [code for code in _codes(logged.code, flags) if code_digest(code) == digest]
        found.sort(key=lambda code: code.co_firstlineno != function.__code__.co_firstlineno)
        for code in found:
            if located := _node_of(logged, code, _codes(logged.code, flags)):
                return located
    return None


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


def digests_within(logged: LoggedCell, first: int, last: int) -> set[str]:
    """The digests of all code between two lines (from 1) of a cell."""
    codes = _codes(logged.code, ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    return {code_digest(code) for code in codes if first <= code.co_firstlineno <= last}


def name_of(node: Scope) -> str:
    return "<lambda>" if isinstance(node, ast.Lambda) else node.name


def scopes(tree: ast.AST, parents: tuple[Scope, ...] = ()) -> Iterator[tuple[Scope, tuple[Scope, ...]]]:
    """Every function, lambda and class of a tree in the order of the text, with the scopes around it."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            yield node, parents
            yield from scopes(node, (*parents, node))
        else:
            yield from scopes(node, parents)


def _candidates(log: CellLog, code: CodeType) -> Iterator[LoggedCell]:
    filename = code.co_filename
    if logged := log.by_filename(filename):
        yield logged
    elif filename.endswith(".py") and Path(filename).is_file():
        # A script of %run. That it was not changed since shows in the code, which is compared.
        yield _script(filename)
    else:  # a magic compiled its cell itself, under a name of its own
        yield from (logged for logged in log.newest_first() if "%" in logged.cell.raw)


def _script(filename: str) -> LoggedCell:
    from .cells import LoggedCell

    text = Path(filename).read_text(encoding="utf-8", errors="replace")
    return LoggedCell(CapturedCell(number=0, raw=text, code=text, filename=filename))


@functools.lru_cache(maxsize=512)
def _codes(source: str, flags: int) -> tuple[CodeType, ...]:
    """Every code object below a module's, in the order of the text."""
    try:
        module = compile(source, "<cell>", "exec", flags=flags, dont_inherit=True)
    except (SyntaxError, ValueError):
        return ()
    return tuple(_below(module))


def _below(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _below(constant)


def _node_of(logged: LoggedCell, code: CodeType, codes: tuple[CodeType, ...]) -> Located | None:
    from .sources import first_line

    def is_alike(name: str, line: int) -> bool:
        return (name, line) == (code.co_name, code.co_firstlineno)

    alike = [
        Located(logged, node, parents)
        for node, parents in scopes(logged.tree)
        if not isinstance(node, ast.ClassDef)
        and is_alike(name_of(node), node.lineno if isinstance(node, ast.Lambda) else first_line(node))
    ]
    spots = list(_spots(code)) if len(alike) > 1 else []
    if spots:
        alike = [located for located in alike if _contains(located.node, spots)]
        alike.sort(key=lambda located: _extent(located.node))
    elif len(alike) > 1:  # code without columns: all before Python 3.11, and ``lambda: 1``
        rivals = [one for one in codes if is_alike(one.co_name, one.co_firstlineno)]
        alike = [alike[rivals.index(code)]] if len(rivals) == len(alike) else []
    return alike[0] if alike else None


def _spots(code: CodeType) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Where the expressions that the code evaluates begin and end: (line, UTF-8 column)."""
    for instruction in dis.get_instructions(code):
        place = getattr(instruction, "positions", None)
        if place is not None and place.col_offset is not None and place.end_col_offset:  # 0: the function as a whole
            yield (place.lineno, place.col_offset), (place.end_lineno, place.end_col_offset)


def _contains(node: Scope, spots: list[tuple[tuple[int, int], tuple[int, int]]]) -> bool:
    """Whether all that the code does stands inside the body of ``node``."""
    body = node.body if isinstance(node, ast.Lambda) else node
    first = (body.lineno, body.col_offset)
    last = (body.end_lineno or 0, body.end_col_offset or 0)
    return all(first <= begin <= end <= last for begin, end in spots)


def _extent(node: Scope) -> tuple[int, int]:
    return (node.end_lineno or 0) - node.lineno, (node.end_col_offset or 0) - node.col_offset
