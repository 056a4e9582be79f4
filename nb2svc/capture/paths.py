"""Which paths a piece of code gives to calls that may read them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from .expressions import (
    PATH_TYPES,
    SAME_PATH,
    SAME_PATH_METHODS,
    Place,
    Scope,
    called_name,
    evaluate,
    package_folder,
    scoped,
)

_OF_PACKAGE = frozenset(
    {"read_text", "open_text", "read_binary", "open_binary", "path", "get_data", "resource_filename", "resource_string"}
)
# Calls that make something of a path or only mention it; what they return is followed where it is used.
_NO_USE = frozenset(
    {*PATH_TYPES, *SAME_PATH, *SAME_PATH_METHODS, "join", "dirname", "basename", "joinpath", "with_name", "cwd"}
    | {"with_suffix", "files", "relative_to", "parent", "splitext", "split", "rsplit", "replace", "strip", "format"}
    | {"print", "debug", "info", "warning", "error", "exception", "critical", "log", "startswith", "endswith", "get"}
    | {"getenv", "append", "add", "HTTPException", "Field", "getLogger", "isinstance", "len", "repr", "Query", "Header"}
    | {"FileHandler", "RotatingFileHandler", "TimedRotatingFileHandler", "basicConfig"}
    | {"environ", "setdefault", "pop", "import_module", "ValueError", "KeyError", "RuntimeError", "FileNotFoundError"}
)
_WRITES = (
    "to_",
    "save",
    "imsave",
    "imwrite",
    "write",
    "dump",
    "mkdir",
    "makedirs",
    "touch",
    "unlink",
    "remove",
    "rmtree",
    "rename",
)
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


def paths_named(nodes: Iterable[ast.AST], values: Mapping[str, Any], module: ast.Module | None = None) -> list[Named]:
    """The paths that ``nodes`` give to calls that may read them, in their order, each once.

    ``values`` are the live values of global names (``__file__`` and ``__package__`` among them), ``module`` gives the
    assignments of one that is not loaded. Calls that only write, test types or make other paths are left out.
    """
    return paths_at(scoped(nodes, values, module))


def paths_at(places: Iterable[Place]) -> list[Named]:
    """:func:`paths_named` of nodes and what names mean there."""
    found: dict[tuple[str, bool], Named] = {}
    for node, scope in places:
        if isinstance(node, ast.Call):
            for one in _used(node, scope):
                found.setdefault((one.path, one.takes_folder), one)
    return list(found.values())


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
            return
    if name in _OF_PACKAGE and len(call.args) >= 2:  # noqa: PLR2004 - package, name
        folder = package_folder(evaluate(call.args[0], scope))
        file = evaluate(call.args[1], scope)
        if folder is not None and isinstance(file, str):
            yield Named(str(folder / file), call.lineno)
            return
    if name in _NO_USE:
        return
    first = call.args[0] if call.args and (name.startswith(_READS_TEXT) or takes_folder) else None
    for argument in [*call.args, *(keyword.value for keyword in call.keywords)]:
        text = _as_path(evaluate(argument, scope), certain=argument is first)
        if text:
            yield Named(text, call.lineno, takes_folder)


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
    if name not in {"open", "File", "ZipFile", "TarFile", "HDFStore", "Dataset"}:
        return False
    at = 0 if isinstance(call.func, ast.Attribute) and not _is_module_open(call.func) else 1
    given = [*call.args[at : at + 1], *(one.value for one in call.keywords if one.arg == "mode")]
    mode = given[0].value if given and isinstance(given[0], ast.Constant) else "r"
    return isinstance(mode, str) and mode[:1] in {"w", "a", "x"}


def _is_module_open(function: ast.Attribute) -> bool:
    return isinstance(function.value, ast.Name) and function.value.id in {
        *("io", "os", "gzip", "bz2", "lzma", "codecs", "tokenize", "Image", "fitz", "rasterio", "wave", "shelve"),
    }
