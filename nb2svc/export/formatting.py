"""Python source as ruff formats it, held to one rule: formatting never changes what the code does."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterable, Sequence
from functools import cache

from ..errors import ExportError

LINE_LENGTH = 120
OWN_PACKAGE = "service"


def format_source(source: str, *, python: str) -> str | None:
    """``source`` formatted for ``python`` (``3.11``); None where that cannot be done or would change its meaning.

    A statement whose docstring the formatter would indent otherwise stays as it is: programs read docstrings, too, as
    the description of a tool, say.
    """
    formatted = _ruff(["format", *_target(python)], source)
    if formatted is None:
        return None
    if not same_meaning(source, formatted):
        formatted = _with_changed_statements_of(source, formatted)
    return formatted if same_meaning(source, formatted) else None


def _with_changed_statements_of(source: str, formatted: str) -> str:
    """``formatted``, but statements that do not mean what they did as they stand in ``source``."""
    try:
        before, after = ast.parse(source).body, ast.parse(formatted).body
    except SyntaxError:
        return formatted
    old, new = source.split("\n"), formatted.split("\n")
    for was, now in reversed(list(zip(before, after, strict=False))):
        if ast.dump(was) != ast.dump(now):
            new[_begin(now) : now.end_lineno] = old[_begin(was) : was.end_lineno]
    return "\n".join(new)


def _begin(node: ast.stmt) -> int:
    """The index of a statement's first line, decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(one.lineno for one in decorators)]) - 1


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
    """Whether both sources parse to the same tree."""
    try:
        return ast.dump(ast.parse(before)) == ast.dump(ast.parse(after))
    except SyntaxError:  # of another Python than this one: cannot be known
        return False


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
