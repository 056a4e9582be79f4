"""How much, how many and how slowly: what goes beyond is refused before the app works on it.

======= ====== ===================================================================
reason  status when
======= ====== ===================================================================
headers 431    there are too many, or they are too long
large   413    the body is too long: by its Content-Length, or while it streams in
slow    408    the body does not arrive in time
busy    503    as many requests as may be are at work, and as many as may wait
======= ====== ===================================================================

Probes are never refused and never wait. A request is at work until the last byte of its answer, or until the handler
of a client that went away returns.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from .bodies import Body
from .health import PROBES
from .metrics import Metrics
from .refusals import Refused, refuse
from .settings import Settings
from .slots import Slots

_DIGITS = 18  # of a Content-Length; Python would take its time for more
_REFUSALS = {
    "headers": (431, "The headers are too many or too long."),
    "large": (413, "The body is too long."),
    "slow": (408, "The body did not arrive in time."),
    "busy": (503, "The service is busy: try again in a moment."),
}
_HEADERS = {"busy": {"Retry-After": "1"}, "slow": {"Connection": "close"}, "large": {"Connection": "close"}}


class LimitsMiddleware:
    """Around everything that costs memory or time."""

    def __init__(self, app: ASGIApp, settings: Settings, metrics: Metrics) -> None:
        self._app = app
        self._max_body = settings.max_body
        self._body_seconds = settings.body_seconds
        self._max_headers = settings.max_headers
        self._max_header_bytes = settings.max_header_bytes
        self._slots = Slots(settings.max_concurrency, settings.max_queue)
        self._counters = {reason: metrics.shed.labels(reason) for reason in _REFUSALS}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in PROBES:
            await self._app(scope, receive, send)
            return
        try:
            has_body = self._check(scope["headers"])
            if not self._slots.enter():
                raise self._refusal("busy")
            try:
                body = Body(receive, self._max_body, self._body_seconds, self._refusal)
                await self._work(scope, body, send, has_body)
            finally:
                self._slots.leave()
        except Refused as refused:
            await refuse(refused, scope, receive, send)

    async def _work(self, scope: Scope, body: Body, send: Send, has_body: bool) -> None:
        """Raises Refused before the app is called; within it, FastAPI answers with that as with an HTTPException."""
        if has_body and not await body.begin():
            return
        waited = await self._slots.take()
        try:
            if not (waited and await body.is_abandoned()):
                await self._app(scope, body.receive, send)
        finally:
            self._slots.give()

    def _check(self, headers: list[tuple[bytes, bytes]]) -> bool:
        """Whether a body may follow. Raises Refused."""
        if len(headers) > self._max_headers:
            raise self._refusal("headers")
        has_body, size = False, 0
        for name, value in headers:
            size += len(name) + len(value)
            if name == b"content-length" and value.isdigit():
                has_body = has_body or value != b"0"
                if len(value) > _DIGITS or int(value) > self._max_body:
                    raise self._refusal("large")
            elif name == b"transfer-encoding":
                has_body = True
        if size > self._max_header_bytes:
            raise self._refusal("headers")
        return has_body

    def _refusal(self, reason: str) -> Refused:
        self._counters[reason].inc()
        return Refused(*_REFUSALS[reason], headers=_HEADERS.get(reason))
