"""The text of one function or class inside a cell, with some of its expressions replaced."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from ..fingerprint import Scope
from .sources import dedent

if TYPE_CHECKING:
    from .cells import LoggedCell

Path = tuple[tuple[str, int | None], ...]


def rewritten(logged: LoggedCell, node: ast.AST, edits: Mapping[ast.expr, str]) -> tuple[LoggedCell, ast.AST]:
    """The cell with every expression of ``edits`` replaced, and what ``node`` is in it."""
    if not edits:
        return logged, node
    path, code = _path_to(logged.tree, node), replaced(logged.code, edits)
    changed = type(logged)(replace(logged.cell, raw=code, code=code))
    return changed, _at(changed.tree, path)


def replaced(code: str, edits: Mapping[ast.expr, str]) -> str:
    """The code with every expression of ``edits``, which are of its tree and none inside another, replaced."""
    lines = [line.encode() for line in code.split("\n")]
    for expression, text in sorted(edits.items(), key=lambda edit: (-edit[0].lineno, -edit[0].col_offset)):
        first, last = expression.lineno - 1, (expression.end_lineno or expression.lineno) - 1
        tail = lines[last][expression.end_col_offset or 0 :]
        lines[first : last + 1] = [lines[first][: expression.col_offset] + text.encode() + tail]
    return b"\n".join(lines).decode()


def _path_to(root: ast.AST, wanted: ast.AST) -> Path:
    """The fields and indices that lead from ``root`` to ``wanted``."""
    stack: list[tuple[ast.AST, Path]] = [(root, ())]
    while stack:
        node, path = stack.pop()
        if node is wanted:
            return path
        for field, value in ast.iter_fields(node):
            if isinstance(value, ast.AST):
                stack.append((value, (*path, (field, None))))
            elif isinstance(value, list):
                stack += [(one, (*path, (field, index))) for index, one in enumerate(value) if isinstance(one, ast.AST)]
    raise ValueError("the node is not in this tree")


def _at(root: ast.AST, path: Path) -> ast.AST:
    for field, index in path:
        value = getattr(root, field)
        root = value if index is None else value[index]
    return root


def piece_of(logged: LoggedCell, node: Scope) -> str:
    """A lambda's own text, or a ``def`` or ``class`` without its decorators, dedented."""
    if isinstance(node, ast.Lambda):
        text = ast.get_source_segment(logged.code, node) or ast.unparse(node)
        return f"({text})" if "\n" in text else text
    lines = logged.lines[node.lineno - 1 : node.end_lineno]
    alone = not lines[0][: node.col_offset].strip() and not _behind(lines[-1], node)
    if not alone:
        bare = ast.parse(ast.unparse(node)).body[0]
        cast("ast.FunctionDef", bare).decorator_list = []
        return ast.unparse(bare)
    return dedent(lines)


def _behind(line: str, node: Scope) -> str:
    """What stands behind the node on its last line, but for a comment."""
    text = line.encode()[node.end_col_offset or 0 :].decode().strip()
    return "" if text.startswith("#") else text


def default_expressions(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> dict[str, ast.expr]:
    """The expression of each parameter's default, by the parameter's name."""
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    last = positional[len(positional) - len(arguments.defaults) :]
    found = {one.arg: default for one, default in zip(last, arguments.defaults, strict=True)}
    for one, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if default is not None:
            found[one.arg] = default
    return found
