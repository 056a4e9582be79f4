"""A request's body on its way in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import anyio
from starlette.types import Message, Receive

from .refusals import Refused

_EARLY = 1 << 20  # bytes of a body that are read before its request counts as at work: slow clients hold up no other


class Body:
    """A request's body as it arrives: counted and timed, its beginning read ahead.

    ``seconds`` are those spent waiting for it, not those in which the app was busy with what had come.
    """

    def __init__(self, receive: Receive, max_bytes: int, seconds: float, refusal: Callable[[str], Refused]) -> None:
        self._receive = receive
        self._room = max_bytes
        self._seconds = seconds
        self._refusal = refusal
        self._ahead: Message | None = None
        self._ended = self._expired = False

    async def begin(self) -> bool:
        """Read a first part, mostly all of it; False where the client goes away. Raises Refused."""
        parts, size = [], 0
        while not self._ended and size < _EARLY:
            message = await self._next()
            if message["type"] == "http.disconnect":
                return False
            parts.append(message.get("body", b""))
            size += len(parts[-1])
        self._ahead = {"type": "http.request", "body": b"".join(parts), "more_body": not self._ended}
        return True

    async def is_abandoned(self) -> bool:
        """Whether the client went away meanwhile; unknown, so False, while its body still arrives. Raises Refused."""
        if self._ahead is None:
            return not await self.begin()
        if not self._ended:
            return False
        with anyio.move_on_after(0):  # it may only say that the client went away
            return bool((await self._receive())["type"] == "http.disconnect")
        return False

    async def receive(self) -> Message:
        """The app's way to it. Raises Refused."""
        if self._ahead is not None:
            message, self._ahead = self._ahead, None
            return message
        return await (self._receive() if self._ended else self._next())

    async def _next(self) -> Message:
        message = await self._in_time()
        self._room -= len(message.get("body", b""))
        self._ended = not message.get("more_body", False)
        if self._room < 0:
            raise self._refusal("large")
        return message

    async def _in_time(self) -> Message:
        """The next message; a bare timer, as a cancel scope around each would cost ten times as much."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        begin = loop.time()
        timer = loop.call_later(self._seconds, self._expire, task)
        try:
            return await self._receive()
        except asyncio.CancelledError:
            if not self._expired:
                raise
            if task is not None and hasattr(task, "uncancel"):  # from Python 3.11 on
                task.uncancel()
            raise self._refusal("slow") from None
        finally:
            timer.cancel()
            self._seconds -= loop.time() - begin

    def _expire(self, task: asyncio.Task[Any] | None) -> None:
        self._expired = True
        if task is not None:
            task.cancel()
