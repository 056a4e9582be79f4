"""A live value on its way into ``service/notebook.py``, and the source of the statement that made it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import FunctionType
from typing import TYPE_CHECKING, Any

from ..fingerprint import Function, first_line
from ..values import Where
from . import literals, versions
from .names import names_of
from .rewriting import default_expressions, rewritten
from .sources import indent, source_of

if TYPE_CHECKING:
    from .cells import Binding
    from .closure import ClosureBuilder

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_SUMS = (ast.Constant, ast.Name, ast.Load, ast.BinOp, ast.UnaryOp, ast.Add, ast.Sub, ast.Mult, ast.USub)


@dataclass(frozen=True)
class Taken:
    """A value that needs a place. ``name`` is the one it will have, ``original`` the notebook's own for it."""

    name: str
    original: str
    value: Any
    user: Where
    binding: Binding | None
    where: Where

    @property
    def position(self) -> tuple[int, int]:
        if self.binding is None:
            return (self.where.cell or 0, 0)
        return (self.binding.logged.cell.number, first_line(self.binding.node))


def as_written(
    closure: ClosureBuilder, binding: Binding, taken: Taken, function: FunctionType | None = None
) -> str | None:
    """A statement's source; names that were rebound since it ran are replaced by what they meant then.

    None, with a problem, where that is gone.
    """
    node = binding.node
    edits = dict(_changed_defaults(closure, binding, taken, function)) if function is not None else {}
    if isinstance(node, ast.ClassDef):
        edits.update(_changed_assignments(closure, binding, taken, taken.value, node))
    inside = {name for expression in edits for name in ast.walk(expression)}
    for used in versions.names_used_at_once(node, annotations=not binding.logged.postpones(node)):
        if used in inside:
            continue
        then = versions.then(closure.log, closure.namespace, used.id, binding)
        if then.state == "gone":
            closure.problem(
                f"{taken.original} was defined with an earlier {used.id}, which is gone",
                f"run the cell of {taken.original} again",
                taken.where,
            )
            return None
        if then.state == "again":
            one_class(closure, taken.original, used.id, taken.where)
        if then.state == "other":
            edits[used] = closure.expression(then.value, used.id, taken.where)
            closure.warn(
                f"{taken.original} still uses the {used.id} of cell [{then.cell}]",
                f"run the cell of {taken.original} again if it is to use the {used.id} of now",
                taken.where,
            )
    logged, changed = rewritten(binding.logged, node, edits)
    return source_of(logged, changed)  # type: ignore[arg-type]


def _changed_defaults(
    closure: ClosureBuilder, binding: Binding, taken: Taken, function: FunctionType
) -> Iterator[tuple[ast.expr, str]]:
    """Defaults that name something that was rebound: the function has them still."""
    node = binding.node
    inner: Any = node.value if isinstance(node, (ast.Assign, ast.AnnAssign)) else node
    if not isinstance(inner, (*FUNCTIONS, ast.Lambda)) or getattr(inner, "decorator_list", []):
        return
    yield from _changed_among(closure, binding, taken, defaults_of(function, inner))


def _changed_among(
    closure: ClosureBuilder, binding: Binding, taken: Taken, defaults: Iterable[tuple[str, ast.expr, Any]]
) -> Iterator[tuple[ast.expr, str]]:
    for name, expression, value in defaults:
        names = [one.id for one in ast.walk(expression) if isinstance(one, ast.Name)]
        states = {versions.then(closure.log, closure.namespace, one, binding).state for one in names}
        changed = literals.has_changed(expression, value) or _was_worked_out(closure, expression, value)
        if changed or states - {"same", "again"}:
            yield expression, closure.expression(value, f"_{taken.original}_{name}", taken.where)


def _changed_assignments(
    closure: ClosureBuilder, binding: Binding, taken: Taken, kind: Any, node: ast.ClassDef
) -> Iterator[tuple[ast.expr, str]]:
    """What a class body worked out, or took from something that was rebound or deleted: the class has it still."""
    if not isinstance(kind, type):
        return  # a decorator made it something else
    held = {**vars(kind), **getattr(kind, "_field_defaults", {})}  # those of a NamedTuple are no attributes
    for name, expression in assigned(node):
        names = [one.id for one in ast.walk(expression) if isinstance(one, ast.Name)]
        states = {versions.then(closure.log, closure.namespace, one, binding).state for one in names}
        changed = states - {"same", "again"} or any(_may_change(closure.namespace.get(one)) for one in names)
        if name in held and (changed or _was_worked_out(closure, expression, held[name])):
            yield expression, closure.expression(held[name], f"_{taken.original}_{name}", taken.where)
    for inner in node.body:
        value = vars(kind).get(getattr(inner, "name", ""))
        value = getattr(value, "__func__", value)
        if isinstance(inner, ast.ClassDef):
            yield from _changed_assignments(closure, binding, taken, value, inner)
        elif isinstance(inner, FUNCTIONS) and isinstance(value, FunctionType) and _is_code_of(value, inner, binding):
            defaults = [one for one in defaults_of(value, inner) if literals.is_atom(one[2])]
            yield from _changed_among(closure, binding, taken, defaults)


