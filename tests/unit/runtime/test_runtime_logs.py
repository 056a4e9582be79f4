from __future__ import annotations

import asyncio
import io
import json
import logging
import re
import subprocess
import sys
import threading
from datetime import datetime, timezone

import pytest

from nb2svc.runtime import access
from nb2svc.runtime.logs import JSONFormatter, LineHandler, TextFormatter


class Writes(io.StringIO):
    """What was written, call by call."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []

    def write(self, text: str) -> int:
        self.calls.append(text)
        return len(text)


@pytest.fixture
def stream() -> Writes:
    return Writes()


@pytest.fixture
def handler(stream: Writes) -> LineHandler:
    return LineHandler(stream)


def record(message: str, **extra: object) -> logging.LogRecord:
    return logging.makeLogRecord(
        {"name": "nb2svc", "levelno": logging.INFO, "levelname": "INFO", "msg": message, **extra}
    )


def access_line(message: str) -> logging.LogRecord:
    return record(message, fields={"status": 200})


def test_access_lines_are_written_at_the_end_of_the_turn_and_others_at_once(handler, stream) -> None:
    async def main() -> None:
        for message in "ab":
            handler.emit(access_line(message))
        assert stream.calls == []
        await asyncio.sleep(0)
        assert stream.calls == ["a\nb\n"]
        handler.emit(access_line("c"))
        handler.emit(record("d"))
        assert stream.calls == ["a\nb\n", "c\nd\n"]

    asyncio.run(main())
    assert len(stream.calls) == 2


def test_without_a_loop_every_line_is_written_at_once(handler, stream) -> None:
    handler.emit(access_line("a"))
    assert stream.calls == ["a\n"]


def test_a_thread_writes_what_waits_with_its_own(handler, stream) -> None:
    async def main() -> None:
        handler.emit(access_line("a"))
        thread = threading.Thread(target=handler.emit, args=(record("b"),))
        thread.start()
        thread.join()
        assert stream.calls == ["a\nb\n"]

    asyncio.run(main())


def test_no_write_is_longer_than_a_pipe_takes_whole(handler, stream) -> None:
    async def main() -> None:
        for _ in range(100):
            handler.emit(access_line("é" * 100))
        handler.emit(access_line("x" * 5000))

    asyncio.run(main())
    assert "".join(stream.calls) == ("é" * 100 + "\n") * 100 + "x" * 5000 + "\n"
    assert all(len(call.encode()) <= 4096 for call in stream.calls[:-1])
    assert len(stream.calls) < 20


def test_no_line_is_lost_when_the_process_ends_within_the_turn() -> None:
    code = """
import asyncio, logging, sys
from nb2svc.runtime.logs import LineHandler
handler = LineHandler(sys.stdout)
async def main():
    handler.emit(logging.makeLogRecord({"msg": "last", "fields": {}}))
    sys.exit(3)
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stdout) == (3, "last\n")


def test_a_line_is_one_json_object_with_its_time() -> None:
    made = record("it's “so”", created=1700000000.9996, fields={"status": 200, "path": "/é"})
    line = JSONFormatter().format(made)
    assert "\n" not in line
    found = json.loads(line)
    assert found == {
        "time": "2023-11-14T22:13:20.999+00:00",
        "level": "info",
        "logger": "nb2svc",
        "message": "it's “so”",
        "status": 200,
        "path": "/é",
    }
    for seconds in (0.0, 0.001, 1700000000.5, 1700000001.0):
        made = record("x", created=seconds)
        expected = datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="milliseconds")
        assert json.loads(JSONFormatter().format(made))["time"] == expected


def test_what_has_no_json_form_is_its_text() -> None:
    made = record("x", fields={"value": object, "number": 1e-7, "none": None})
    found = json.loads(JSONFormatter().format(made))
    assert (found["value"], found["number"], found["none"]) == (str(object), 1e-7, None)


def test_an_access_line_is_a_record_as_logging_makes_it(caplog) -> None:
    with caplog.at_level(logging.INFO):
        access._log(logging.INFO, "GET / 200", {"seconds": 0.001})
        access.logger.info("GET / 200", extra={"fields": {"seconds": 0.001}})
        access._log(logging.DEBUG, "GET /livez 200", {})
    ours, loggings = caplog.records
    differing = {
        "created",
        "msecs",
        "relativeCreated",
        "pathname",
        "filename",
        "module",
        "lineno",
        "funcName",
        "taskName",
    }
    assert vars(ours).keys() == vars(loggings).keys()
    assert {key: value for key, value in vars(ours).items() if key not in differing} == {
        key: value for key, value in vars(loggings).items() if key not in differing
    }
    assert abs(ours.created - loggings.created) < 60
    assert re.fullmatch(r"\d\d:\d\d:\d\d info    GET / 200 \(0.001 s\)", TextFormatter().format(ours))
