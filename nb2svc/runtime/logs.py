"""Log lines: one JSON object each on standard output, with the id of the request they belong to."""

from __future__ import annotations

import json
import logging
import sys
from contextvars import ContextVar
from datetime import datetime, timezone
from typing import Any

from . import tracing
from .settings import Settings

request_id: ContextVar[str] = ContextVar("request_id", default="")

# Without a handler of the application's, Python would print our errors to standard error: in a notebook, twice.
logging.getLogger(__package__).addHandler(logging.NullHandler())


class JSONFormatter(logging.Formatter):
    """``time`` (UTC), ``level``, ``logger``, ``message``, ``request_id``, ``trace_id`` and ``span_id`` of a request
    that is traced, an access line's fields, ``traceback``.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if identifier := request_id.get():
            line["request_id"] = identifier
            line.update(tracing.ids())
        line.update(getattr(record, "fields", {}))
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class TextFormatter(logging.Formatter):
    """For people: ``12:30:01 info    POST /predict 200 (0.004 s) [request id]``."""

    def format(self, record: logging.LogRecord) -> str:
        time = self.formatTime(record, "%H:%M:%S")
        fields = getattr(record, "fields", {})
        seconds = f" ({fields['seconds']:.3f} s)" if "seconds" in fields else ""
        identifier = f" [{request_id.get()}]" if request_id.get() else ""
        line = f"{time} {record.levelname.lower():<7} {record.getMessage()}{seconds}{identifier}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def configure(settings: Settings) -> None:
    """Send every log record of the process, warnings included, to standard output. For the server's process only."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JSONFormatter() if settings.log_format == "json" else TextFormatter())
    handler.addFilter(_not_logged_before)
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(True)


def mark_logged(error: BaseException) -> None:
    """The server must not write the traceback of ``error`` again."""
    error.__dict__["_logged"] = True


def _not_logged_before(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    return not (record.name.startswith("uvicorn") and getattr(error, "_logged", False))
