"""Where code takes the items of a set in their order, which is another one in every process where it holds texts."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from .constants import UNKNOWN
from .expressions import Scope, called_name

#: What takes the items of a set in their order, and gives that on.
_IN_ORDER = frozenset({"array", "enumerate", "filter", "fromkeys", "iter", "join", "list", "map", "next", "repr"}) | {
    "str",
    "tuple",
    "zip",
}
#: For whose answer the order of what is iterated is of no matter.
_ANY_ORDER = frozenset(
    {"all", "any", "frozenset", "len", "max", "min", "set", "sorted", "sum", "fsum", "update", "Counter"}
)
_OF_SETS = frozenset({"copy", "difference", "intersection", "symmetric_difference", "union"})
_BETWEEN_SETS = (ast.BitAnd, ast.BitOr, ast.BitXor, ast.Sub)
_NUMBERS = frozenset({"abs", "bool", "float", "hash", "id", "int", "len", "ord", "range", "round", "sum"})
_OF_NUMBERS = re.compile(r"(?:\b(?:list|tuple|set|frozenset|Sequence|Iterable|int|float|bool)\b|[\[\], .|]|\.\.\.)+")
_STEADY = (bool, int, float, complex)  # hashed by their value, the same in every process
_DEPTH = 10  # of names that are defined by each other


def without_order(tree: ast.AST) -> set[int]:
    """The ids of nodes whose items are taken in whatever order."""
    return {id(one) for node in ast.walk(tree) for one in _without_order(node)}


def _without_order(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Call) and called_name(node) in _ANY_ORDER:
        for argument in node.args:
            if isinstance(argument, (ast.GeneratorExp, ast.ListComp, ast.Call)):
                yield argument
                yield from getattr(argument, "generators", ())
    elif isinstance(node, ast.SetComp):
        yield from node.generators


def in_order(node: ast.AST) -> Iterator[ast.expr]:
    """Expressions whose items the node takes in their order."""
    if isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
        yield node.iter
    elif isinstance(node, (ast.Starred, ast.FormattedValue)):
        yield node.value
    elif isinstance(node, ast.Call) and called_name(node) in _IN_ORDER:
        yield from node.args
    elif isinstance(node, ast.Call) and called_name(node) == "pop" and not node.args:
        yield node.func.value if isinstance(node.func, ast.Attribute) else node.func


def named_set(node: ast.expr, scope: Scope) -> str:
    """How the source names a set whose order cannot be relied on; "" where it is none."""
    return ast.unparse(node) if _is_unordered(node, scope) else ""


def _is_unordered(node: ast.expr | None, scope: Scope, depth: int = 0) -> bool:
    """Whether this is a set that may hold texts, or what is hashed as they are."""
    rule = _SETS.get(type(node))
    return rule is not None and depth <= _DEPTH and rule(node, scope, depth)


def _written(node: Any, _scope: Scope, _depth: int) -> bool:
    return any(isinstance(one, ast.Constant) and isinstance(one.value, (str, bytes)) for one in node.elts)


def _gathered(node: Any, _scope: Scope, _depth: int) -> bool:
    return not _is_number(node.elt)


def _combined(node: Any, scope: Scope, depth: int) -> bool:
    sides = (node.left, node.right) if isinstance(node.op, _BETWEEN_SETS) else ()
    return any(_is_unordered(one, scope, depth + 1) for one in sides)


def _called(node: Any, scope: Scope, depth: int) -> bool:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr in _OF_SETS and _is_unordered(node.func.value, scope, depth + 1)
    makes = called_name(node) in {"set", "frozenset"} and scope.find(node.func.id)[0] is UNKNOWN
    return makes and len(node.args) == 1 and not _holds_numbers(node.args[0], scope, depth)


def _named(node: Any, scope: Scope, depth: int) -> bool:
    value, inner = scope.find(node.id)
    if isinstance(value, ast.expr):
        return _is_unordered(value, inner, depth + 1)
    return isinstance(value, (set, frozenset)) and not _are_steady(value)


_SETS: dict[type, Callable[[Any, Scope, int], bool]] = {
    ast.Set: _written,
    ast.SetComp: _gathered,
    ast.BinOp: _combined,
    ast.Call: _called,
    ast.Name: _named,
}


def _holds_numbers(node: ast.expr, scope: Scope, depth: int) -> bool:
    """Whether all that one can iterate over here are numbers, as far as anybody can see."""
    if isinstance(node, (ast.ListComp, ast.GeneratorExp, ast.SetComp)):
        return _is_number(node.elt)
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return all(map(_is_number, node.elts))
    if isinstance(node, ast.Call):
        return called_name(node) == "range" or (len(node.args) == 1 and _holds_numbers(node.args[0], scope, depth))
    return isinstance(node, ast.Name) and depth <= _DEPTH and _name_holds_numbers(node, scope, depth)


def _name_holds_numbers(node: ast.Name, scope: Scope, depth: int) -> bool:
    value, inner = scope.find(node.id)
    if isinstance(value, ast.expr):
        return _holds_numbers(value, inner, depth + 1)
    if value is UNKNOWN:
        return _OF_NUMBERS.fullmatch(inner.annotation(node.id)) is not None
    if isinstance(value, (list, tuple, set, frozenset, dict, range)):
        return _are_steady(value)
    return getattr(getattr(value, "dtype", None), "kind", "") in {"b", "i", "u", "f", "c"}


def _are_steady(values: Iterable[object]) -> bool:
    return all(isinstance(one, _STEADY) for one in values)


def _is_number(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, _STEADY)
    if isinstance(node, ast.Call):
        return called_name(node) in _NUMBERS
    if isinstance(node, ast.UnaryOp):
        return _is_number(node.operand)
    if not isinstance(node, ast.BinOp):
        return False
    return not isinstance(node.op, (ast.Add, ast.Mult, ast.Mod)) or _is_number(node.left) or _is_number(node.right)
