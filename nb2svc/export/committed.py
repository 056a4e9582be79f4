"""Where the exports of a notebook lie: every project says in its manifest which notebook it is of."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from ..errors import ExportError
from .plan import MANIFEST
from .projects import load_manifest

_ELSEWHERE = frozenset({"node_modules", "site-packages", "venv", "__pycache__"})


def exports_of(notebook: Path, below: Path) -> tuple[Path, ...]:
    """Folders under ``below`` that hold a project of ``notebook``, by its file name.

    Where the notebook's own folder holds some, those are it: notebooks of one name may stand in several folders.
    """
    found = tuple(folder for folder in _projects(below) if _notebook_of(folder) == notebook.name)
    home = notebook.resolve().parent
    return tuple(folder for folder in found if home in folder.resolve().parents) or found


def notebooks_with_exports(below: Path) -> tuple[Path, ...]:
    """Notebooks under ``below`` that have an export there, sorted."""
    exported = {_notebook_of(folder) for folder in _projects(below)}
    return tuple(
        Path(folder, name)
        for folder, names in _walk(below)
        for name in names
        if name.endswith(".ipynb") and name in exported
    )


def _projects(below: Path) -> Iterator[Path]:
    yield from (Path(folder) for folder, files in _walk(below) if MANIFEST in files)


def _walk(below: Path) -> Iterator[tuple[str, list[str]]]:
    """Folders with the names of their files; environments and what is hidden, left out; nothing below a project."""
    for folder, folders, files in os.walk(below):
        if MANIFEST in files:
            folders.clear()
        folders[:] = sorted(name for name in folders if name not in _ELSEWHERE and not name.startswith("."))
        yield folder, sorted(files)


def _notebook_of(folder: Path) -> str:
    try:
        return load_manifest(folder).notebook.file
    except ExportError:  # a broken one is no export of anything; naming the folder itself says what is wrong
        return ""
