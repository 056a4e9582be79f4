"""Zip archives made the same each time: no moment of writing, no path of this machine."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from pathlib import Path

_ALIGNED = 64  # bytes: where PyTorch wants tensors to begin, so that they can be memory-mapped
_EPOCH = (1980, 1, 1, 0, 0, 0)
_HEADER = 30  # bytes of a local file header, before its name and extra field


def rewritten(archive: Path, change: Callable[[str, bytes], bytes | None]) -> None:
    """Write an archive anew, uncompressed: every file as ``change(name, content)`` gives it, without those of None."""
    new = archive.with_name(f"{archive.name}.new")
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(new, "w") as written:
        for info in old.infolist():
            content = change(info.filename, old.read(info))
            if content is not None:
                written.writestr(_entry(info.filename, written.start_dir), content)
    os.replace(new, archive)  # noqa: PTH105 - a rename that replaces, on every system


def _entry(name: str, offset: int) -> zipfile.ZipInfo:
    """An entry of no moment, its content aligned by an extra field, as PyTorch's own writer does."""
    entry = zipfile.ZipInfo(name, _EPOCH)
    begin = offset + _HEADER + len(name.encode()) + 4
    padding = -begin % _ALIGNED
    entry.extra = b"FB" + padding.to_bytes(2, "little") + b"Z" * padding
    return entry
