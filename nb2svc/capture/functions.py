"""Functions of the notebook: as their statement stands there, or by a factory where a call made them."""

from __future__ import annotations

import ast
import functools
import inspect
from types import FunctionType
from typing import TYPE_CHECKING

from ..fingerprint import Function, first_line
from ..values import Definition, Where
from . import remembered
from .codes import is_postponed
from .located import locate_function
from .made import ConflictError, Made, cells_of, content, factory_source, families, is_sibling, rebinds
from .names import names_of
from .ordering import Node
from .rewriting import piece_of, rewritten
from .sources import indent
from .taken import FUNCTIONS, Taken, as_written, defaults_of, no_source, under_another_name

if TYPE_CHECKING:
    from .closure import ClosureBuilder


def as_function(closure: ClosureBuilder, taken: Taken) -> bool:
    value, binding = taken.value, taken.binding
    if not isinstance(value, FunctionType) or not (value.__module__ == "__main__" or is_own(value)):
        return False
    if not is_own(value):  # a library wrapped it, and gave it the name of what it wrapped
        return _as_wrapped(closure, taken)
    if binding is None or not _runs_again(closure, binding.node, value):
        return _as_made(closure, taken, value)
    node = binding.node
    source = as_written(closure, binding, taken, value)
    if source is None:
        return True
    if isinstance(node, FUNCTIONS) and node.name != taken.name:
        source = under_another_name(closure, source, node.name, taken)
    elif not isinstance(node, FUNCTIONS) and taken.name != taken.original:
        source = f"{taken.name} = {source.partition('=')[2].strip()}"
    postponed = binding.logged.postpones(node)
    closure.add(taken.name, "function", source, taken.where, taken.position, function=value, postponed=postponed)
    decorated = bool(getattr(node, "decorator_list", ()))
    lines = attributes(closure, taken.name, value, taken.where, decorated=decorated)
    if not decorated and isinstance(node, FUNCTIONS):
        lines += _renamed(taken.name, value, node)
    closure.add_attributes(taken.name, lines)
    return True


