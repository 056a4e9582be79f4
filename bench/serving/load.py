"""The load generator: so many connections kept alive, each with one request under way, every answer checked.

One process with uvloop and raw sockets. Requests are bytes made beforehand; an answer that is byte for byte one that
was found right before costs one look-up. What it can do at the most shows against a server that does nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CLOSES = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
_DRAIN_SECONDS = 60.0  # how long an answer may stay away before it counts as lost
_WARM_AT_MOST = 20.0


class Checks(Protocol):
    """What tells right answers from wrong ones."""

    def trouble(self, number: int, status: int, body: bytes) -> str | None:
        """What is wrong with the answer to request ``number``; None where it is right."""


@dataclass
class Sample:
    """What one load of one server gave."""

    connections: int
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)  # seconds, of the requests answered in that time
    generator: float = 0.0  # seconds of processor time that the generator itself used meanwhile
    server: float = 0.0  # and those that the server used
    answered: int = 0  # all of them, those of the warm-up too
    wrong: int = 0
    lost: int = 0
    trouble: str = ""  # the first of them, in words


class _Run:
    """One load under way: its connections take the next request from it and hand it their answers."""

    def __init__(self, requests: Sequence[bytes], checks: Checks, connections: int) -> None:
        self.requests = requests
        self.sample = Sample(connections)
        self.sending = True
        self.under_way = 0
        self.idle = asyncio.Event()
        self.warm = asyncio.Event()
        self._checks = checks
        self._next = 0

    def take(self) -> int | None:
        """The number of the next request; None when the load is over."""
        if not self.sending:
            return None
        number = self._next
        self._next = number + 1 if number + 1 < len(self.requests) else 0
        self.under_way += 1
        return number

    def answer(self, number: int, status: int, body: bytes, seconds: float) -> None:
        sample = self.sample
        sample.latencies.append(seconds)
        sample.answered += 1
        trouble = self._checks.trouble(number, status, body)
        if trouble:
            sample.wrong += 1
            sample.trouble = sample.trouble or trouble
        if sample.answered == sample.connections:
            self.warm.set()
        self._ended()

    def lose(self, why: str) -> None:
        self.sample.lost += 1
        self.sample.trouble = self.sample.trouble or why
        self.warm.set()
        self._ended()

    def _ended(self) -> None:
        self.under_way -= 1
        if not self.under_way and not self.sending:
            self.idle.set()


class _Connection(asyncio.Protocol):
    """One client that waits for its answer before it asks again, as most do."""

    __slots__ = ("_began", "_buffer", "_number", "_reconnect", "_run", "_transport")

    def __init__(self, run: _Run, reconnect: Callable[[], None]) -> None:
        self._run = run
        self._reconnect = reconnect
        self._transport: Any = None
        self._number: int | None = None
        self._buffer = b""
        self._began = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._send()

    def _send(self) -> None:
        self._number = self._run.take()
        if self._number is None:
            self._transport.close()
            return
        self._began = time.perf_counter()
        self._transport.write(self._run.requests[self._number])

    def data_received(self, data: bytes) -> None:
        if self._buffer:
            data = self._buffer + data
        end = data.find(b"\r\n\r\n")
        length = _LENGTH.search(data, 0, end) if end >= 0 else None
        if length is None:
            if end >= 0:
                self._fail("an answer without content-length: " + data[: min(end, 200)].decode("latin-1"))
            else:
                self._buffer = data
            return
        whole = end + 4 + int(length[1])
        if len(data) < whole:
            self._buffer = data
            return
        self._buffer = b""
        number, self._number = self._number, None
        if number is None:
            self._fail("an answer that no request asked for")
            return
        self._run.answer(number, int(data[9:12]), data[end + 4 : whole], time.perf_counter() - self._began)
        if _CLOSES.search(data, 0, end):
            self._transport.close()
        else:
            self._send()

    def _fail(self, why: str) -> None:
        if self._number is None:
            self._run.under_way += 1  # counted as one that went wrong all the same
        self._number = None
        self._run.lose(why)
        self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._number is not None:
            self._number = None
            self._run.lose(f"the connection ended before its answer came ({exc or 'closed by the server'})")
        if self._run.sending:
            self._reconnect()


def drive(
    port: int,
    requests: Sequence[bytes],
    checks: Checks,
    *,
    connections: int,
    seconds: float,
    warm: float,
    server_time: Callable[[], float] = float,
) -> Sample:
    """Load the server on that port of this machine for ``seconds``, after at least ``warm`` seconds of the same.

    The warm-up lasts until each connection has had an answer, so that what is measured is the steady state. Every
    answer is waited for, for 60 s: a server that is to be asked next has nothing of this left to do. ``server_time``
    tells the seconds of processor time that the server has used so far.
    """
    import uvloop

    return uvloop.run(_drive(port, _Run(requests, checks, connections), seconds, warm, server_time))


async def _drive(port: int, run: _Run, seconds: float, warm: float, server_time: Callable[[], float]) -> Sample:
    loop = asyncio.get_running_loop()
    connecting: set[asyncio.Task[None]] = set()

    async def connect() -> None:
        try:
            await loop.create_connection(lambda: _Connection(run, reconnect), "127.0.0.1", port)
        except OSError as error:
            run.under_way += 1
            run.lose(f"no connection: {error}")

    def reconnect() -> None:
        task = loop.create_task(connect())
        connecting.add(task)
        task.add_done_callback(connecting.discard)

    gc.collect()
    gc.disable()
    try:
        for _ in range(run.sample.connections):
            await connect()
        await asyncio.sleep(warm)
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(run.warm.wait(), _WARM_AT_MOST)
        await _measure(run, seconds, server_time)
    finally:
        gc.enable()
    return run.sample


async def _measure(run: _Run, seconds: float, server_time: Callable[[], float]) -> None:
    """Count what is answered in that time, then wait for the rest."""
    sample = run.sample
    measured: list[float] = []
    sample.latencies = measured
    began, used, served = time.perf_counter(), time.process_time(), server_time()
    await asyncio.sleep(seconds)
    sample.seconds = time.perf_counter() - began
    sample.generator = time.process_time() - used
    sample.server = server_time() - served
    sample.latencies = []  # what comes from now on is checked, but not timed
    await _drain(run)
    sample.latencies = measured


async def _drain(run: _Run) -> None:
    """Ask nothing more, and wait for what was asked."""
    run.sending = False
    if not run.under_way:
        return
    try:
        await asyncio.wait_for(run.idle.wait(), _DRAIN_SECONDS)
    except asyncio.TimeoutError:
        run.sample.trouble = run.sample.trouble or f"no answer within {_DRAIN_SECONDS:.0f} s"
        run.sample.lost += run.under_way
