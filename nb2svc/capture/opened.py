"""The files that captured code opens while it answers, seen through Python's audit events."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..values import Where
from .executed import LIBRARIES, listen

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
_FRAMES = 60
# Who opens files for Python itself: imports and the source lines of tracebacks.
_PYTHON = ("<frozen ", "/linecache.py", "/tokenize.py", "/zipimport.py", "/inspect.py")


@dataclass(frozen=True)
class Opened:
    """One path, absolute; ``given`` as the code gave it; ``by`` the file of the code, "" for a cell."""

    path: str
    given: str
    by: str = ""
    is_folder: bool = False


@dataclass
class Watch:
    """What was opened to be read, and existed before the watch began, in the order of the first time."""

    began: float = field(default_factory=time.time)
    _before: Mapping[str, Opened] = field(default_factory=dict)  # what the same code opened when it ran earlier
    _read: dict[str, Opened] = field(default_factory=dict)
    _made: set[str] = field(default_factory=set)

    def note(self, given: Any, *, writes: bool = False, is_folder: bool = False) -> None:
        if not isinstance(given, (str, bytes, os.PathLike)) or _asked_by_python():
            return
        text = os.fsdecode(given)
        path = os.path.abspath(text)  # noqa: PTH100 - links stay as they are
        if writes or not os.path.exists(path):  # noqa: PTH110 - made by this code, or not there for it
            self._made.add(path)
        elif path not in self._made:
            self._read.setdefault(path, Opened(path, text, _asked_by(), is_folder))

    @property
    def opened(self) -> list[Opened]:
        """Without what was written meanwhile: the code made that itself."""
        read = {**self._before, **self._read}
        return [one for one in read.values() if one.is_folder or not self._is_new(one.path)]

    def _is_new(self, path: str) -> bool:
        try:
            return os.stat(path).st_mtime >= self.began and not path.endswith(_DATABASES)  # noqa: PTH116
        except OSError:
            return True


_DATABASES = (".db", ".sqlite", ".sqlite3", ".duckdb")  # that were there before, and are written to while read
_WATCH: ContextVar[Watch | None] = ContextVar("nb2svc_watch", default=None)


_known: dict[Where, dict[str, Opened]] = {}


@contextmanager
def watching(who: Where) -> Iterator[Watch]:
    """See what is opened in this context, in threads and tasks that it starts too (those of the web framework).

    What ``who`` opened before counts as well: what is cached is not read again.
    """
    for event, listener in _LISTENERS.items():
        listen(event, listener)
    watch = Watch(_before=dict(_known.get(who, {})))
    token = _WATCH.set(watch)
    try:
        yield watch
    finally:
        _WATCH.reset(token)
        _known[who] = {one.path: one for one in watch.opened}


def _opens(arguments: tuple[Any, ...]) -> None:
    watch = _WATCH.get()
    if watch is not None:
        path, mode, flags = arguments
        writes = mode[:1] in {"w", "a", "x"} if isinstance(mode, str) else bool(flags and flags & _WRITING)
        watch.note(path, writes=writes)


def _connects(arguments: tuple[Any, ...]) -> None:
    watch = _WATCH.get()
    database = os.fsdecode(arguments[0]) if isinstance(arguments[0], (str, bytes, os.PathLike)) else ":"
    if watch is not None and database and not database.startswith((":", "file:")):
        watch.note(database)


def _lists(arguments: tuple[Any, ...]) -> None:
    watch = _WATCH.get()
    if watch is not None:
        watch.note(arguments[0] or ".", is_folder=True)


def _links(arguments: tuple[Any, ...]) -> None:
    watch = _WATCH.get()
    if watch is not None and isinstance(arguments[0], str) and os.sep in arguments[0]:
        watch.note(arguments[0])


_LISTENERS = {
    "open": _opens,
    "sqlite3.connect": _connects,
    "os.listdir": _lists,
    "os.scandir": _lists,
    "ctypes.dlopen": _links,
}


def _asked_by_python() -> bool:
    file = sys._getframe(4).f_code.co_filename  # noqa: SLF001 - below: note, the listener, the hook
    return file.startswith(_PYTHON[0]) or file.endswith(_PYTHON[1:])


def _asked_by() -> str:
    """The nearest file of the user's own in the stack; "" for a cell or none."""
    frame = sys._getframe(4)  # noqa: SLF001
    for _ in range(_FRAMES):
        file = frame.f_code.co_filename
        if not file.startswith(LIBRARIES):
            return file if Path(file).is_file() else ""
        if frame.f_back is None:
            return ""
        frame = frame.f_back
    return ""
