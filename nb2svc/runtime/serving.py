"""The server of one process, from the first connection to the last answer."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import uvicorn

from .accepting import Acceptor, refuse_newcomers, url
from .handover import become_supervisor, successor
from .health import Lifecycle
from .links import Link, Worker, may_reload
from .settings import Settings
from .turns import Turns

logger = logging.getLogger(__name__)

_LINGER = 1.0  # seconds in which clients may still use connections that they have: these end with the next answer
_POLL_SECONDS = 0.02


class Server(uvicorn.Server):
    """Ends well on a signal, where uvicorn would let the signal kill the process after all.

    It answers what has arrived before it ends, and whoever has a connection may send one more request on it. On SIGHUP
    a successor takes over, where no supervisor does that.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        lifecycle: Lifecycle,
        settings: Settings,
        listening: socket.socket,
        link: Link | None,
    ) -> None:
        super().__init__(config)
        self._lifecycle = lifecycle
        self._settings = settings
        self._listening = listening
        self._link = link
        self._linger = min(_LINGER, settings.grace_seconds)
        self._acceptor = Acceptor(listening, self._connect, at_once=1 if link else 100)  # fair to other workers
        self._signal = 0
        self._is_reloading = False
        self._successor: Worker | None = None
        if link:
            lifecycle.wait()
            link.go = lifecycle.go

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        handlers = {signal.SIGTERM: self.handle_exit, signal.SIGINT: self.handle_exit}
        if may_reload():
            handlers[signal.SIGHUP] = self._handle_reload
        before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.started:
            return
        self._turns = asyncio.create_task(Turns(self._settings.threads).keep())
        self._acceptor.start()
        if self._link:
            self._link.started()
        else:
            logger.info("Uvicorn running on %s (Press CTRL+C to quit)", url(self._listening))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if not (self._successor or self._link):
            refuse_newcomers(self._listening)
        await self._acceptor.stop(close=not self._successor)
        until = time.monotonic() + self._linger
        while self.server_state.connections and not self.force_exit and time.monotonic() < until:  # noqa: ASYNC110
            await asyncio.sleep(_POLL_SECONDS)
        await super().shutdown(sockets)

    def end(self) -> int:
        """Returns the exit code, unless this process goes on as a supervisor."""
        if self._successor and not self._signal:
            become_supervisor(self._successor, self._listening)
        if self._successor:
            os.waitpid(self._successor.pid, 0)
        return 128 + signal.SIGINT if self._signal == signal.SIGINT else 0

    async def _connect(self, connection: socket.socket) -> None:
        protocol_class: Any = self.config.http_protocol_class
        protocol = functools.partial(
            protocol_class, config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        await asyncio.get_running_loop().connect_accepted_socket(protocol, connection)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        if self._successor:
            self._successor.signal(sig)
        if self._signal:  # asked twice: now
            self.should_exit = self.force_exit = True
            return
        self._signal = sig
        self._drain(self._settings.drain_seconds if sig == signal.SIGTERM else 0, _abandon)

    def _drain(self, seconds: float, abandon: Callable[[], object]) -> None:
        """Say not ready, end in so many seconds, and ``abandon`` what outlives the grace."""
        self._lifecycle.drain()
        closing = (b"connection", b"close")  # with every further answer: who asks again shall do so elsewhere
        self.config.encoded_headers.append(closing)
        self.server_state.default_headers = [*self.server_state.default_headers, closing]
        _after(seconds, lambda: setattr(self, "should_exit", True))
        _after(seconds + self._linger + self._settings.grace_seconds + 1, abandon)

    def _handle_reload(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        if not (self._link or self._signal or self._is_reloading):
            self._is_reloading = True
            threading.Thread(target=self._reload, name="nb2svc-reload", daemon=True).start()

    def _reload(self) -> None:
        self._successor = found = successor(self._listening)
        self._is_reloading = bool(found)
        if found and self._signal:  # meanwhile this process was told to end
            found.signal(self._signal)
        elif found:
            self._drain(0, lambda: _abandon() if self._signal else become_supervisor(found, self._listening))


def _after(seconds: float, act: Callable[[], object]) -> None:
    timer = threading.Timer(seconds, act)
    timer.daemon = True  # an end that comes sooner does not wait for it
    timer.start()


def _abandon() -> None:
    # uvicorn cancels what outlives the grace, but a handler's thread cannot be cancelled, and Python would wait for it
    logger.error("Handlers were still running after the grace; ending without them.")
    logging.shutdown()
    os._exit(1)
