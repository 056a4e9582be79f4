"""Environment variables that captured code reads, found in its source and in its settings classes."""

from __future__ import annotations

import ast
import importlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from . import literals
from .constants import UNKNOWN
from .expressions import Place, Scope, called_name, evaluate, places_in, scoped

_READERS = frozenset({"get", "pop", "setdefault"})
_LIBRARIES = frozenset({"decouple", "environs", "environ"})  # whose objects are called with a variable's name
_MAGICS = frozenset({"env", "set_env"})
# What a cell sets for this machine only; the service has its own.
_OF_THE_MACHINE = re.compile(
    r"(?i)(.*_proxy|(ld_|dyld_|python)?(library_)?path|pythonhome|home|pwd|user|shell|tmpdir|display"
    r"|cuda_visible_devices|(jupyter|jpy|ipython)\w*)"
)
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\})")


def variables_read(source: str, values: Mapping[str, Any] | None = None) -> set[str]:
    """Variables without which the service would fail or answer otherwise than the kernel did.

    ``os.environ["NAME"]`` always; ``os.environ.get("NAME")`` and ``os.getenv("NAME")`` where the kernel has the
    variable: without it, kernel and service alike take the default. ``values`` are the live values of global names.
    """
    return variables_at(places_in(source, values or {}))


def variables_in(nodes: Iterable[ast.AST], values: Mapping[str, Any], module: ast.Module | None = None) -> set[str]:
    """:func:`variables_read` of syntax trees; ``module`` is the one that they are from, where it is not loaded."""
    return variables_at(scoped(nodes, values, module))


def variables_at(places: Iterable[Place]) -> set[str]:
    """:func:`variables_read` of nodes and what names mean there."""
    found: set[str] = set()
    for node, scope in places:
        for name, needed in _reads(node, scope):
            if needed or name in os.environ:
                found.add(name)
    return found


def _reads(node: ast.AST, scope: Scope) -> Iterator[tuple[str, bool]]:
    """(variable, whether the read fails without it) of one node."""
    key: ast.expr | None = None
    needed = False
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and _is_environ(node.value, scope):
        key, needed = node.slice, True
    elif isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.In, ast.NotIn)):
        key = node.left if _is_environ(node.comparators[0], scope) else None
    elif isinstance(node, ast.Call) and node.args:
        if called_name(node) == "expandvars":
            text = evaluate(node.args[0], scope)
            yield from (
                (one or other, False) for one, other in _VARIABLE.findall(text if isinstance(text, str) else "")
            )
        elif _reads_environment(node.func, scope):
            key = node.args[0]
        elif _is_of_a_library(node.func, scope):
            key, needed = node.args[0], len(node.args) == 1 and all(one.arg != "default" for one in node.keywords)
    name = evaluate(key, scope) if key is not None else UNKNOWN
    if isinstance(name, str) and name:
        yield name, needed


def _is_environ(node: ast.expr, scope: Scope) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr == "environ"
    if not isinstance(node, ast.Name):
        return False
    value, _ = scope.find(node.id)
    if isinstance(value, ast.Attribute):  # ``env = os.environ`` inside a function
        return value.attr == "environ"
    return value is os.environ or (node.id == "environ" and value is UNKNOWN)


def _reads_environment(function: ast.expr, scope: Scope) -> bool:
    if isinstance(function, ast.Name):
        value, _ = scope.find(function.id)
        return value is os.getenv or (function.id == "getenv" and value is UNKNOWN)
    if not isinstance(function, ast.Attribute):
        return False
    return function.attr == "getenv" or (function.attr in _READERS and _is_environ(function.value, scope))


def _is_of_a_library(function: ast.expr, scope: Scope) -> bool:
    owner = function.value if isinstance(function, ast.Attribute) else function
    value = scope.find(owner.id)[0] if isinstance(owner, ast.Name) else UNKNOWN
    module = getattr(type(value), "__module__", "") or ""
    return not isinstance(value, ast.AST) and module.partition(".")[0] in _LIBRARIES


# --- what cells set -----------------------------------------------------------------------------


