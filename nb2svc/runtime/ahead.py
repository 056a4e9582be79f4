"""The SHA-256 of large model files, worked out on a thread of its own while the libraries of the service are imported.

Standard library only, for it begins before anything else is imported. What is loaded afterwards is the very file that
was hashed, however its path is called by then.
"""

from __future__ import annotations

import json
import os
import threading
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path

from .digests import digest
from .mapped import mapped
from .places import place_of

LARGE = 16 << 20  # bytes: a smaller file is hashed in the time that a thread takes to start


@dataclass(frozen=True)
class Hashed:
    """An open file with its content and the digest of that (:mod:`.digests`)."""

    file: BufferedReader
    content: memoryview
    sha256: str

    def __enter__(self) -> Hashed:  # noqa: PYI034 - Self is not in Python 3.10's typing
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()  # the content stays


@dataclass
class _Begun:
    ended: threading.Event = field(default_factory=threading.Event)
    found: Hashed | None = None  # None after the end: it could not be read


_lock = threading.Lock()
_waiting: list[Path] = []
_begun: dict[Path, _Begun] = {}
_process = 0  # where the thread runs; a fork of it has none


def begin(root: Path | None = None, folder: Path | None = None) -> None:
    """Start to hash the large files of a project, by default the one in which this runtime lies; those that it lacks,
    in ``folder``.
    """
    global _process  # noqa: PLW0603 - one thread a process
    root = root or Path(__file__).resolve().parent.parent.parent
    try:
        entries = json.loads((root / "nb2svc.json").read_bytes())["artifacts"]
        large = [place_of(entry["path"], root, folder) for entry in entries if entry["size"] >= LARGE]
    except (OSError, ValueError, KeyError, TypeError):  # who loads the manifest says it better
        return
    _process = os.getpid()
    _waiting[:] = large
    if large:
        threading.Thread(target=_work, name="nb2svc-ahead", daemon=True).start()


def hashed(path: Path) -> Hashed:
    """A file with its digest: the one that was begun, else it is hashed now. Raises ``OSError``."""
    with _lock:
        begun = _begun.pop(path, None) if _process == os.getpid() else None
        if begun is None and path in _waiting:
            _waiting.remove(path)  # its turn had not come
    if begun is not None:
        begun.ended.wait()
    return begun.found if begun is not None and begun.found is not None else _hash(path)


def _work() -> None:
    while True:
        with _lock:
            if not _waiting:
                return
            path = _waiting.pop(0)
            begun = _begun[path] = _Begun()
        try:
            begun.found = _hash(path)
        except Exception:  # noqa: BLE001, S110 - who loads the file meets it again, and can say what it means
            pass
        finally:
            begun.ended.set()


def _hash(path: Path) -> Hashed:
    file = path.open("rb")
    try:
        content = mapped(file)
        return Hashed(file, content, digest(content))
    except BaseException:
        file.close()
        raise
