"""Records on their way into files, by a thread of their own: whoever makes one never waits for a disk.

Each process writes files of its own, ``<service>-<day>-<process>-<number>.jsonl``; all processes of a service may have
one folder, across machines, too. A record is one line, written whole.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import threading
import uuid
from collections import deque
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

from .errors import SettingsError

logger = logging.getLogger(__name__)

_WAITING = 32 << 20  # bytes of records that may wait for the disk
_FILES = 16  # of a folder that is full
_END_SECONDS = 5.0  # for what waits when the service ends

#: What is called in the spool's thread for the line of a record.
Line = Callable[[], bytes]


class Spool:
    """``folder`` holds at most ``max_bytes`` of the service's files: the oldest are removed for new ones.

    ``written`` is called for each record, or ``lost`` where the disk is too slow or takes none. Raises SettingsError
    where the folder cannot be written to.
    """

    def __init__(
        self, folder: Path, name: str, max_bytes: int, *, written: Callable[[], None], lost: Callable[[], None]
    ) -> None:
        self._folder = folder
        self._name = name
        self._max_bytes = max_bytes
        self._written = written
        self._lost = lost
        self._process = uuid.uuid4().hex[:8]  # process ids of containers are all the same
        self._number = 0
        self._day = ""
        self._file: int | None = None
        self._room = 0
        self._queue: deque[tuple[Line, int]] = deque()
        self._waiting = 0
        self._more = threading.Condition()
        self._ends = self._failed = False
        self._thread = threading.Thread(target=self._write_all, name="capture", daemon=True)
        _check(folder)

    def begin(self) -> None:
        self._thread.start()

    def add(self, line: Line, size: int) -> None:
        """A record of about ``size`` bytes; lost where too many wait already."""
        with self._more:
            if self._waiting + size > _WAITING or self._ends:
                self._lost()
                return
            self._queue.append((line, size))
            self._waiting += size
            self._more.notify()

    def end(self) -> None:
        """Write what waits, for some seconds at most."""
        with self._more:
            self._ends = True
            self._more.notify()
        self._thread.join(_END_SECONDS)
        if self._thread.is_alive():
            logger.error("%d captured requests could not be written before the end.", len(self._queue))

    def _write_all(self) -> None:
        while taken := self._take():
            line, size = taken
            try:
                self._write(line())
                self._written()
                self._failed = False
            except Exception as error:  # noqa: BLE001 - whatever is wrong with one record, others follow
                self._lost()
                self._close_file()
                if not self._failed:
                    logger.error("Captured requests are lost: %s", error)  # noqa: TRY400 - it says all
                self._failed = True
            finally:
                with self._more:
                    self._waiting -= size
        self._close_file()

    def _take(self) -> tuple[Line, int] | None:
        with self._more:
            self._more.wait_for(lambda: self._queue or self._ends)
            return self._queue.popleft() if self._queue else None

    def _write(self, line: bytes) -> None:
        day = datetime.now(timezone.utc).strftime("%Y%m%d")
        if self._file is None or day != self._day or len(line) > self._room:
            self._open_file(day)
        assert self._file is not None  # noqa: S101 - opened just now, or before
        begin = os.lseek(self._file, 0, os.SEEK_END)
        rest = memoryview(line)
        try:
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, begin)  # a part of a line is none
            raise
        self._room -= len(line)

    def _open_file(self, day: str) -> None:
        self._close_file()
        self._make_room()
        self._day = day
        self._number += 1
        path = self._folder / f"{self._name}-{day}-{self._process}-{self._number:04}.jsonl"
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
        self._room = self._max_bytes // _FILES

    def _close_file(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _make_room(self) -> None:
        """For one more file."""
        pattern = re.compile(re.escape(self._name) + r"-\d{8}-[0-9a-f]{8}-\d{4,}\.jsonl")
        found = []
        for path in self._folder.iterdir():
            if pattern.fullmatch(path.name):
                with contextlib.suppress(FileNotFoundError):  # another process was quicker
                    status = path.stat()
                    found.append((status.st_mtime_ns, status.st_size, path))
        total = sum(size for _, size, _ in found) + self._max_bytes // _FILES
        for _, size, path in sorted(found):
            if total <= self._max_bytes:
                return
            path.unlink(missing_ok=True)
            total -= size


def _check(folder: Path) -> None:
    probe = folder / f".{uuid.uuid4().hex}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        message = f"SERVICE_CAPTURE={folder} cannot be written to: {error.strerror}."
        raise SettingsError(message, hint="Mount a volume there that the service's user may write to.") from error
