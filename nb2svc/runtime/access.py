"""What surrounds each request: its id, its line in the log, its metrics, and the answer when a handler fails."""

from __future__ import annotations

import logging
import os
import re
import threading
import time
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .encoding import JSONAnswer
from .health import PROBES
from .logs import mark_logged, request_id
from .metrics import Metrics
from .refusals import problem_key

logger = logging.getLogger(__name__)

KEY = "nb2svc.key"  # in the scope of a request with an API key: its short id, for the log
WARMING = "nb2svc.warming"  # in the scope of a request that no client made
ANSWERED = "nb2svc.answered"  # in the scope of a request whose error was raised after a whole answer to it
_HEADER = b"x-request-id"
_ACCEPTABLE = re.compile(rb"[\w.:/+=-]{1,128}")


class AccessMiddleware:
    """Outermost of the app's own layers.

    A client's ``X-Request-ID`` is kept where it is harmless; else the request gets one. An error of a handler is
    logged with its traceback, answered without it, and raised on: a server or a test client still sees it.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or WARMING in scope:
            await self._app(scope, receive, send)
            return
        identifier = _request_id(scope["headers"])
        token = request_id.set(identifier)
        answer = _Answer(send, identifier)
        begin = time.perf_counter()
        self._metrics.in_progress.inc()
        try:
            await self._app(scope, receive, answer.send)
        except Exception as error:
            logger.exception("%s %s failed", scope["method"], scope["path"])
            mark_logged(error)
            if answer.status is None:
                await _server_error(scope)(scope, receive, answer.send)
                scope[ANSWERED] = True
            raise
        finally:
            self._metrics.in_progress.dec()
            self._record(scope, answer, time.perf_counter() - begin)
            request_id.reset(token)

    def _record(self, scope: Scope, answer: _Answer, seconds: float) -> None:
        status = answer.status or 499  # the client went away before there was an answer
        endpoint = getattr(scope.get("route"), "path", "unmatched")
        is_probe = scope["path"] in PROBES
        if not is_probe:
            self._metrics.observe(endpoint, scope["method"], status, seconds)
        fields = {
            "method": scope["method"],
            "path": scope["path"],  # without the query, which may hold what no log should
            "endpoint": endpoint,
            "status": status,
            "seconds": round(seconds, 6),
            "bytes": answer.size,
            "complete": answer.complete,
            "client": (scope.get("client") or ("",))[0],
        }
        if KEY in scope:
            fields["key"] = scope[KEY]
        _log(logging.DEBUG if is_probe else logging.INFO, f"{scope['method']} {scope['path']} {status}", fields)


def without_answered_errors(app: ASGIApp) -> ASGIApp:
    """For a server, which would end the client's connection because of an error that was dealt with."""

    async def quiet(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await app(scope, receive, send)
        except Exception:
            if ANSWERED not in scope:
                raise

    return quiet


class _Answer:
    """Passes an answer on, and notes what it was."""

    def __init__(self, send: Send, identifier: str) -> None:
        self._send = send
        self._header = (_HEADER, identifier.encode())
        self.status: int | None = None
        self.size = 0
        self.complete = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [each for each in message.get("headers", ()) if each[0] != _HEADER]
            message["headers"].append(self._header)
        elif message["type"] == "http.response.body":
            self.size += len(message.get("body", b""))
            self.complete = not message.get("more_body", False)
        await self._send(message)


def _request_id(headers: list[tuple[bytes, bytes]]) -> str:
    given = next((value for name, value in headers if name == _HEADER), b"")
    return given.decode() if _ACCEPTABLE.fullmatch(given) else os.urandom(16).hex()


_RECORD = dict(vars(logging.LogRecord(logger.name, logging.INFO, __file__, 0, "", (), None)))


def _log(level: int, message: str, fields: dict[str, Any]) -> None:
    """As ``logger.log`` does, at a fifth of the cost: where a line comes from and in which process is known."""
    if not logger.isEnabledFor(level):
        return
    now = time.time()
    record = logging.LogRecord.__new__(logging.LogRecord)
    vars(record).update(
        _RECORD,
        levelno=level,
        levelname=logging.getLevelName(level),
        msg=message,
        created=now,
        msecs=now % 1 * 1000,
        process=os.getpid(),
        thread=threading.get_ident(),
        fields=fields,
    )
    logger.handle(record)


def _server_error(scope: Scope) -> JSONAnswer:
    return JSONAnswer({problem_key(scope["path"]): "Internal Server Error", "request_id": request_id.get()}, 500)
