"""An exported folder as it lies on disk: what belongs to the project, what to the person, and what was edited."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Literal

from ..runtime.digests import file_digest

KEPT = frozenset({".git", ".gitattributes", ".gitignore", ".venv", "venv", ".env", ".idea", ".vscode"})
"""Top-level names that are the person's own: no edits, and carried over when the folder is replaced."""

_DROPPINGS = (
    *("__pycache__", "*.py[co]", ".pytest_cache", ".ruff_cache", ".mypy_cache", ".ipynb_checkpoints"),
    *(".DS_Store", "._*", "Thumbs.db", "desktop.ini", "*~", ".*.sw[a-p]", ".#*", "#*#", ".nfs*"),
)
"""What interpreters, editors and systems leave behind: no edits, and not carried over."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A file that is not as it was written."""

    path: str
    kind: Literal["edited", "added", "removed"]


def project_files(root: Path) -> Iterator[str]:
    """Paths of the files below ``root``, sorted, without :data:`KEPT` and droppings. Links are files here."""
    yield from sorted(_below(root, ""))


def _below(folder: Path, prefix: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if is_dropping(entry.name) or (not prefix and entry.name in KEPT):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _below(Path(entry.path), f"{prefix}{entry.name}/")
            else:
                yield prefix + entry.name


def is_dropping(name: str) -> bool:
    return any(fnmatch(name, pattern) for pattern in _DROPPINGS)


def edits(root: Path, written: Mapping[str, str], *, manifest: str) -> Iterator[Edit]:
    """What was done to ``root`` since the files ``written`` (path → SHA-256) and ``manifest`` were put there."""
    present = set(project_files(root)) - {manifest}
    for path in sorted(present | written.keys()):
        if path not in written:
            yield Edit(path, "added")
        elif path not in present:
            yield Edit(path, "removed")
        elif (root / path).is_symlink() or file_digest(root / path) != written[path]:
            yield Edit(path, "edited")
