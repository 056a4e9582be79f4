"""Which modules a helper module imports: statements anywhere in it, and calls with the module's name in them."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from importlib.util import resolve_name

from .importable import locate


def imports_of(tree: ast.Module, name: str, *, is_package: bool) -> set[str]:
    """Absolute names of what the module ``name`` imports, at its top level or in functions.

    Left out is what does not run in a service: under ``TYPE_CHECKING``, and under ``__name__ == "__main__"``.
    """
    package = name if is_package else name.rpartition(".")[0]
    return {found for node in _running(tree) for found in _imported(node, package) if found}


def _running(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    if isinstance(node, ast.If) and _is_never(node.test):
        children: list[ast.AST] = list(node.orelse)
    else:
        children = list(ast.iter_child_nodes(node))
    for child in children:
        yield from _running(child)


def _is_never(test: ast.expr) -> bool:
    return ast.unparse(test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING", "t.TYPE_CHECKING", "__name__ == '__main__'"}


def _imported(node: ast.AST, package: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        module = _absolute("." * node.level + (node.module or ""), package)
        yield module
        inner = [f"{module}.{alias.name}" for alias in node.names if alias.name != "*"]
        yield from (one for one in inner if locate(one) is not None)
    elif isinstance(node, ast.Call):
        yield from _called(node, package)
    elif isinstance(node, ast.Subscript) and ast.unparse(node) == "sys.modules['__main__']":
        yield "__main__"


def _called(node: ast.Call, package: str) -> Iterator[str]:
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if called in {"iter_modules", "walk_packages"}:
        yield from _loaded(f"{package}.")
    if called not in {"import_module", "__import__"} or not node.args:
        return
    name = node.args[0]
    if isinstance(name, ast.Constant) and isinstance(name.value, str):
        yield _absolute(name.value, _anchor(node, package))
    elif isinstance(name, ast.JoinedStr) and name.values and isinstance(name.values[0], ast.Constant):
        prefix = _absolute(str(name.values[0].value).rstrip("."), _anchor(node, package))
        yield from [prefix, *_loaded(f"{prefix}.")]  # whichever it turns out to be: those that were used here


def _anchor(node: ast.Call, package: str) -> str:
    """The package that a relative name of ``import_module`` is relative to."""
    given = [*node.args[1:2], *(one.value for one in node.keywords if one.arg == "package")]
    written = given[0] if given else None
    return str(written.value) if isinstance(written, ast.Constant) else package


def _absolute(name: str, package: str) -> str:
    try:
        return resolve_name(name, package) if name.startswith(".") else name
    except ImportError:  # beyond the top-level package: it fails in the kernel, too
        return ""


def _loaded(prefix: str) -> list[str]:
    return sorted(name for name in list(sys.modules) if name.startswith(prefix))