def _is_code_of(function: FunctionType, node: Function, binding: Binding) -> bool:
    """Whether a method still is that of the class statement."""
    code = function.__code__
    here = code.co_filename == binding.logged.cell.filename and code.co_firstlineno == first_line(node)
    return here and not getattr(node, "decorator_list", None)


def _was_worked_out(closure: ClosureBuilder, expression: ast.expr, value: object) -> bool:
    """Whether a number or text came of something of the notebook's that gives another one by now, or may in the
    service: by a call, an attribute, an item; or of numbers that functions bound again.
    """
    if not literals.is_atom(value):
        return False
    names = {one.id for one in ast.walk(expression) if isinstance(one, ast.Name)}
    held = {name: closure.namespace[name] for name in names if name in closure.namespace}
    if all(type(one) in {int, float} for one in held.values()):
        return _gives_another(expression, held, value)
    own = any("__main__" in {getattr(one, "__module__", ""), type(one).__module__} for one in held.values())
    return not isinstance(expression, ast.Name) and (own or any(map(_may_change, held.values())))


def _gives_another(expression: ast.expr, held: Mapping[str, Any], value: object) -> bool:
    if not held or not all(isinstance(one, _SUMS) for one in ast.walk(expression)):
        return False
    code = compile(ast.Expression(expression), "<default>", "eval")
    try:
        return not literals.equal(eval(code, {"__builtins__": {}}, dict(held)), value)  # noqa: S307 - sums, no calls
    except Exception:  # noqa: BLE001 - a name that is gone by now
        return True


def _may_change(value: object) -> bool:
    """Whether an expression with this value may give something else by now."""
    return isinstance(value, (list, dict, set, bytearray))


def assigned(node: ast.ClassDef) -> Iterator[tuple[str, ast.expr]]:
    """(name, expression) of every plain assignment in a class body."""
    for statement in node.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        if isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        value = getattr(statement, "value", None)
        if value is not None:
            yield from ((target.id, value) for target in targets if isinstance(target, ast.Name))


def one_class(closure: ClosureBuilder, user: str, name: str, where: Where) -> None:
    """Say that what the kernel has twice, the service has once."""
    closure.warn(
        f"{user} has the {name} of before its cell ran again, unchanged; in the service there is one {name}",
        f"run the cell of {user} again, so that isinstance and except say the same here",
        where,
    )


def under_another_name(closure: ClosureBuilder, source: str, own: str, taken: Taken) -> str:
    """The definition of ``own``, which the service calls otherwise as the notebook has something newer under that name.

    That comes after it, and takes the name, but for an import: imports come first.
    """
    now = closure.namespace.get(own)
    if own not in closure.namespace or getattr(now, "__module__", None) == "__main__" or own in closure.found.nodes:
        return f"{source}\n\n\n{taken.name} = {own}"
    if own in names_of(source).own_used:
        closure.problem(
            f"an earlier {own} is still in use, calls itself, and {own} is something else by now",
            "give one of the two another name",
            taken.where,
        )
    factory = f"_make_{taken.name.strip('_')}"
    body = indent(source)
    return f"def {factory}():\n{body}\n\n    return {own}\n\n\n{taken.name} = {factory}()"


def no_source(closure: ClosureBuilder, name: str, value: Any, where: Where) -> None:
    code = getattr(value, "__code__", None)
    if code is not None and code.co_filename.endswith(".py"):
        hint = f"run {code.co_filename} again, so that file and kernel say the same, or import it as a module"
        closure.problem(f"the source of {name} is not in any cell ({code.co_filename})", hint, where)
    else:
        closure.problem(f"the source of {name} is not in any cell", "define it in a cell instead of exec", where)


def defaults_of(function: FunctionType, node: Function) -> Iterator[tuple[str, ast.expr, Any]]:
    """(parameter, its default's expression, the default)."""
    code, given = function.__code__, function.__defaults__ or ()
    positional = code.co_varnames[: code.co_argcount]
    values = dict(zip(positional[len(positional) - len(given) :], given, strict=True))
    values.update(function.__kwdefaults__ or {})
    for name, expression in default_expressions(node).items():
        if name in values:
            yield name, expression, values[name]
