"""Classes of the notebook, decorated functions and declarations: what stands in the notebook is run again."""

from __future__ import annotations

import ast
import functools
from abc import ABCMeta
from collections.abc import Mapping
from types import FunctionType
from typing import TYPE_CHECKING

from . import literals, remembered
from .functions import attributes, is_own, set_on_wrapper
from .located import Located, locate_class, stands_within
from .made import cells_of, content
from .objects import is_made_here
from .rewriting import piece_of, rewritten
from .set_since import SetSince
from .sources import indent
from .taken import FUNCTIONS, Taken, as_written, assigned, no_source, under_another_name

if TYPE_CHECKING:
    from .closure import ClosureBuilder


def as_statement(closure: ClosureBuilder, taken: Taken) -> bool:
    """Classes, decorated functions and declarations: what stands in the notebook is run again."""
    value, binding = taken.value, taken.binding
    is_class = isinstance(value, type) and (value.__module__ == "__main__" or is_made_here(value))
    generic = getattr(value, "__pydantic_generic_metadata__", None) if is_class else None
    if generic and generic["origin"] is not None:
        origin = closure.expression(generic["origin"], generic["origin"].__name__, taken.where)
        arguments = (closure.expression(one, f"_{taken.name.strip('_')}_type", taken.where) for one in generic["args"])
        alias = f"{taken.name} = {origin}[{', '.join(arguments)}]"
        closure.add(taken.name, "statement", alias, taken.where, taken.position)
        return True
    if is_class and (binding is None or "<locals>" in value.__qualname__):
        return _as_made(closure, taken)
    if binding is None:
        return False
    node = binding.node
    defines = isinstance(node, (*FUNCTIONS, ast.ClassDef))
    if not (defines or is_class or literals.is_declaration(value, node)):
        return False
    source = as_written(closure, binding, taken)
    if source is None:
        return True
    bound = node.name if isinstance(node, (*FUNCTIONS, ast.ClassDef)) else taken.original
    if bound != taken.name:
        source = under_another_name(closure, source, bound, taken)
    kind = "class" if isinstance(node, ast.ClassDef) else "function" if defines else "statement"
    closure.add(taken.name, kind, source, taken.where, taken.position, postponed=binding.logged.postpones(node))
    if isinstance(node, ast.ClassDef):
        closure.set_since += _changed_attributes(closure, taken, Located(binding.logged, node))
    elif isinstance(value, FunctionType):
        closure.add_attributes(taken.name, attributes(closure, taken.name, value, taken.where, decorated=True))
    elif isinstance(value, functools._lru_cache_wrapper):  # noqa: SLF001 - it has no public name
        remembered.tell(closure, taken.name, value, taken.where)
        closure.add_attributes(taken.name, set_on_wrapper(closure, taken.name, value, taken.where))
    return True


def _as_made(closure: ClosureBuilder, taken: Taken) -> bool:
    """A class that a function or a loop made: what its body assigned is alive, what its methods close over, too."""
    kind: type = taken.value
    located = locate_class(closure.log, kind)
    if located is None:
        no_source(closure, taken.original, kind, taken.where)
        return True
    piece, position = _piece(closure, taken, located), (located.logged.cell.number, located.node.lineno)
    postponed = located.logged.postpones(located.node)
    if not located.parents:
        same = kind.__name__ == taken.name
        source = piece if same else under_another_name(closure, piece, kind.__name__, taken)
        closure.add(taken.name, "class", source, taken.where, position, postponed=postponed)
        return True
    arguments: dict[str, str] = {}
    for method in vars(kind).values():
        if isinstance(method, FunctionType):
            for name, cell in cells_of(method).items():
                held = content(cell)
                if held is not None and held[0] is not kind and name != "__class__":
                    arguments[name] = closure.expression(held[0], f"_{taken.original}_{name}", taken.where)
    if isinstance(located.node, ast.ClassDef) and located.node.decorator_list:
        closure.problem(
            f"{kind.__name__} is a decorated class that a function made",
            "define it at the top level of a cell",
            taken.where,
        )
        return True
    factory = f"_make_{taken.name.strip('_')}"
    given = ", ".join(f"{name}={text}" for name, text in sorted(arguments.items()))
    source = "\n".join(
        [
            f"def {factory}({', '.join(sorted(arguments))}):",
            indent(piece),
            "",
            f"    return {kind.__name__}",
            "",
            "",
            f"{taken.name} = {factory}({given})",
        ]
    )
    closure.add(taken.name, "class", source, taken.where, position, postponed=postponed)
    return True


def _piece(closure: ClosureBuilder, taken: Taken, located: Located) -> str:
    """Its text, without decorators; what its body computed becomes what it was computed to."""
    node = located.node
    computed = assigned(node) if isinstance(node, ast.ClassDef) else ()
    edits = {
        expression: closure.expression(vars(taken.value)[name], f"_{taken.original}_{name}", taken.where)
        for name, expression in computed
        if not isinstance(expression, ast.Constant) and name in vars(taken.value)
    }
    logged, changed = rewritten(located.logged, node, edits)
    return piece_of(logged, changed)  # type: ignore[arg-type]


def _changed_attributes(closure: ClosureBuilder, taken: Taken, located: Located) -> list[SetSince]:
    """Class attributes that are no longer what the class statement gave them."""
    kind: type = taken.value
    if not isinstance(kind, type) or not isinstance(located.node, ast.ClassDef):
        return []
    written = dict(assigned(located.node))
    set_since = closure.log.attributes_set(kind, closure.namespace)  # ``Scaler.factor = 3``
    found = []
    for name, value in vars(kind).items():
        remembered.tell(closure, f"{taken.name}.{name}", value, taken.where)
        if name in set_since or _is_changed(kind, name, value, located, written):
            positions = _later(set_since.get(name, ()), taken)
            filled = not positions and isinstance(value, (list, dict, set))
            found.append(SetSince(taken.name, name, _line(closure, taken, name, value), positions, filled))
    return found


def _line(closure: ClosureBuilder, taken: Taken, name: str, value: object) -> str:
    return f"{taken.name}.{name} = {closure.expression(value, f'_{taken.original}_{name}', taken.where)}"


def _later(positions: tuple[tuple[int, int], ...], taken: Taken) -> tuple[tuple[int, int], ...]:
    """Of the statements that set an attribute, those that ran after the class statement."""
    return tuple(one for one in positions if one > taken.position)


def _is_changed(kind: type, name: str, value: object, located: Located, written: Mapping[str, ast.expr]) -> bool:
    if isinstance(value, FunctionType):
        return is_own(value) and not _stands_in(located, value)
    if (name.startswith("__") and name.endswith("__")) or name not in written:
        return False
    return type(kind) in {type, ABCMeta} and literals.has_changed(written[name], value)


def _stands_in(located: Located, function: FunctionType) -> bool:
    """Whether a method's code is of this class statement, or generated, as that of a dataclass is."""
    if function.__code__.co_filename.startswith("<"):
        return True
    return stands_within(located.logged, located.node, function.__code__)
