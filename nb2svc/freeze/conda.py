"""What conda notes about its packages, beside the metadata that Python's own tools read."""

from __future__ import annotations

import json
import os
import sys
from functools import lru_cache
from pathlib import Path


def package_of(file: str) -> str:
    """The conda package that installed ``file``; "" in other environments, or for none."""
    try:
        inside = os.path.relpath(os.path.realpath(file), os.path.realpath(sys.prefix))
    except ValueError:
        return ""  # on another drive
    return _packages().get(inside.replace(os.sep, "/"), "")


@lru_cache(maxsize=1)
def _packages() -> dict[str, str]:
    """File, relative to the environment → package, by ``conda-meta``."""
    found: dict[str, str] = {}
    for note in sorted(Path(sys.prefix, "conda-meta").glob("*.json")):
        found |= _files_of(note)
    return found


def _files_of(note: Path) -> dict[str, str]:
    try:
        document = json.loads(note.read_bytes())
        return dict.fromkeys(document["files"], str(document["name"]))
    except (OSError, ValueError, KeyError, TypeError):
        return {}  # half written, or none of conda's
