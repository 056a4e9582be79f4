"""Names that were rebound after a definition had used them in its decorators, defaults, bases or annotations.

The kernel's function keeps the default, the base class and the annotation that it was defined with, whatever their
names mean by now. A module that is run from top to bottom would give it the newest ones.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import FunctionType
from typing import Any, Literal

from ..fingerprint import fingerprint, first_line
from . import literals
from .cells import Binding, CellLog, LoggedCell, bound_names
from .located import find_in

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Then:
    """What a name meant when a statement ran: what it means now, another ``value``, or something that is gone."""

    state: Literal["same", "again", "other", "gone"]  # again: a class whose cell ran again, unchanged
    value: Any = None
    cell: int | None = None  # where it had got that value


SAME = Then("same")
_DELETED = object()


def names_used_at_once(node: ast.AST, *, annotations: bool) -> Iterator[ast.Name]:
    """The names that a statement reads while it runs, not only when its functions are called."""
    if isinstance(node, (*_FUNCTIONS, ast.Lambda)):
        parts: list[ast.AST | None] = [*node.args.defaults, *node.args.kw_defaults]
        if isinstance(node, _FUNCTIONS):
            parts += node.decorator_list
            parts += [*_annotations(node)] if annotations else []
    elif isinstance(node, ast.AnnAssign) and not annotations:
        parts = [node.value]
    else:
        parts = list(ast.iter_child_nodes(node))
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield node
    for part in parts:
        if part is not None:
            yield from names_used_at_once(part, annotations=annotations)


def _annotations(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.expr]:
    arguments = node.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    yield from (one.annotation for one in every if one is not None and one.annotation is not None)
    if node.returns is not None:
        yield node.returns


def then(log: CellLog, namespace: Mapping[str, Any], name: str, binding: Binding) -> Then:
    """What ``name`` meant when the statement ``binding`` ran."""
    own = name in bound_names(binding.node)  # ``class B(B)``: what it was before
    before = _before(log, name, binding, rebound=own or name not in namespace)
    if before is None:
        return SAME  # never rebound since, or not by a cell
    earlier, statement = before
    value = namespace.get(name, _DELETED)
    if statement is None or earlier.holds(name, value):
        return SAME
    written = _literal(statement, name)
    if written is not None:
        if literals.equal(written[0], value):
            return SAME
        return Then("other", written[0], earlier.cell.number) if literals.is_atom(written[0]) else Then("gone")
    return _object_then(log, earlier, statement, name, value)


def _object_then(log: CellLog, earlier: LoggedCell, statement: ast.stmt, name: str, value: object) -> Then:
    """The same for what is no literal: it is known as long as something holds it."""
    old = _alive(earlier, name) if statement is _last(earlier, name) else None
    if old is None:
        now = log.binding(name, value)
        unchanged = now is not None and ast.dump(now.node) == ast.dump(statement)
        return SAME if unchanged else Then("gone", cell=earlier.cell.number)
    if same_version(log, old, value):
        return Then("again", cell=earlier.cell.number) if isinstance(old, type) else SAME
    return Then("other", old, earlier.cell.number)


def _before(log: CellLog, name: str, binding: Binding, *, rebound: bool) -> tuple[LoggedCell, ast.stmt | None] | None:
    """The statement that had given ``name`` its value when ``binding`` ran; None where nothing rebound it since."""
    reached = False
    for logged in log.binding_cells(name, and_=binding.logged.cell):
        if logged.cell is binding.logged.cell:
            reached = True
            here = logged.binders.get(name, [])
            rebound = rebound or any(first_line(node) > first_line(binding.node) for node in here)
            above = [node for node in here if first_line(node) < first_line(binding.node)]
            if not rebound:
                return None
            if above:
                return logged, above[-1]
        elif name in logged.bound:
            if reached:
                return logged, _last(logged, name)
            rebound = True
    return None


def _last(logged: LoggedCell, name: str) -> ast.stmt | None:
    return next(reversed(logged.binders.get(name, [])), None)


def _literal(statement: ast.stmt, name: str) -> tuple[Any] | None:
    """The value of ``name = <literal>``, in a tuple; None where the statement is none."""
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    if isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    value = getattr(statement, "value", None)
    if len(targets) != 1 or not isinstance(targets[0], ast.Name) or targets[0].id != name or value is None:
        return None
    try:
        return (ast.literal_eval(value),)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None


def _alive(logged: LoggedCell, name: str) -> Any:
    kept = logged.bound.get(name)
    return None if kept is None or isinstance(kept, int) else kept()


def same_version(log: CellLog, old: object, new: object) -> bool:
    """Whether two classes, or two functions, are one that was defined twice."""
    kinds = (type, FunctionType)
    if not (isinstance(old, kinds) and isinstance(new, kinds)):
        return False
    return isinstance(old, type) == isinstance(new, type) and fingerprint(old, find_in(log)) == fingerprint(
        new, find_in(log)
    )
