"""Which import statement gives a name its value."""

from __future__ import annotations

import ast
import sys
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .cells import CellLog

_MISSING = object()


def import_statements(log: CellLog, name: str, value: object) -> tuple[str, ...]:
    """Statements that bind ``name`` to ``value``: the user's own where one does, else made from the value.

    Several for ``import a.b`` and ``import a.c``, which share the name ``a``. Empty where ``value`` cannot be
    imported. Every statement is checked: what it would import *is* the value.
    """
    return _from_log(log, name, value) or _from_value(name, value)


def _from_log(log: CellLog, name: str, value: object) -> tuple[str, ...]:
    dotted: list[str] = []
    for node in log.imports(name):
        for alias in node.names:
            if isinstance(node, ast.ImportFrom):
                if not node.level and node.module and _gives(node.module, alias, name, value):
                    original = name if alias.name == "*" else alias.name
                    return (f"from {node.module} import {_as(original, name)}",)
            elif alias.asname == name and _module(alias.name) is value:
                return (f"import {_as(alias.name, name)}",)
            elif not alias.asname and alias.name.partition(".")[0] == name and _module(name) is value:
                dotted.append(f"import {alias.name}")
    return tuple(sorted(set(dotted)))


def _gives(module: str, alias: ast.alias, name: str, value: object) -> bool:
    loaded = _module(module)
    if loaded is _MISSING:
        return False
    if alias.name == "*":
        return getattr(loaded, name, _MISSING) is value
    if (alias.asname or alias.name) != name:
        return False
    found = getattr(loaded, alias.name, _MISSING)
    return found is value or _module(f"{module}.{alias.name}") is value


def _module(name: str) -> object:
    """A loaded module. ``None`` would be taken for the value of ``except ImportError: name = None``."""
    return sys.modules.get(name) or _MISSING


def _from_value(name: str, value: object) -> tuple[str, ...]:
    if isinstance(value, ModuleType):
        if sys.modules.get(value.__name__) is value and value.__name__ != "__main__":
            parent, _, last = value.__name__.rpartition(".")
            return (f"from {parent} import {_as(last, name)}",) if parent else (f"import {_as(last, name)}",)
        return ()
    module, qualname = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(qualname, str) or module in {"__main__", "builtins"}:
        return ()
    there = getattr(sys.modules.get(module), qualname, _MISSING) if qualname.isidentifier() else _MISSING
    patched = isinstance(there, FunctionType) and there.__globals__.get("__name__") == "__main__"
    if there is value or patched:  # imports run before a cell's patch is replayed
        return (f"from {module} import {_as(qualname, name)}",)
    return ()


def _as(original: str, name: str) -> str:
    return original if original == name else f"{original} as {name}"


def modules_in(statement: str) -> set[str]:
    """Modules that an import statement loads; ``from a import b`` counts ``a.b`` where that is a module."""
    modules: set[str] = set()
    for node in ast.parse(statement).body:
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules.add(node.module)
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            modules |= {one for one in inner if one in sys.modules}
    return modules