def variables_set(trees: Iterable[ast.Module], values: Mapping[str, Any]) -> dict[str, str]:
    """Variables that cells set, with their values of now, for the service to begin with.

    Not those that look like secrets, and not what is of this machine: proxies, paths, devices.
    """
    names = {name for tree in trees for name in _set_by(tree, values)}
    now = {name: os.environ[name] for name in sorted(names) if name in os.environ}
    return {name: value for name, value in now.items() if not _is_private(name, value)}


def _is_private(name: str, value: str) -> bool:
    if literals.is_secret(name, value) or _OF_THE_MACHINE.fullmatch(name):
        return True
    return os.path.isabs(value) and os.path.exists(value)  # noqa: PTH110, PTH117 - any text


def _set_by(tree: ast.Module, values: Mapping[str, Any]) -> Iterator[str]:
    """Names that the statements of a cell set; not those of the functions that it defines."""
    scope = Scope(values)
    for statement in tree.body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        for node in ast.walk(statement):
            for key in _keys_set(node, scope):
                name = evaluate(key, scope)
                if isinstance(name, str) and name:
                    yield re.split(r"[=\s]", name, maxsplit=1)[0]  # of a magic, its whole line


def _keys_set(node: ast.AST, scope: Scope) -> Iterator[ast.expr]:
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) and _is_environ(node.value, scope):
        yield node.slice
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr == "setdefault" and node.args and _is_environ(node.func.value, scope):
            yield node.args[0]
        elif node.func.attr == "update" and _is_environ(node.func.value, scope):
            yield from (ast.Constant(one.arg) for one in node.keywords if one.arg)
            for given in node.args:
                yield from (key for key in given.keys if key) if isinstance(given, ast.Dict) else ()
        elif node.func.attr == "run_line_magic" and evaluate(node.args[0], scope) in _MAGICS:
            yield node.args[1]


# --- settings classes ---------------------------------------------------------------------------


def is_settings(value: object) -> bool:
    """Whether this is a class of pydantic-settings, whose fields come from the environment."""
    return isinstance(value, type) and any(
        base.__name__ == "BaseSettings" and base.__module__.partition(".")[0] == "pydantic_settings"
        for base in value.__mro__[1:]
    )


def variables_of_settings(settings: Any) -> dict[str, str | None]:
    """Variable → its value, where the class has it from a ``.env`` file and the environment has it not.

    Fields without a default always, others where a value is set. A service has no ``.env`` file: what stands in
    one must be in the environment there.
    """
    config: Mapping[str, Any] = settings.model_config
    by_case = bool(config.get("case_sensitive"))
    set_here: dict[str, str | None] = dict.fromkeys(os.environ)
    known = {one if by_case else one.lower() for one in set_here}
    written = _dotenv(config.get("env_file"))  # what the environment has as well, it has instead
    set_here |= {one: value for one, value in written.items() if (one if by_case else one.lower()) not in known}
    found: dict[str, str | None] = {}
    for name, field in settings.model_fields.items():
        names = _aliases(field) or [f"{config.get('env_prefix') or ''}{name}"]
        wanted = {one if by_case else one.lower() for one in names}
        delimiter = config.get("env_nested_delimiter")
        present = [
            one
            for one in set_here
            if (given := one if by_case else one.lower()) in wanted
            or (delimiter and given.startswith(tuple(f"{each}{delimiter}" for each in wanted)))
        ]
        if present:
            found.update({one: set_here[one] for one in present})
        elif field.is_required():
            found[names[0] if by_case else names[0].upper()] = None
    return found


def _aliases(field: Any) -> list[str]:
    alias = field.validation_alias or field.alias
    choices = getattr(alias, "choices", [alias])
    return [one for one in choices if isinstance(one, str)]


def _dotenv(given: Any) -> dict[str, str | None]:
    files = [given] if isinstance(given, (str, Path)) else list(given or ())
    if not files:
        return {}
    read = importlib.import_module("dotenv").dotenv_values  # pydantic-settings requires it
    found: dict[str, str | None] = {}
    for file in files:
        found.update(read(file))
    return found
