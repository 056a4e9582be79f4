"""How ``%%endpoint`` and its kin run their cell as an ordinary one.

A cell magic that calls ``run_cell`` for its body swallows the body's errors, loses top-level ``await`` and shifts
line numbers. So the magic line is not run as a magic at all: an input transformer turns it into a marker
statement on the same line, and an AST transformer moves the marker behind the body, where it calls
:meth:`Marker.finish`. The body is compiled, run, displayed and, when it fails, shown by IPython itself; a capture
that fails raises inside the cell.
"""

from __future__ import annotations

import ast
import linecache
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from .magics import Marks

MARKS = ("serve_model", "endpoint", "startup")
MARKER = "get_ipython().nb2svc_marker.finish("
_MAGIC_LINE = re.compile(rf"%%({'|'.join(MARKS)})(?:[ \t]+(.*?))?[ \t]*\n?$")
_DISPLAY = "get_ipython().displayhook"


class Marker:
    """What the marker statement of a cell calls when the cell's body has run."""

    def __init__(self, marks: Marks) -> None:
        self._marks = marks

    def finish(self, kind: str, line: str) -> None:
        """Capture the cell that just ran. Raises ``Nb2svcError``, which makes the cell fail."""
        self._marks.finish(kind, line)


def mark_line(lines: list[str]) -> list[str]:
    """Input transformer: the magic line becomes the marker statement, the body stays as it is."""
    if not lines or not (match := _MAGIC_LINE.match(lines[0])):
        return lines
    kind, options = match.groups()
    return [f"{MARKER}{kind!r}, {(options or '')!r})\n", *lines[1:]]


# IPython leaves it out then when it asks whether a cell is complete, and waits for the blank line that ends one.
mark_line.has_side_effects = True  # type: ignore[attr-defined]


class MoveMarker(ast.NodeTransformer):
    """AST transformer: runs the marker last, and still displays the body's last expression."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell

    def visit_Module(self, node: ast.Module) -> ast.Module:
        if not node.body or not _is_marker(node.body[0]):
            return node
        marker, *body = node.body
        _show_the_magic_line()
        if body and isinstance(body[-1], ast.Expr) and self._shell.ast_node_interactivity != "all":
            body[-1] = _displayed(body[-1])
        return ast.Module(body=[*body, marker], type_ignores=node.type_ignores)


def _is_marker(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and ast.unparse(node).startswith(MARKER)


def _show_the_magic_line() -> None:
    """Let tracebacks and ``inspect`` show what the person wrote, as a comment, where the marker stands."""
    for name, entry in list(linecache.cache.items()):
        lines = entry[2] if len(entry) > 2 else None  # noqa: PLR2004 - lazy entries have one part
        if lines and lines[0].startswith(MARKER):
            kind, options = ast.literal_eval(f"({lines[0].strip().removeprefix(MARKER)}")
            shown = [f"# %%{kind} {options}".rstrip() + "\n", *lines[1:]]
            linecache.cache[name] = (len("".join(shown)), None, shown, name)


def _displayed(statement: ast.Expr) -> ast.Expr:
    """``expression`` as ``get_ipython().displayhook(expression)``: what IPython does with a last expression."""
    hook = ast.parse(_DISPLAY, mode="eval").body
    call = ast.Expr(ast.Call(func=hook, args=[statement.value], keywords=[]))
    return ast.fix_missing_locations(ast.copy_location(call, statement))


def install(shell: InteractiveShell, marker: Marker) -> None:
    """Make the marks known to a shell. Calling it again replaces the marker."""
    uninstall(shell)
    shell.nb2svc_marker = marker  # type: ignore[attr-defined] # where the marker statement finds it
    shell.input_transformers_cleanup.append(mark_line)
    shell.ast_transformers.append(MoveMarker(shell))


def uninstall(shell: InteractiveShell) -> None:
    """Take the transformers out again."""
    cleanup = shell.input_transformers_cleanup
    cleanup[:] = [transform for transform in cleanup if transform is not mark_line]
    shell.ast_transformers[:] = [one for one in shell.ast_transformers if not isinstance(one, MoveMarker)]
