"""Environment variables that captured code reads, found in its source."""

from __future__ import annotations

import ast
import os


def variables_read(source: str) -> set[str]:
    """Variables without which the service would fail or answer otherwise than the kernel did.

    ``os.environ["NAME"]`` always; ``os.environ.get("NAME")`` and ``os.getenv("NAME")`` where the kernel has the
    variable: without it, kernel and service alike take the default.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return set()
    found: set[str] = set()
    for node in ast.walk(tree):
        key, needed = _key(node)
        if isinstance(key, ast.Constant) and isinstance(key.value, str) and (needed or key.value in os.environ):
            found.add(key.value)
    return found


def _key(node: ast.AST) -> tuple[ast.expr | None, bool]:
    """The variable's name in a read of the environment, and whether the read fails without it."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and _is_environ(node.value):
        return node.slice, True
    if isinstance(node, ast.Call) and node.args and _reads_environment(node.func):
        return node.args[0], False
    return None, False


def _is_environ(node: ast.expr) -> bool:
    return (isinstance(node, ast.Attribute) and node.attr == "environ") or (
        isinstance(node, ast.Name) and node.id == "environ"
    )


def _reads_environment(function: ast.expr) -> bool:
    if isinstance(function, ast.Name):
        return function.id == "getenv"
    if not isinstance(function, ast.Attribute):
        return False
    return function.attr == "getenv" or (function.attr in {"get", "pop", "setdefault"} and _is_environ(function.value))
