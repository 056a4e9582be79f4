"""SHA-256 of files; of large ones part by part, side by side on as many processors as there are.

A file of up to 32 MiB has its plain SHA-256 in hex, as ``sha256sum`` prints it. A longer one has the SHA-256 of its
parts' binary digests one after the other, then a hyphen and their number: ``<hex>-32`` is a file of 32 parts.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from .mapped import mapped

PART = 32 << 20  # bytes; all parts but the last have as many
_BESIDE = 1 << 20  # bytes: less is hashed in the time that a thread takes to hear of it


def file_digest(path: Path) -> str:
    """The digest of a file. Raises ``OSError``."""
    with path.open("rb") as file:
        return digest(mapped(file))


def folder_digest(folder: Path) -> str:
    """The SHA-256 of the sorted lines ``<digest>  <path in it>`` of a folder's files. Raises ``OSError``."""
    files = (path for path in folder.rglob("*") if path.is_file())
    lines = [f"{file_digest(path)}  {path.relative_to(folder).as_posix()}\n" for path in files]
    return hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()


def digest(content: memoryview) -> str:
    """The digest of a file's whole content."""
    parts = [content[start : start + PART] for start in range(0, content.nbytes, PART)]
    if len(parts) <= 1:
        return hashlib.sha256(content).hexdigest()
    with ThreadPoolExecutor(min(len(parts), os.cpu_count() or 1)) as beside:
        return _joined(beside.map(hashlib.sha256, parts))


class Digest:
    """The digest of what is written piece by piece. The threads must not end before it was asked for."""

    def __init__(self, beside: ThreadPoolExecutor) -> None:
        self._beside = beside
        self._parts = [hashlib.sha256()]
        self._filled = 0  # bytes of the last part
        self._last: Future[None] | None = None  # of the last part: its pieces come one after the other
        self._begun: list[Future[None]] = []

    def update(self, view: memoryview) -> None:
        """Begin with the next piece, which must not change before :meth:`wait`."""
        start = 0
        while start < view.nbytes:
            if self._filled == PART:
                self._parts.append(hashlib.sha256())
                self._filled, self._last = 0, None
            piece = view[start : start + PART - self._filled]
            if self._last is not None:
                self._last.result()
            if piece.nbytes < _BESIDE:
                self._parts[-1].update(piece)
            else:
                self._last = self._beside.submit(self._parts[-1].update, piece)
                self._begun.append(self._last)
            start += piece.nbytes
            self._filled += piece.nbytes

    def wait(self) -> None:
        """Until nothing that was given is needed any more."""
        for one in self._begun:
            one.result()
        self._begun.clear()

    def hexdigest(self) -> str:
        self.wait()
        return self._parts[0].hexdigest() if len(self._parts) == 1 else _joined(self._parts)


def _joined(parts: Iterable[Any]) -> str:
    digests = [one.digest() for one in parts]
    return f"{hashlib.sha256(b''.join(digests)).hexdigest()}-{len(digests)}"
