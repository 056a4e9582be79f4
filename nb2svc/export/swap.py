"""One folder put in another's place in a single step, so that no reader and no crash sees half a project.

New folders are made beside their target, as ``.NAME.nb2svc-new-PID-…``; a replaced one may stand for a moment as
``.NAME.nb2svc-old-PID-…``. What a killed process left of either is put right by :func:`recover`.
"""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_RENAME_SWAP = 2  # macOS
_CANNOT_EXCHANGE = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}
_active: set[Path] = set()  # folders that this process is filling


@contextmanager
def folder_beside(target: Path, kept: frozenset[str]) -> Iterator[Path]:
    """An empty folder on the file system of ``target``; gone afterwards unless it has taken its place."""
    target.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=_prefix(target, "new"), dir=target.parent))
    _active.add(new)
    try:
        new.chmod(0o755)
        yield new
    finally:
        _delete(new, kept)
        _active.discard(new)


def replace_folder(new: Path, target: Path, kept: frozenset[str]) -> None:
    """Put ``new`` in the place of ``target``; what ``target`` held of ``kept`` moves over, the rest is deleted."""
    if not target.exists():
        new.rename(target)
        return
    old = new if _exchange(new, target) else _step_aside(new, target)
    _carry_over(old, target, kept)
    _delete(old, kept)


def recover(target: Path, kept: frozenset[str]) -> None:
    """Put right what killed processes left beside ``target``: a folder set aside comes back if none took its place."""
    for old in _left_behind(target, "old"):
        if not target.exists():
            old.rename(target)
    for stale in (*_left_behind(target, "old"), *_left_behind(target, "new")):
        if target.is_dir():
            _carry_over(stale, target, kept)
        _delete(stale, kept)


def _prefix(target: Path, role: str) -> str:
    return f".{target.name}.nb2svc-{role}-{os.getpid()}-"


def _left_behind(target: Path, role: str) -> list[Path]:
    if not target.parent.is_dir():
        return []
    head = f".{target.name}.nb2svc-{role}-"
    found = [entry for entry in target.parent.iterdir() if entry.name.startswith(head) and entry.is_dir()]
    return sorted(entry for entry in found if not _is_in_use(entry, entry.name[len(head) :].partition("-")[0]))


def _is_in_use(folder: Path, pid: str) -> bool:
    if not pid.isdigit() or int(pid) == os.getpid():
        return folder in _active
    import psutil

    return bool(psutil.pid_exists(int(pid)))


def _carry_over(old: Path, target: Path, kept: frozenset[str]) -> None:
    for name in sorted(kept):
        source, place = old / name, target / name
        if os.path.lexists(source) and not os.path.lexists(place):
            source.rename(place)


def _delete(folder: Path, kept: frozenset[str]) -> None:
    """Delete a folder, but never what is the person's own: that waits for the next :func:`recover`."""
    if not any(os.path.lexists(folder / name) for name in kept):
        shutil.rmtree(folder, ignore_errors=True)


def _step_aside(new: Path, target: Path) -> Path:
    """Two renames, where the file system cannot exchange: for an instant there is no ``target``."""
    old = Path(tempfile.mkdtemp(prefix=_prefix(target, "old"), dir=target.parent))
    _active.add(old)
    try:
        target.rename(old)
        try:
            new.rename(target)
        except OSError:
            old.rename(target)
            raise
    finally:
        _active.discard(old)
    return old


def _exchange(one: Path, other: Path) -> bool:
    """Swap two folders in one step. False where the system or the file system cannot."""
    try:
        library = ctypes.CDLL(None, use_errno=True)
        paths = os.fsencode(one), os.fsencode(other)
        if sys.platform == "darwin":
            result = library.renamex_np(*paths, _RENAME_SWAP)
        else:
            result = library.renameat2(_AT_FDCWD, paths[0], _AT_FDCWD, paths[1], _RENAME_EXCHANGE)
    except (AttributeError, OSError, TypeError):  # no such library or function here
        return False
    if result == 0:
        return True
    code = ctypes.get_errno()
    if code in _CANNOT_EXCHANGE:
        return False
    raise OSError(code, os.strerror(code), str(other))
