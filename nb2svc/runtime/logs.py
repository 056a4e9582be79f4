"""Log lines: one JSON object each on standard output, with the id of the request they belong to."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from contextlib import nullcontext
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, TextIO

from pydantic_core import to_json

from . import tracing
from .settings import Settings

request_id: ContextVar[str] = ContextVar("request_id", default="")

_WARNINGS = 1000  # texts that are remembered, and shown
_PIPE = 4096  # bytes: as many are written to a pipe whole, whoever else writes to it

# Without a handler of the application's, Python would print our errors to standard error: in a notebook, twice.
logging.getLogger(__package__).addHandler(logging.NullHandler())


class JSONFormatter(logging.Formatter):
    """``time`` (UTC), ``level``, ``logger``, ``message``, ``worker`` where there are several, ``request_id``,
    ``trace_id`` and ``span_id`` of a request that is traced, an access line's fields, ``traceback``.
    """

    def __init__(self, worker: int | None = None) -> None:
        super().__init__()
        self._worker = {} if worker is None else {"worker": worker}

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": _utc(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **self._worker,
        }
        if identifier := request_id.get():
            line["request_id"] = identifier
            line.update(tracing.ids())
        line.update(getattr(record, "fields", {}))
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return to_json(line, fallback=str).decode()


def _utc(seconds: float) -> str:
    """ISO 8601, to the millisecond."""
    milliseconds = int(seconds * 1000)
    return f"{_to_the_second(milliseconds // 1000)}.{milliseconds % 1000:03}+00:00"


@lru_cache(maxsize=1)
def _to_the_second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


class TextFormatter(logging.Formatter):
    """For people: ``12:30:01 info    POST /predict 200 (0.004 s) [request id]``; ``#2`` behind the time is a worker."""

    def __init__(self, worker: int | None = None) -> None:
        super().__init__()
        self._worker = "" if worker is None else f" #{worker}"

    def format(self, record: logging.LogRecord) -> str:
        time = self.formatTime(record, "%H:%M:%S")
        fields = getattr(record, "fields", {})
        seconds = f" ({fields['seconds']:.3f} s)" if "seconds" in fields else ""
        identifier = f" [{request_id.get()}]" if request_id.get() else ""
        line = f"{time}{self._worker} {record.levelname.lower():<7} {record.getMessage()}{seconds}{identifier}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class LineHandler(logging.StreamHandler):  # type: ignore[type-arg]  # Python 3.10 cannot subscript it
    """Writes each record at once, but those with ``fields``, the access lines, at the end of the event loop's turn.

    Under load these are many, and a write costs as much as all else about a line. What is written at once is never
    longer than a pipe takes whole: other workers write to the same one.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._lines: list[str] = []
        self._size = 0  # bytes, at most

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._add(self.format(record) + self.terminator)
            if not (hasattr(record, "fields") and self._is_flushed_soon()):
                self.flush()
        except Exception:  # noqa: BLE001 - as in logging's own handlers: a line that cannot be written stops no request
            self.handleError(record)

    def _add(self, line: str) -> None:
        size = len(line) * (1 if line.isascii() else 4)
        if self._size + size > _PIPE:
            self.flush()
        self._lines.append(line)
        self._size += size

    def _is_flushed_soon(self) -> bool:
        if len(self._lines) == 1:
            try:
                asyncio.get_running_loop().call_soon(self.flush)
            except RuntimeError:  # none runs in this thread
                return False
        return True

    def flush(self) -> None:
        with self.lock or nullcontext():
            text, self._lines, self._size = "".join(self._lines), [], 0
            if text:
                self.stream.write(text)
                self.stream.flush()


def configure(settings: Settings, worker: int | None = None) -> None:
    """Send every log record of the process, warnings included, to standard output. For the server's process only."""
    handler = LineHandler(sys.stdout)
    handler.setFormatter(JSONFormatter(worker) if settings.log_format == "json" else TextFormatter(worker))
    handler.addFilter(_not_logged_before)
    handler.addFilter(_Once())
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(True)


def mark_logged(error: BaseException) -> None:
    """The server must not write the traceback of ``error`` again."""
    error.__dict__["_logged"] = True


def _not_logged_before(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    return not (record.name.startswith("uvicorn") and getattr(error, "_logged", False))


class _Once(logging.Filter):
    """Passes each text of a warning once.

    Python itself forgets what it has shown whenever code sets filters for a while; scikit-learn does for each tree of
    a forest, and warns in each once two threads do so at once.
    """

    def __init__(self) -> None:
        super().__init__()
        self._known: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name != "py.warnings":
            return True
        text = record.getMessage()
        if text in self._known or len(self._known) >= _WARNINGS:
            return False
        self._known.add(text)
        return True
