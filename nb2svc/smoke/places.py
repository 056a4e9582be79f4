"""From a line of ``service/notebook.py`` back to the notebook: which cell, which name."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ..values import Where

_FRAME: Final = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+)')
_USER_FILES: Final = re.compile(r"(?:^|[/\\])(service[/\\](?!runtime[/\\])[\w/\\]+\.py|lib[/\\][\w/\\]+\.py)$")


@dataclass(frozen=True, slots=True)
class Place:
    """A line of the user's code in a project, and where it stands in the notebook."""

    file: str  # in the project: ``service/notebook.py``
    line: int
    source: str  # the line itself, stripped; "" where it cannot be read
    where: Where

    def __str__(self) -> str:
        shown = f"{self.file}:{self.line}" + (f"  {self.source}" if self.source else "")
        return f"{self.where}: {shown}" if str(self.where) else shown


def place_in(traceback: str, root: Path) -> Place | None:
    """The innermost line of the user's own code in the last traceback of ``traceback`` (text), where there is one.

    Paths are those of wherever the service ran; only their tail below the project counts.
    """
    last = traceback.rpartition("Traceback (most recent call last)")[2]
    for match in reversed(list(_FRAME.finditer(last.replace('\\"', '"')))):
        tail = _USER_FILES.search(match["file"])
        if tail and "site-packages" not in match["file"]:
            return _place(root, tail[1].replace("\\", "/"), int(match["line"]))
    return None


def _place(root: Path, file: str, line: int) -> Place:
    try:
        text = (root / file).read_text(encoding="utf-8")
        name = _definition_at(text, line)
    except (OSError, ValueError, SyntaxError):
        return Place(file, line, "", Where())
    lines = text.splitlines()
    source = lines[line - 1].strip() if 0 < line <= len(lines) else ""
    return Place(file, line, source, _where(root, name) if file == "service/notebook.py" else Where(name=name))


def _definition_at(text: str, line: int) -> str:
    """The name that the top-level statement around ``line`` binds; "" where it binds none."""
    for node in ast.parse(text).body:
        first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))])
        if first <= line <= (node.end_lineno or node.lineno):
            return _bound(node)
    return ""


def _bound(node: ast.stmt) -> str:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return node.name
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return next((target.id for target in targets if isinstance(target, ast.Name)), "")


def _where(root: Path, name: str) -> Where:
    """From the manifest's ``definitions``; the name alone where there is no manifest to read."""
    try:
        manifest: dict[str, Any] = json.loads((root / "nb2svc.json").read_bytes())
        notebook = str((manifest.get("notebook") or {}).get("file") or "")
        cells = {entry["name"]: entry.get("cell") for entry in manifest.get("definitions") or []}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Where(name=name)
    return Where(notebook=notebook, cell=cells.get(name), name=name)
