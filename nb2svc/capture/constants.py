"""Values of constant expressions, found without running a person's code."""

from __future__ import annotations

import ast
import math
from typing import Any

UNKNOWN = object()
_PURE = {one.__name__: one for one in (frozenset, set, dict, list, tuple, int, float, complex, str, bytes, bool, range)}
_MAX_POWER = 1_000


def constant_value(node: ast.expr) -> Any:
    """The value of a literal, of arithmetic on literals, of ``frozenset({1, 2})`` and its like; else ``UNKNOWN``."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and part.id not in _PURE:
            return UNKNOWN
        if isinstance(part, ast.BinOp) and isinstance(part.op, (ast.Pow, ast.LShift)) and not _is_small(part.right):
            return UNKNOWN
        if not isinstance(part, _ALLOWED):
            return UNKNOWN
    code = compile(ast.Expression(node), "<constant>", "eval")
    try:
        return eval(code, {"__builtins__": {}, **_PURE})  # noqa: S307 - literals and builtin types only
    except Exception:  # noqa: BLE001 - whatever arithmetic raises
        return UNKNOWN


_ALLOWED = (
    ast.Constant,
    ast.List,
    ast.Tuple,
    ast.Set,
    ast.Dict,
    ast.UnaryOp,
    ast.BinOp,
    ast.unaryop,
    ast.operator,
    ast.Name,
    ast.Call,
    ast.expr_context,
)


def _is_small(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int) and node.value <= _MAX_POWER


def same_value(left: Any, right: Any) -> bool:
    """Equal and of the same types all the way down; dicts in the same order, sets in any. Never raises."""
    if left is right or type(left) is not type(right):
        return left is right
    if isinstance(left, (list, tuple)):
        return len(left) == len(right) and all(map(same_value, left, right))
    if isinstance(left, dict):
        return same_value(list(left.items()), list(right.items()))
    if isinstance(left, float):
        return repr(left) == repr(right) or (math.isnan(left) and math.isnan(right))
    try:
        return bool(left == right)
    except Exception:  # noqa: BLE001 - an array's comparison has no truth
        return False
