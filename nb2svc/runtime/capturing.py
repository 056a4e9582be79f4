"""What clients asked and were answered, kept in files for those who watch whether the data drifts; off by default.

One JSON object a line: ``time`` (UTC, when the request was taken up), ``request_id``, ``digest`` (of the project),
``method``, ``path``, ``endpoint``, ``query``, ``inputs`` and ``outputs`` (the bodies: JSON as it is, text as text,
other bytes in base64), ``status``, ``seconds``. Headers, and so keys, are never in it.
"""

from __future__ import annotations

import base64
import random
import time
from datetime import datetime, timezone
from typing import Any
from urllib.parse import parse_qs

from prometheus_client import Counter
from pydantic_core import from_json, to_json
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .access import WARMING
from .health import PROBES
from .logs import request_id
from .manifest import Manifest
from .metrics import Metrics
from .settings import Settings
from .spool import Spool

_LARGEST = 1 << 20  # bytes of a request's or an answer's body; what is longer is left out
_AROUND = 1000  # bytes of a record beside its bodies, about
_GONE = 499  # as in the log: the client went away before there was an answer


class Capture:
    """What is kept of one app's requests, and where. Raises SettingsError where ``folder`` cannot be written to."""

    def __init__(self, spool: Spool, rate: float, digest: str) -> None:
        self._spool = spool
        self._rate = rate
        self._digest = digest
        self._random = random.Random()  # noqa: S311 - apart from the one that the notebook's code may have seeded

    @classmethod
    def of(cls, settings: Settings, manifest: Manifest, metrics: Metrics) -> Capture | None:
        """None where nothing is to be kept. Raises SettingsError where the folder cannot be written to."""
        if settings.capture is None:
            return None
        counter = Counter(
            "http_requests_captured", "Requests captured, and lost on the way.", ("outcome",), registry=metrics.registry
        )
        spool = Spool(
            settings.capture,
            manifest.name,
            settings.capture_bytes,
            written=counter.labels("written").inc,
            lost=counter.labels("lost").inc,
        )
        return cls(spool, settings.capture_rate, manifest.digest)

    def chooses(self) -> bool:
        return self._random.random() < self._rate

    def add(self, scope: Scope, exchange: Exchange) -> None:
        identifier, seconds = request_id.get(), time.perf_counter() - exchange.begin

        def line() -> bytes:
            record = {
                "time": datetime.fromtimestamp(exchange.time, timezone.utc).isoformat(timespec="milliseconds"),
                "request_id": identifier,
                "digest": self._digest,
                "method": scope["method"],
                "path": scope["path"],
                "endpoint": scope["route"].path,
                "query": parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True) or None,
                "inputs": exchange.request.value(),
                "outputs": exchange.answer.value(),
                "status": exchange.status,
                "seconds": round(seconds, 6),
            }
            return to_json(record, inf_nan_mode="null") + b"\n"

        self._spool.add(line, exchange.request.size + exchange.answer.size + _AROUND)

    def begin(self) -> None:
        self._spool.begin()

    def end(self) -> None:
        """Write what waits, for some seconds at most."""
        self._spool.end()


class CaptureMiddleware:
    """Within the limits: what was refused unread is not kept."""

    def __init__(self, app: ASGIApp, capture: Capture) -> None:
        self._app = app
        self._capture = capture

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_asked = scope["type"] == "http" and scope["path"] not in PROBES and WARMING not in scope
        if not (is_asked and self._capture.chooses()):
            await self._app(scope, receive, send)
            return
        exchange = Exchange(scope, receive, send)
        try:
            await self._app(scope, exchange.receive, exchange.send)
        except Exception:
            if exchange.status == _GONE:
                exchange.status = 500
            raise
        finally:
            if _answers_for_the_notebook(scope):
                self._capture.add(scope, exchange)


def _answers_for_the_notebook(scope: Scope) -> bool:
    """Whether a handler or a model did, rather than what describes them."""
    route = scope.get("route")
    path: str = getattr(route, "path", "")
    return path.endswith("/infer") if path.startswith("/v2") else bool(getattr(route, "include_in_schema", False))


class Exchange:
    """A request and its answer, passed on and kept."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self.time = time.time()
        self.begin = time.perf_counter()
        self.status = _GONE
        self.request = _Body(scope["headers"])
        self.answer = _Body()

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self.request.add(message.get("body", b""))
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.answer.headers = message.get("headers", ())
        elif message["type"] == "http.response.body":
            self.answer.add(message.get("body", b""))
        await self._send(message)


class _Body:
    def __init__(self, headers: Any = ()) -> None:
        self.headers = headers
        self.size = 0
        self._parts: list[bytes] = []

    def add(self, part: bytes) -> None:
        self.size += len(part)
        if self.size <= _LARGEST:
            self._parts.append(part)
        else:
            self._parts.clear()

    def value(self) -> Any:
        """None for none; of one that is too long its size."""
        if not self.size:
            return None
        if self.size > _LARGEST:
            return {"left_out": self.size}
        content = b"".join(self._parts)
        media_type = next((value for name, value in self.headers if name.lower() == b"content-type"), b"").lower()
        try:
            return from_json(content) if not media_type or b"json" in media_type else content.decode()
        except ValueError:  # UnicodeDecodeError is one
            pass
        try:
            return content.decode()
        except UnicodeDecodeError:
            return {"content_type": media_type.decode("latin-1"), "base64": base64.b64encode(content).decode()}
