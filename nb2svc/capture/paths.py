"""Which paths a piece of code names: expressions such as ``HERE / "words.txt"`` followed without running them."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from types import ModuleType
from typing import Any

from .constants import UNKNOWN
from .module_source import assignment

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_SCOPES = (*_FUNCTIONS, ast.ClassDef)
_PATH_TYPES = frozenset({"Path", "PurePath", "PosixPath", "WindowsPath"})
_SAME_PATH = frozenset({"str", "fspath", "abspath", "realpath", "normpath", "expanduser", "fsdecode", "as_file"})
_SAME_PATH_METHODS = frozenset({"resolve", "absolute", "as_posix", "expanduser"})
_OF_PACKAGE = frozenset(
    {"read_text", "open_text", "read_binary", "open_binary", "path", "get_data", "resource_filename", "resource_string"}
)
# Calls that make something of a path or only mention it; what they return is followed where it is used.
_NO_USE = frozenset(
    {*_PATH_TYPES, *_SAME_PATH, *_SAME_PATH_METHODS, "join", "dirname", "basename", "joinpath", "with_name", "cwd"}
    | {"with_suffix", "files", "relative_to", "parent", "splitext", "split", "rsplit", "replace", "strip", "format"}
    | {"print", "debug", "info", "warning", "error", "exception", "critical", "log", "startswith", "endswith", "get"}
    | {"getenv", "append", "add", "HTTPException", "Field", "getLogger", "isinstance", "len", "repr", "Query", "Header"}
    | {"environ", "setdefault", "pop", "import_module", "ValueError", "KeyError", "RuntimeError", "FileNotFoundError"}
)
_WRITES = ("to_", "save", "write", "dump", "mkdir", "makedirs", "touch", "unlink", "remove", "rmtree", "rename")
_LISTS = frozenset({"listdir", "scandir", "walk", "iterdir", "glob", "rglob", "iglob"})
_TAKES_FOLDER = _LISTS | {
    *("FileSystemLoader", "Jinja2Templates", "StaticFiles", "from_pretrained", "load", "load_model", "pipeline"),
    *("load_from_disk", "read_parquet", "read_table", "dataset", "scan_parquet", "PackageLoader"),
}
_READS_TEXT = ("open", "read", "load", "connect", "imread", "memmap", "fromfile", "genfromtxt", "CDLL")


@dataclass(frozen=True)
class Named:
    """A path that code names, as written: relative to the working directory, or absolute."""

    path: str
    line: int
    takes_folder: bool = False  # the call would take a folder, too


@dataclass
class Scope:
    """What names mean: those of the module or notebook, and the locals of the functions around."""

    values: Mapping[str, Any]
    assigned: dict[str, ast.expr | None] = field(default_factory=dict)  # local → its one expression; None: unknown
    parent: Scope | None = None

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


def paths_named(nodes: Iterable[ast.AST], values: Mapping[str, Any], module: ast.Module | None = None) -> list[Named]:
    """The paths that ``nodes`` give to calls that may read them, in their order, each once.

    ``values`` are the live values of global names (``__file__`` and ``__package__`` among them), ``module`` gives the
    assignments of one that is not loaded. Calls that only write, test types or make other paths are left out.
    """
    found: dict[tuple[str, bool], Named] = {}
    for node, scope in scoped(nodes, values, module):
        if isinstance(node, ast.Call):
            for one in _used(node, scope):
                found.setdefault((one.path, one.takes_folder), one)
    return list(found.values())


def scoped(
    nodes: Iterable[ast.AST], values: Mapping[str, Any], module: ast.Module | None = None
) -> Iterator[tuple[ast.AST, Scope]]:
    """Every node below ``nodes`` with what names mean there; the arguments are those of :func:`paths_named`."""
    top = Scope(values)
    if module is not None:
        unloaded: dict[str, ast.expr | None] = {
            name: node for name, node in _assigned(module.body).items() if node and name not in values
        }
        top = Scope(values, unloaded, top)
    for node in nodes:
        yield from _walk(node, top)


def _walk(node: ast.AST, scope: Scope) -> Iterator[tuple[ast.AST, Scope]]:
    yield node, scope
    inner = Scope(scope.values, _locals(node), scope) if isinstance(node, _FUNCTIONS) else scope
    for child in ast.iter_child_nodes(node):
        yield from _walk(child, inner)


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
    for node in body:
        yield node
        if not isinstance(node, _SCOPES):
            children: Iterable[ast.AST] = ast.iter_child_nodes(node)
            if assignment(node) is not None:  # its target is told already
                children = [node.value]  # type: ignore[attr-defined]
            yield from _own_statements(children)


# --- calls --------------------------------------------------------------------------------------


def _used(call: ast.Call, scope: Scope) -> Iterator[Named]:
    name = called_name(call)
    if name.startswith(_WRITES) or _opens_to_write(call, name):
        return
    takes_folder = name in _TAKES_FOLDER
    if isinstance(call.func, ast.Attribute):
        owner = evaluate(call.func.value, scope)
        if isinstance(owner, PurePath) and name not in _NO_USE:
            pattern = evaluate(call.args[0], scope) if name in {"glob", "rglob"} and call.args else None
            yield Named(str(owner / pattern) if isinstance(pattern, str) else str(owner), call.lineno, takes_folder)
    if name in _OF_PACKAGE and len(call.args) >= 2:  # noqa: PLR2004 - package, name
        folder = _package_folder(evaluate(call.args[0], scope))
        file = evaluate(call.args[1], scope)
        if folder is not None and isinstance(file, str):
            yield Named(str(folder / file), call.lineno)
            return
    if name in _NO_USE:
        return
    for argument in [*call.args, *(keyword.value for keyword in call.keywords)]:
        value = evaluate(argument, scope)
        text = _as_path(value, certain=name.startswith(_READS_TEXT) or takes_folder)
        if text:
            yield Named(text, call.lineno, takes_folder)


def called_name(call: ast.Call) -> str:
    """``read_csv`` for ``pd.read_csv(…)``."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _as_path(value: Any, *, certain: bool) -> str:
    """The path in a value: of a path object, or a text that looks like one where the call does not say so."""
    if isinstance(value, PurePath):
        return str(value)
    if not isinstance(value, str) or not value or "\n" in value or len(value) > 1_000:  # noqa: PLR2004
        return ""
    for prefix in ("sqlite:///", "duckdb:///"):
        if value.startswith(prefix):
            return value.removeprefix(prefix)
    if "://" in value:
        return ""
    return value if certain or "/" in value or Path(value).suffix else ""


