"""Takes clients' connections from the listening socket, which several processes may share, and loses none at the end.

A server of asyncio that is closed drops the connections that it is just accepting, and those that the system has
accepted for it; and one that shares its socket takes all it can get at once, so that one worker would have them all.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Awaitable, Callable

from .errors import ServiceError
from .settings import Settings

logger = logging.getLogger(__name__)

_BACKLOG = 2048  # connections that the system may hold for us
_PAUSE = 0.5  # seconds without accepting where the process has no file descriptor left


class BindError(ServiceError):
    """The port cannot be had."""


def bound(settings: Settings) -> socket.socket:
    """The socket of the settings: it does not listen yet, so that clients are refused until somebody serves.

    Raises BindError.
    """
    if settings.fd:
        return inherited_socket(settings.fd)
    found = socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((settings.host, settings.port))
    except OSError as error:
        found.close()
        message = f"Port {settings.port} of {settings.host} cannot be had: {(error.strerror or str(error)).lower()}."
        raise BindError(message, hint="Stop what uses it, or set SERVICE_PORT and SERVICE_HOST.") from None
    return found


def inherited_socket(number: int) -> socket.socket:
    """A socket by its number, which goes to no further process by itself."""
    inherited = socket.socket(fileno=number)
    inherited.set_inheritable(False)
    return inherited


def url(listening: socket.socket) -> str:
    """Of a TCP socket; of any other its name."""
    name = listening.getsockname()
    if listening.family not in {socket.AF_INET, socket.AF_INET6}:
        return str(name)
    host, port = name[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Acceptor:
    """Hands each connection to ``connect``, at most ``at_once`` before the loop does something else."""

    def __init__(
        self, listening: socket.socket, connect: Callable[[socket.socket], Awaitable[object]], at_once: int
    ) -> None:
        self._listening = listening
        self._connect = connect
        self._at_once = at_once
        self._connecting: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """In the loop that serves."""
        self._listening.setblocking(False)
        self._listening.listen(_BACKLOG)
        self._resume()

    async def stop(self) -> None:
        """Take what has come so far, and no more. The socket still listens: whoever holds it as well goes on."""
        asyncio.get_running_loop().remove_reader(self._listening)
        while self._accept():
            pass
        if self._connecting:
            await asyncio.wait(self._connecting)

    def _resume(self) -> None:
        asyncio.get_running_loop().add_reader(self._listening, self._readable)

    def _readable(self) -> None:
        for _ in range(self._at_once):
            if not self._accept():
                return

    def _accept(self) -> bool:
        """Whether there was one."""
        try:
            connection, _ = self._listening.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return False
        except OSError as error:  # no file descriptors
            logger.error("No connection can be accepted: %s", error)  # noqa: TRY400 - the traceback says nothing
            loop = asyncio.get_running_loop()
            if loop.remove_reader(self._listening):
                loop.call_later(_PAUSE, self._resume)
            return False
        task = asyncio.get_running_loop().create_task(self._take(connection))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)
        return True

    async def _take(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        with contextlib.suppress(OSError):  # it is gone already, or none of TCP
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            await self._connect(connection)
        except OSError:
            connection.close()