def _renamed(name: str, function: FunctionType, node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    """Lines for a name and a docstring that were set after the definition."""
    lines = [] if function.__name__ == node.name else [f"{name}.__name__ = {function.__name__!r}"]
    written, now = ast.get_docstring(node), inspect.getdoc(function)
    return lines if written == now else [*lines, f"{name}.__doc__ = {function.__doc__!r}"]


def is_own(function: FunctionType) -> bool:
    """Whether its code is the notebook's, whatever it says of itself: a wrapper names the module of what it wraps."""
    name = function.__globals__.get("__name__", "__main__")  # %run takes it out of its script's globals
    return bool(name == "__main__")


def _as_wrapped(closure: ClosureBuilder, taken: Taken) -> bool:
    if taken.binding is not None and isinstance(taken.binding.node, FUNCTIONS):
        return False
    code = taken.value.__code__
    message = f"{taken.original} is a function that {code.co_filename} made, at line {code.co_firstlineno}"
    hint = f"decorate {taken.original}'s own `def` with it, at the top level of a cell"
    closure.problem(message, hint, taken.where)
    return True


def _runs_again(closure: ClosureBuilder, node: ast.stmt, value: FunctionType) -> bool:
    """Whether running the statement once more gives this very function: its state lies nowhere else."""
    if isinstance(node, FUNCTIONS):
        return not node.decorator_list or not (_is_undecorated(closure, node, value) or _holds_state(value))
    right = node.value if isinstance(node, (ast.Assign, ast.AnnAssign)) else None
    if isinstance(right, ast.Name):
        return closure.namespace.get(right.id) is value
    return isinstance(right, ast.Lambda)


def _is_undecorated(closure: ClosureBuilder, node: ast.FunctionDef | ast.AsyncFunctionDef, value: FunctionType) -> bool:
    """Whether decorators of the notebook gave the function back as it was: what they noted down is captured as it is.

    Decorators of libraries run again, as what they note down lies in the library.
    """
    if value.__code__.co_firstlineno != first_line(node) or value.__code__.co_name != node.name:
        return False
    decorators = [one.func if isinstance(one, ast.Call) else one for one in node.decorator_list]
    live = [closure.namespace.get(one.id) if isinstance(one, ast.Name) else None for one in decorators]
    return all(isinstance(one, FunctionType) and is_own(one) for one in live)


def _holds_state(function: FunctionType) -> bool:
    """Whether a decorator's function keeps something that calls change."""
    changed = rebinds(function.__code__)
    for name, cell in cells_of(function).items():
        held = content(cell)
        if name in changed or (held and isinstance(held[0], (list, dict, set, bytearray))):
            return True
    return False


def _as_made(closure: ClosureBuilder, taken: Taken, function: FunctionType) -> bool:
    """A function that stands inside another one, or without a statement of its own."""
    one = _made(closure, taken.name, function, taken.where)
    if one is None:
        return True
    one.name, one.exported = taken.name, True
    if not function.__code__.co_freevars:
        node = one.located.node
        source = one.piece if not isinstance(node, ast.Lambda) else f"{taken.name} = {one.piece}"
        if not isinstance(node, ast.Lambda) and node.name != taken.name:
            source = under_another_name(closure, source, node.name, taken)
        del closure.made[id(function)]
        where, position, postponed = _where(one, taken), _position(one), is_postponed(function)
        closure.add(taken.name, "function", source, where, position, function=function, postponed=postponed)
        closure.add_attributes(taken.name, attributes(closure, taken.name, function, taken.where))
        return True
    definition = Definition(name=taken.name, kind="function", source="", where=_where(one, taken))
    closure.found.nodes[taken.name] = Node(definition, _position(one))
    _close_over(closure, one, taken.where)
    closure.add_attributes(taken.name, attributes(closure, taken.name, function, taken.where))
    return True


def _where(one: Made, taken: Taken) -> Where:
    return Where(notebook=taken.where.notebook, cell=one.located.logged.cell.number or None, name=taken.original)


def _position(one: Made) -> tuple[int, int]:
    return (one.located.logged.cell.number, one.located.node.lineno)


def _made(closure: ClosureBuilder, name: str, function: FunctionType, where: Where) -> Made | None:
    if id(function) in closure.made:
        return closure.made[id(function)]
    located = locate_function(closure.log, function)
    if located is None:
        no_source(closure, name, function, where)
        return None
    one = Made(name, function, located)
    closure.made[id(function)] = one
    one.piece = _piece_with_defaults(closure, one, where)
    return one


def _piece_with_defaults(closure: ClosureBuilder, one: Made, where: Where) -> str:
    """Its text; a default that is no literal becomes the value that it has."""
    node: Function = one.located.node  # type: ignore[assignment]
    edits = {
        expression: closure.expression(value, f"_{one.name.strip('_')}_{name}", where)
        for name, expression, value in defaults_of(one.function, node)
        if not isinstance(expression, ast.Constant)
    }
    logged, changed = rewritten(one.located.logged, node, edits)
    return piece_of(logged, changed)  # type: ignore[arg-type]


def _close_over(closure: ClosureBuilder, one: Made, where: Where) -> None:
    """Take in what a function closes over, and the globals that it names."""
    function = one.function
    for name, cell in one.cells.items():
        held = content(cell)
        if held is None:
            hint = "call it once everything that it uses is there"
            closure.problem(f"{one.name} uses {name}, which has no value yet", hint, where)
        elif held[0] is function:
            one.siblings[name] = function
        elif isinstance(held[0], FunctionType) and (sibling := _sibling(closure, one, held[0], name, where)):
            one.siblings[name] = sibling.function
        else:
            one.arguments[name] = closure.expression(held[0], f"_{one.name.strip('_')}_{name}", where)
    body = f"return {one.piece}" if isinstance(one.located.node, ast.Lambda) else one.piece
    source = f"def _({', '.join(one.cells)}):\n{indent(body)}"  # what it closes over is no global
    names = names_of(source, future=is_postponed(function))
    for needed in sorted(names.all):
        if needed in closure.namespace or needed not in names.if_bound:
            closure.need(needed, where, function)
    for module in sorted(names.modules):
        closure.helpers.need(module, where)


def _sibling(closure: ClosureBuilder, one: Made, value: FunctionType, name: str, where: Where) -> Made | None:
    located = locate_function(closure.log, value) if value.__code__.co_freevars else None
    if located is None or not is_sibling(one.located, one.function, located, value):
        return None
    known = id(value) in closure.made
    sibling = _made(closure, name, value, where)
    if sibling is not None and not known:
        _close_over(closure, sibling, where)
    return sibling


def write_factories(closure: ClosureBuilder) -> None:
    """The definitions of all functions that calls made, now that it is known which of them belong together."""
    nodes = closure.found.nodes
    for family in families(closure.made.values()):
        exported = [one for one in family if one.exported]
        if not exported:
            continue
        first = nodes[exported[0].name]
        try:
            source = factory_source(family)
        except ConflictError:
            names = ", ".join(one.name for one in exported)
            message = f"{names} share a variable in a way that one factory cannot give them"
            closure.problem(message, "write them as methods of a class", first.definition.where)
            continue
        postponed = is_postponed(exported[0].function)
        needs = names_of(source, future=postponed)
        for one in exported:
            definition = Definition(
                name=one.name, kind="function", source=source, where=_same_cell(first, nodes[one.name])
            )
            early = needs.at_definition | _roots(family, needs.when_called)
            nodes[one.name] = Node(
                definition, first.position, early - {each.name for each in exported}, needs.when_called, postponed
            )


def _roots(family: list[Made], names: frozenset[str]) -> frozenset[str]:
    """What the factory's call reads at once: what its defaults name stands inside the factory."""
    written = " ".join(one.piece.partition("\n")[0] for one in family)
    return frozenset(name for name in names if name in written)


def _same_cell(first: Node, own: Node) -> Where:
    """One statement that binds several names is written once: they say the same cell."""
    return Where(
        notebook=own.definition.where.notebook, cell=first.definition.where.cell, name=own.definition.where.name
    )


def attributes(
    closure: ClosureBuilder, name: str, function: FunctionType, where: Where, *, decorated: bool = False
) -> list[str]:
    """Lines that give a function the attributes it has, and a dispatcher what was registered with it.

    ``decorated``: its decorator runs again, and makes it a wrapper by itself.
    """
    lines = []
    registry = getattr(function, "registry", None)
    if registry is not None and hasattr(function, "dispatch"):  # functools.singledispatch
        for kind, method in registry.items():
            if kind is not object:
                expression = closure.expression(kind, kind.__name__, where)
                target = closure.place(method, f"_{name}_{kind.__name__.lower()}", where, bare=True)
                lines.append(f"{name}.register({expression}, {target})")
        return lines
    wrapped = vars(function).get("__wrapped__")
    if wrapped is not None and not decorated:
        original = closure.expression(wrapped, getattr(wrapped, "__name__", name), where)
        lines += [f"{name}.__wrapped__ = {original}", f"{name}.__doc__ = {original}.__doc__"]
        lines.append(f"{name}.__name__ = {function.__name__!r}")
    for key, value in vars(function).items() if is_own(function) else ():
        if key.isidentifier() and not key.startswith("__"):
            lines.append(f"{name}.{key} = {closure.expression(value, f'_{name}_{key}', where)}")
    return lines


def set_on_wrapper(closure: ClosureBuilder, name: str, value: object, where: Where) -> list[str]:
    """Lines that give what a decorator made, such as a cached function, the attributes that it alone has."""
    inner = getattr(getattr(value, "__wrapped__", None), "__dict__", {})
    return [
        f"{name}.{key} = {closure.expression(held, f'_{name}_{key}', where)}"
        for key, held in vars(value).items()
        if key.isidentifier() and not key.startswith("__") and inner.get(key, closure) is not held
        if key != "cache_parameters"  # which every cached function has
    ]


def as_cached(closure: ClosureBuilder, taken: Taken) -> bool:
    """``f = lru_cache(g)``: a cache of its own, round the same function."""
    value = taken.value
    if not isinstance(value, functools._lru_cache_wrapper):  # noqa: SLF001 - it has no public name
        return False
    if taken.binding and isinstance(taken.binding.node, FUNCTIONS) and taken.name == taken.original:
        return False
    remembered.tell(closure, taken.name, value, taken.where)
    wrapped = closure.expression(value.__wrapped__, value.__wrapped__.__name__, taken.where)
    parameters = value.cache_parameters()
    source = (
        f"{taken.name} = functools.lru_cache(maxsize={parameters['maxsize']}, typed={parameters['typed']})({wrapped})"
    )
    closure.found.imports.setdefault("functools", ("import functools",))
    closure.add(taken.name, "statement", source, taken.where, taken.position)
    closure.add_attributes(taken.name, set_on_wrapper(closure, taken.name, value, taken.where))
    return True
