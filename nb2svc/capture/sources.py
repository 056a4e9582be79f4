"""From a live function, class or binding to the lines that a person wrote, comments included."""

from __future__ import annotations

import ast
import io
import re
import textwrap
import tokenize
from functools import lru_cache
from typing import TYPE_CHECKING

from ..fingerprint import first_line

if TYPE_CHECKING:
    from .cells import LoggedCell

_CELL_COMMENT = re.compile(r"#\s*(%%|nb2svc:|\+$|-$|In\[)")  # marks of cells and tools, no words about the code


def source_of(logged: LoggedCell, node: ast.stmt) -> str:
    """A statement's own lines, dedented, with the comments that stand directly above it and behind it."""
    begin, end = first_line(node), node.end_lineno or node.lineno
    if _shares_a_line(logged, node):
        return ast.unparse(node)
    lines = logged.lines
    while begin > 1 and _is_comment_above(lines[begin - 2], lines[begin - 1]):
        begin -= 1
    return dedent(lines[begin - 1 : end])


def _is_comment_above(above: str, line: str) -> bool:
    text = above.strip()
    same_indent = len(above) - len(above.lstrip()) == len(line) - len(line.lstrip())
    return text.startswith("#") and same_indent and not _CELL_COMMENT.match(text)


def _shares_a_line(logged: LoggedCell, node: ast.stmt) -> bool:
    last = node.end_lineno or node.lineno
    begins, ends = _lines_of(logged.tree)
    return any(
        other is not node and not (other.lineno < node.lineno and (other.end_lineno or 0) > last)  # a block around it
        for other in (*begins.get(last, ()), *ends.get(first_line(node), ()))
    )


@lru_cache(maxsize=16)
def _lines_of(tree: ast.Module) -> tuple[dict[int, list[ast.stmt]], dict[int, list[ast.stmt]]]:
    """The statements of a cell by the lines where they begin, and where they end."""
    from .cells import statements

    begins: dict[int, list[ast.stmt]] = {}
    ends: dict[int, list[ast.stmt]] = {}
    for node in statements(tree.body):
        begins.setdefault(first_line(node), []).append(node)
        ends.setdefault(node.end_lineno or node.lineno, []).append(node)
    return begins, ends


def dedent(lines: list[str]) -> str:
    """Lines without the indentation of the first; the inside of strings that span lines stays as it is."""
    text = "\n".join(lines)
    if not lines[0][:1].isspace():
        return text
    # Inside ``if`` or ``try``: the lines of a string that spans several must stay as they are.
    width = len(lines[0]) - len(lines[0].lstrip())
    kept = string_lines(textwrap.dedent(lines[0]) + "\n" + "\n".join(lines[1:]))
    moved = (line if number in kept else line[width:] for number, line in enumerate(lines, 1))
    return "\n".join(moved)


def indent(source: str, prefix: str = "    ") -> str:
    """Indent code without touching the inside of strings that span lines."""
    kept = string_lines(source)
    moved = (
        line if number in kept or not line.strip() else prefix + line
        for number, line in enumerate(source.splitlines(), 1)
    )
    return "\n".join(moved)


def string_lines(source: str) -> set[int]:
    """1-based numbers of the lines that begin inside a string."""
    inside: set[int] = set()
    opened: list[int] = []
    fstring_start = getattr(tokenize, "FSTRING_START", -1)
    fstring_end = getattr(tokenize, "FSTRING_END", -1)
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.STRING:
                inside.update(range(token.start[0] + 1, token.end[0] + 1))
            elif token.type == fstring_start:
                opened.append(token.start[0])
            elif token.type == fstring_end:
                inside.update(range(opened.pop() + 1, token.end[0] + 1))
    except (tokenize.TokenError, IndentationError):
        pass  # an excerpt that does not end cleanly: what was seen so far holds
    return inside