def _opens_to_write(call: ast.Call, name: str) -> bool:
    if name != "open":
        return False
    at = 0 if isinstance(call.func, ast.Attribute) and not _is_module_open(call.func) else 1
    given = [*call.args[at : at + 1], *(one.value for one in call.keywords if one.arg == "mode")]
    mode = given[0].value if given and isinstance(given[0], ast.Constant) else "r"
    return isinstance(mode, str) and mode[:1] in {"w", "a", "x"}


def _is_module_open(function: ast.Attribute) -> bool:
    return isinstance(function.value, ast.Name) and function.value.id in {
        *("io", "os", "gzip", "bz2", "lzma", "codecs", "tokenize", "Image", "fitz", "rasterio", "wave", "shelve"),
    }


# --- expressions --------------------------------------------------------------------------------


def evaluate(node: ast.expr | None, scope: Scope, depth: int = 0) -> Any:
    """A text or a path that an expression gives; a module or class for its attributes; else ``UNKNOWN``."""
    if node is None or depth > 20:  # noqa: PLR2004 - names that are defined by each other
        return UNKNOWN
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, (str, int)) else UNKNOWN
    if isinstance(node, ast.Name):
        found, where = scope.find(node.id)
        return evaluate(found, where, depth + 1) if isinstance(found, ast.expr) else _plain(found)
    if isinstance(node, ast.Attribute):
        return _attribute(evaluate(node.value, scope, depth + 1), node.attr)
    if isinstance(node, ast.BinOp):
        return _joined(node, evaluate(node.left, scope, depth + 1), evaluate(node.right, scope, depth + 1))
    if isinstance(node, ast.JoinedStr):
        return _formatted(node, scope, depth)
    if isinstance(node, ast.Subscript):
        owner, index = evaluate(node.value, scope, depth + 1), evaluate(node.slice, scope, depth + 1)
        parents = isinstance(owner, _Parents) and isinstance(index, int)
        return owner.path.parents[index] if parents and index < len(owner.path.parents) else UNKNOWN
    return _call(node, scope, depth) if isinstance(node, ast.Call) else UNKNOWN


