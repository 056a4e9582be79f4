"""What surrounds each WebSocket: who may connect, how many, its line in the log, its metrics, what ends it.

Browsers connect from any page, whatever CORS says, and let it read what comes: so a page of another origin than the
service's own needs ``SERVICE_CORS_ORIGINS``, as it does for reading answers.
"""

from __future__ import annotations

import contextlib
import logging
import time
import uuid
from urllib.parse import urlsplit

from prometheus_client import Gauge
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from .access import ANSWERED, KEY
from .logs import mark_logged, request_id
from .metrics import Metrics
from .refusals import Refused, refuse
from .settings import Settings

logger = logging.getLogger(__name__)

_CONNECTED = 101  # the status of a handshake that is granted
_NOT_CONNECTED = 403  # what a server answers where the app closes before it accepts
_FAILED = 1011  # the code with which a connection is closed because of an error here


class ConnectionMiddleware:
    """Outside of the layers that look at requests. Keys are checked by those within."""

    def __init__(self, app: ASGIApp, settings: Settings, metrics: Metrics) -> None:
        self._app = app
        self._room = settings.max_websockets
        self._origins = settings.cors_origins
        self._metrics = metrics
        self._open = Gauge(
            "websocket_connections",
            "WebSocket connections that are open.",
            registry=metrics.registry,
            multiprocess_mode="livesum",
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return
        token = request_id.set(uuid.uuid4().hex)
        connection = _Connection(send)
        begin = time.perf_counter()
        self._room -= 1
        self._open.inc()
        try:
            await self._connect(scope, receive, connection)
        finally:
            self._room += 1
            self._open.dec()
            self._record(scope, connection, time.perf_counter() - begin)
            request_id.reset(token)

    async def _connect(self, scope: Scope, receive: Receive, connection: _Connection) -> None:
        try:
            self._check(Headers(scope=scope))
            await self._app(scope, receive, connection.send)
        except Refused as refused:
            await refuse(refused, scope, receive, connection.send)
        except WebSocketDisconnect:  # of a handler that waits for messages until there are no more
            return
        except Exception as error:
            logger.exception("WEBSOCKET %s failed", scope["path"])
            mark_logged(error)
            scope[ANSWERED] = True
            with contextlib.suppress(Exception):  # the client may be gone, too
                await connection.fail(scope, receive)
            raise

    def _check(self, headers: Headers) -> None:
        """Raises Refused."""
        if self._room < 0:
            raise Refused(503, "The service has as many connections as it takes: try again in a moment.")
        origin = headers.get("origin")
        own = not origin or urlsplit(origin).netloc == headers.get("host")
        if not own and not {"*", origin} & set(self._origins):
            raise Refused(403, "Pages of this origin may not connect.")

    def _record(self, scope: Scope, connection: _Connection, seconds: float) -> None:
        endpoint = getattr(scope.get("route"), "path", "unmatched")
        self._metrics.observe(endpoint, "WEBSOCKET", connection.status, seconds)
        fields = {
            "method": "WEBSOCKET",
            "path": scope["path"],
            "endpoint": endpoint,
            "status": connection.status,
            "seconds": round(seconds, 6),
            "messages": connection.messages,
            "client": (scope.get("client") or ("",))[0],
        }
        if KEY in scope:
            fields["key"] = scope[KEY]
        logger.info("WEBSOCKET %s %s", scope["path"], connection.status, extra={"fields": fields})


class _Connection:
    """Passes messages to the client, and notes what became of the connection."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = _NOT_CONNECTED
        self.messages = 0  # sent
        self._is_answered = False

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "websocket.accept":
            self.status = _CONNECTED
            MutableHeaders(raw=message.setdefault("headers", [])).append("x-request-id", request_id.get())
        elif kind == "websocket.http.response.start":
            self.status = message["status"]
        self.messages += kind == "websocket.send"
        self._is_answered = self._is_answered or kind in ("websocket.close", "websocket.http.response.start")
        await self._send(message)

    async def fail(self, scope: Scope, receive: Receive) -> None:
        """Tell the client: by a status before the connection stands, by a code after that."""
        if self._is_answered:
            return
        if self.status == _CONNECTED:
            await self.send({"type": "websocket.close", "code": _FAILED})
        else:
            await refuse(Refused(500, "Internal Server Error"), scope, receive, self.send)
