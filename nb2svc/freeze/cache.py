"""What nb2svc remembers between runs, under the user's cache folder. Losing it costs time, nothing else."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

KEPT = 32  # entries of one kind; the least recently used go first


def cache_folder() -> Path:
    """``$XDG_CACHE_HOME/nb2svc`` or ``~/.cache/nb2svc``; where that cannot be written, a folder of this process."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG specification: relative paths are invalid and are to be ignored.
    folder = (Path(base) if Path(base).is_absolute() else Path(os.path.expanduser("~/.cache"))) / "nb2svc"  # noqa: PTH111 - Path.expanduser raises where HOME is unknown
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        return _process_folder()
    return folder if os.access(folder, os.W_OK | os.X_OK) else _process_folder()


def digest(value: object) -> str:
    """A key for anything that JSON can hold: hex SHA-256 of its canonical form."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def load(kind: str, key: str) -> Any | None:
    """The value stored under ``kind`` and ``key``; None where there is none or it cannot be read."""
    path = cache_folder() / kind / f"{key}.json"
    try:
        value = json.loads(path.read_bytes())
        os.utime(path)  # so that the entries in use are the ones that are kept
    except (OSError, ValueError):
        return None
    return value


def store(kind: str, key: str, value: object) -> None:
    """Remember ``value``. A disk that refuses is no reason to fail: the next run computes it again."""
    folder = cache_folder() / kind
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / f"{key}.json", json.dumps(value, separators=(",", ":")).encode())
        _forget_oldest(folder)
    except OSError:
        return


def write_atomically(path: Path, content: bytes) -> None:
    """Write beside, then rename: a reader sees all of it or nothing."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    beside = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _forget_oldest(folder: Path) -> None:
    entries = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in entries[KEPT:]:
        path.unlink(missing_ok=True)


@cache
def _process_folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="nb2svc-"))
