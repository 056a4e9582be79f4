"""HTTP/1.1 on httptools, with the bounds that uvicorn leaves out there: how long headers may be, and may take."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .settings import Settings

_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class BoundedProtocol(HttpToolsProtocol):
    """Ends connections whose headers do not end.

    They are answered with 400 once they are too long, and with 408 once they take too long; where nothing arrives at
    all, there is no answer. Headers that end are the app's to measure.
    """

    max_header_bytes: int
    header_seconds: float
    _expiry: asyncio.TimerHandle | None = None
    _fed = 0  # bytes that came after those with which the headers began

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._await_headers()

    def data_received(self, data: bytes) -> None:
        had_part = self._has_part()
        super().data_received(data)
        if not self._has_part() or self.transport.is_closing():
            self._await_no_more()
            return
        self._await_headers()
        self._fed = self._fed + len(data) if had_part else 0
        if max(self._fed, self._parsed()) > self.max_header_bytes:
            self.send_400_response("The headers are too long.")

    def connection_lost(self, exc: Exception | None) -> None:
        self._await_no_more()
        super().connection_lost(exc)

    def _has_part(self) -> bool:
        """Whether headers have begun and not ended."""
        return self.scope is not None and "method" not in self.scope

    def _parsed(self) -> int:
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)

    def _await_headers(self) -> None:
        if self._expiry is None:
            self._expiry = self.loop.call_later(self.header_seconds, self._expire)

    def _await_no_more(self) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None

    def _expire(self) -> None:
        if self._has_part():
            self.transport.write(_TOO_SLOW)
        self.transport.close()


def bounded(settings: Settings) -> type[BoundedProtocol]:
    bounds = {"max_header_bytes": settings.max_header_bytes, "header_seconds": settings.header_seconds}
    return type("Bounded", (BoundedProtocol,), bounds)
