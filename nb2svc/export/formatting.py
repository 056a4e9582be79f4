"""Python source as ruff formats it, held to one rule: formatting never changes what the code does."""

from __future__ import annotations

import ast
import inspect
import subprocess
from collections.abc import Iterable, Sequence
from functools import cache

from ..errors import ExportError

LINE_LENGTH = 120
OWN_PACKAGE = "service"


def format_source(source: str, *, python: str) -> str | None:
    """``source`` formatted for ``python`` (``3.11``); None where that cannot be done or would change its meaning.

    Docstrings may be re-indented (``inspect.getdoc`` gives the same text before and after).
    """
    formatted = _ruff(["format", *_target(python)], source)
    return formatted if formatted is not None and same_meaning(source, formatted) else None


def sort_imports(statements: Iterable[str], *, python: str, own: Sequence[str] = ()) -> str:
    """Import statements as one sorted block: standard library, third parties, the project's own.

    Statements of one module are merged. Nothing is dropped as unused: an import may be there for what it
    does (``sklearn.experimental``) or for what a pickle needs. ``own`` are names of the project's modules.
    """
    block = "\n".join(dict.fromkeys(statement.strip() for statement in statements))
    if not block:
        return ""
    names = ", ".join(f'"{name}"' for name in (OWN_PACKAGE, *own))
    settings = ["src = []", f"lint.isort.known-first-party = [{names}]", "lint.isort.combine-as-imports = true"]
    options = [part for setting in settings for part in ("--config", setting)]
    # I001 is ruff's rule for unsorted imports; --exit-zero: a remark is no failure here
    arguments = ["check", "--select", "I001", "--fix", "--exit-zero", "--quiet", *options, *_target(python)]
    ordered = _ruff(arguments, block + "\n")
    return (block if ordered is None else ordered).strip()


def docstring(text: str) -> str:
    """``text`` as it may stand between triple double quotes, on one line."""
    return " ".join(text.split()).replace("\\", "\\\\").replace('"""', "'''")


def same_meaning(before: str, after: str) -> bool:
    """Whether both sources parse to the same tree, the indentation of docstrings aside."""
    try:
        return _tree(before) == _tree(after)
    except SyntaxError:  # of another Python than this one: cannot be known
        return False


def _tree(source: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            _clean_docstring(node)
    return ast.dump(tree)


def _clean_docstring(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    first = node.body[0] if node.body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        first.value.value = inspect.cleandoc(first.value.value).strip()


def _target(python: str) -> list[str]:
    return ["--target-version", "py" + python.replace(".", "")]


def _ruff(arguments: Sequence[str], source: str) -> str | None:
    """What ruff makes of ``source``; None where it cannot read it (a Python that it does not know, say).

    ``--isolated`` and no cache: neither a ``ruff.toml`` around nor an earlier run may have a say.
    """
    command = [_binary(), arguments[0], "--isolated", "--no-cache", "--stdin-filename", "notebook.py"]
    if arguments[0] == "format":
        command += ["--line-length", str(LINE_LENGTH)]
    else:
        command += ["--config", f"line-length = {LINE_LENGTH}"]
    try:
        done = subprocess.run([*command, *arguments[1:], "-"], input=source.encode(), capture_output=True, check=False)
    except OSError as error:
        raise ExportError(
            f"ruff, which formats the exported code, cannot be run: {error}", hint="pip install --force-reinstall ruff"
        ) from error
    return done.stdout.decode() if done.returncode == 0 else None


@cache
def _binary() -> str:
    try:
        from ruff import find_ruff_bin
    except ImportError:  # before ruff 0.14 only its __main__ knew
        from ruff.__main__ import find_ruff_bin
    return str(find_ruff_bin())
