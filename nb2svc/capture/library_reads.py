"""What captured code reads in modules of libraries, by dotted name: a call of some cell may have changed it."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any

from .constants import UNKNOWN
from .expressions import Scope, evaluate, places_in


def library_reads(sources: Iterable[str], values: Mapping[str, Any]) -> set[str]:
    """``math.floor``, ``fractions.Fraction``, ``builtins.round``; ``values`` are the live values of global names."""
    places = (place for source in sources for place in places_in(source, values))
    return {path for node, scope in places if (path := _read(node, scope))}


def _read(node: ast.AST, scope: Scope) -> str:
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
        owner = evaluate(node.value, scope)
        return f"{owner.__name__}.{node.attr}" if isinstance(owner, ModuleType) else ""
    if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load):
        return ""
    value, inner = scope.find(node.id)
    if value is UNKNOWN:
        is_builtin = hasattr(builtins, node.id) and node.id not in inner.assigned
        return f"builtins.{node.id}" if is_builtin else ""
    is_imported = isinstance(value, type) and value.__module__ != "__main__"
    return f"{value.__module__}.{value.__qualname__}" if is_imported else ""
