"""The texts and paths that expressions give, such as ``HERE / "words.txt"``: followed without running them."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path, PurePath
from types import ModuleType
from typing import Any

from .constants import UNKNOWN
from .importable import folders_of
from .module_source import assignment
from .syntax import tree_of

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_SCOPES = (*_FUNCTIONS, ast.ClassDef)
PATH_TYPES = frozenset({"Path", "PurePath", "PosixPath", "WindowsPath"})
SAME_PATH = frozenset({"str", "fspath", "abspath", "realpath", "normpath", "expanduser", "fsdecode", "as_file"})
SAME_PATH_METHODS = frozenset({"resolve", "absolute", "as_posix", "expanduser"})
_DEPTH = 20  # of names that are defined by each other


class Scope:
    """What names mean: those of the module or notebook, and the locals of the functions around.

    ``local`` tells the names that the scope binds itself; it is asked once, where somebody looks for a name.
    ``function`` is the one whose locals these are.
    """

    def __init__(
        self,
        values: Mapping[str, Any],
        local: Callable[[], dict[str, ast.expr | None]] = dict,
        parent: Scope | None = None,
        function: ast.AST | None = None,
    ) -> None:
        self.values = values
        self.parent = parent
        self._local = local
        self._function = function

    @cached_property
    def assigned(self) -> dict[str, ast.expr | None]:
        """Local name → its one expression; None: unknown."""
        return self._local()

    def find(self, name: str) -> tuple[Any, Scope]:
        """A value, or an expression with the scope that it stands in."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.assigned:
                node = scope.assigned[name]
                return (UNKNOWN if node is None else node), scope
            if scope.parent is None and name in scope.values:
                return scope.values[name], scope
            scope = scope.parent
        return UNKNOWN, self

    def annotation(self, name: str) -> str:
        """The text of a parameter's annotation; "" where it has none."""
        arguments = getattr(self._function, "args", None)
        named = () if arguments is None else (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
        found = next((one.annotation for one in named if one.arg == name), None)
        return "" if found is None else ast.unparse(found)


Place = tuple[ast.AST, Scope]
"""A node, and what names mean there."""


def places_in(source: str, values: Mapping[str, Any]) -> list[Place]:
    """:func:`scoped` of a piece of code; what is no Python has none."""
    tree = tree_of(source)
    return [] if tree is None else list(scoped([tree], values))


def scoped(nodes: Iterable[ast.AST], values: Mapping[str, Any], module: ast.Module | None = None) -> Iterator[Place]:
    """Every node below ``nodes`` with what names mean there; the arguments are those of :func:`paths_named`."""
    top = Scope(values)
    if module is not None:
        unloaded: dict[str, ast.expr | None] = {
            name: node for name, node in _assigned(module.body).items() if node and name not in values
        }
        top = Scope(values, lambda: unloaded, top)
    waiting: list[Place] = [(node, top) for node in nodes][::-1]
    while waiting:  # a list and no recursion: each node would pass through all generators above it
        node, scope = waiting.pop()
        yield node, scope
        inner = Scope(values, partial(_locals, node), scope, node) if isinstance(node, _FUNCTIONS) else scope
        waiting += [(child, inner) for child in ast.iter_child_nodes(node)][::-1]


def _locals(function: ast.AST) -> dict[str, ast.expr | None]:
    arguments: ast.arguments = function.args  # type: ignore[attr-defined]
    positional = [*arguments.posonlyargs, *arguments.args]
    names: dict[str, ast.expr | None] = {
        one.arg: None for one in [*positional, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg] if one
    }
    for one, default in zip(positional[len(positional) - len(arguments.defaults) :], arguments.defaults, strict=True):
        names[one.arg] = default
    for one, by_name in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        names[one.arg] = by_name
    body = getattr(function, "body", [])
    return {**names, **_assigned(body if isinstance(body, list) else [])}


def _assigned(body: list[ast.stmt]) -> dict[str, ast.expr | None]:
    """Names that a body binds: to the expression where there is just one, else to None."""
    found: dict[str, ast.expr | None] = {}
    for node in _own_statements(body):
        pair = assignment(node) if isinstance(node, ast.stmt) else None
        if pair is not None:
            found[pair[0]] = None if pair[0] in found else pair[1]
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id not in found:
            found[node.id] = None
    return found


def _own_statements(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    waiting = [*body][::-1]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, _SCOPES):
            continue
        if isinstance(node, ast.stmt) and assignment(node) is not None:  # its target is told already
            waiting.append(node.value)  # type: ignore[attr-defined]
        else:
            waiting += [*ast.iter_child_nodes(node)][::-1]


# --- expressions --------------------------------------------------------------------------------


def called_name(call: ast.Call) -> str:
    """``read_csv`` for ``pd.read_csv(…)``."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def evaluate(node: ast.expr | None, scope: Scope, depth: int = 0) -> Any:
    """A text or a path that an expression gives; a module or class for its attributes; else ``UNKNOWN``."""
    rule = _RULES.get(type(node))
    return UNKNOWN if rule is None or depth > _DEPTH else rule(node, scope, depth)


def _constant(node: Any, _scope: Scope, _depth: int) -> Any:
    return node.value if isinstance(node.value, (str, int)) else UNKNOWN


def _name(node: Any, scope: Scope, depth: int) -> Any:
    found, where = scope.find(node.id)
    return evaluate(found, where, depth + 1) if isinstance(found, ast.expr) else _plain(found)


def _subscript(node: Any, scope: Scope, depth: int) -> Any:
    owner, index = evaluate(node.value, scope, depth + 1), evaluate(node.slice, scope, depth + 1)
    parents = isinstance(owner, _Parents) and isinstance(index, int)
    return owner.path.parents[index] if parents and index < len(owner.path.parents) else UNKNOWN


@dataclass(frozen=True)
class _Parents:
    path: PurePath


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, PurePath, ModuleType, type)) else UNKNOWN


def _attribute(node: Any, scope: Scope, depth: int) -> Any:
    owner, name = evaluate(node.value, scope, depth + 1), node.attr
    if isinstance(owner, PurePath):
        if name == "parents":
            return _Parents(owner)
        return getattr(owner, name) if name in {"parent", "name", "stem", "suffix"} else UNKNOWN
    if isinstance(owner, (ModuleType, type)):
        return _plain(vars(owner).get(name, UNKNOWN))
    return UNKNOWN


def _joined(node: Any, scope: Scope, depth: int) -> Any:
    left, right = evaluate(node.left, scope, depth + 1), evaluate(node.right, scope, depth + 1)
    if isinstance(node.op, ast.Div) and isinstance(left, PurePath) and isinstance(right, (str, PurePath)):
        return left / right
    if isinstance(node.op, ast.Div) and isinstance(left, str) and isinstance(right, PurePath):
        return left / right
    both = isinstance(left, str) and isinstance(right, str)
    return left + right if isinstance(node.op, ast.Add) and both else UNKNOWN


def _formatted(node: Any, scope: Scope, depth: int) -> Any:
    parts = []
    for one in node.values:
        value = one.value if isinstance(one, ast.Constant) else evaluate(getattr(one, "value", None), scope, depth + 1)
        if not isinstance(value, (str, int, PurePath)):
            return UNKNOWN
        parts.append(str(value))
    return "".join(parts)


def _call(node: Any, scope: Scope, depth: int) -> Any:
    name = called_name(node)
    arguments = [evaluate(one, scope, depth + 1) for one in node.args]
    known = [one for one in arguments if isinstance(one, (str, PurePath))]
    if name in {"getcwd", "cwd"}:
        return Path()
    if name == "files":
        return package_folder(arguments[0] if arguments else scope.find("__package__")[0]) or UNKNOWN
    if len(known) < len(arguments):
        return UNKNOWN
    if known and (name != "join" or _is_os_path(node.func)) and name in _FUNCTIONS_OF_PATHS:
        return _FUNCTIONS_OF_PATHS[name](*known)
    owner = evaluate(node.func.value, scope, depth + 1) if isinstance(node.func, ast.Attribute) else UNKNOWN
    return _path_method(owner, name, known)


_FUNCTIONS_OF_PATHS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(PATH_TYPES, Path),
    **dict.fromkeys(SAME_PATH, lambda path, *_: path),
    "str": str,
    "join": os.path.join,
    "dirname": os.path.dirname,
}


def _path_method(owner: Any, name: str, arguments: list[Any]) -> Any:
    if not isinstance(owner, PurePath):
        return UNKNOWN
    if name in SAME_PATH_METHODS:
        return owner
    if name == "joinpath":
        return owner.joinpath(*arguments)
    try:
        if name in {"with_name", "with_suffix"} and len(arguments) == 1:
            return getattr(owner, name)(arguments[0])
    except ValueError:
        return UNKNOWN
    return UNKNOWN


def _is_os_path(function: ast.expr) -> bool:
    return isinstance(function, ast.Name) or "path" in ast.unparse(function)


def package_folder(package: Any) -> Path | None:
    """The folder of a package, given the module or its name."""
    module = sys.modules.get(package) if isinstance(package, str) else package
    file = getattr(module, "__file__", None)
    folders = folders_of(module)
    if folders:
        return Path(folders[0])
    return Path(file).parent if file else None


_RULES: dict[type, Callable[[Any, Scope, int], Any]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.BinOp: _joined,
    ast.JoinedStr: _formatted,
    ast.Subscript: _subscript,
    ast.Call: _call,
}