@dataclass(frozen=True)
class _Parents:
    path: PurePath


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, PurePath, ModuleType, type)) else UNKNOWN


def _attribute(owner: Any, name: str) -> Any:
    if isinstance(owner, PurePath):
        if name == "parents":
            return _Parents(owner)
        return getattr(owner, name) if name in {"parent", "name", "stem", "suffix"} else UNKNOWN
    if isinstance(owner, (ModuleType, type)):
        return _plain(vars(owner).get(name, UNKNOWN))
    return UNKNOWN


def _joined(node: ast.BinOp, left: Any, right: Any) -> Any:
    if isinstance(node.op, ast.Div) and isinstance(left, PurePath) and isinstance(right, (str, PurePath)):
        return left / right
    if isinstance(node.op, ast.Div) and isinstance(left, str) and isinstance(right, PurePath):
        return left / right
    both = isinstance(left, str) and isinstance(right, str)
    return left + right if isinstance(node.op, ast.Add) and both else UNKNOWN


def _formatted(node: ast.JoinedStr, scope: Scope, depth: int) -> Any:
    parts = []
    for one in node.values:
        value = one.value if isinstance(one, ast.Constant) else evaluate(getattr(one, "value", None), scope, depth + 1)
        if not isinstance(value, (str, int, PurePath)):
            return UNKNOWN
        parts.append(str(value))
    return "".join(parts)


def _call(node: ast.Call, scope: Scope, depth: int) -> Any:
    name = called_name(node)
    arguments = [evaluate(one, scope, depth + 1) for one in node.args]
    known = [one for one in arguments if isinstance(one, (str, PurePath))]
    if name in {"getcwd", "cwd"}:
        return Path()
    if name == "files":
        return _package_folder(arguments[0] if arguments else scope.find("__package__")[0]) or UNKNOWN
    if len(known) == len(arguments):
        if name in _PATH_TYPES:
            return Path(*known)
        if name == "join" and known and _is_os_path(node.func):
            return os.path.join(*known)  # noqa: PTH118
        if name == "dirname" and known:
            return os.path.dirname(known[0])  # noqa: PTH120
        if name in _SAME_PATH and known:
            return str(known[0]) if name == "str" else known[0]
    owner = evaluate(node.func.value, scope, depth + 1) if isinstance(node.func, ast.Attribute) else UNKNOWN
    return _path_method(owner, name, known) if len(known) == len(arguments) else UNKNOWN


def _path_method(owner: Any, name: str, arguments: list[Any]) -> Any:
    if not isinstance(owner, PurePath):
        return UNKNOWN
    if name in _SAME_PATH_METHODS:
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


def _package_folder(package: Any) -> Path | None:
    """The folder of a package, given the module or its name."""
    module = package if isinstance(package, ModuleType) else sys.modules.get(package) if _is_text(package) else None
    file = getattr(module, "__file__", None)
    folders = list(getattr(module, "__path__", ()))
    if folders:
        return Path(folders[0])
    return Path(file).parent if file else None


def _is_text(value: Any) -> bool:
    return isinstance(value, str)
