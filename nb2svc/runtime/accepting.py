"""Takes clients' connections from the listening socket, which several processes may share, and loses none at the end.

A server of asyncio that is closed drops the connections that it is just accepting, and those that the system has
accepted for it; and one that shares its socket takes all it can get at once, so that one worker would have them all.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import logging
import socket
import struct
import sys
from collections.abc import Awaitable, Callable

from .errors import ServiceError
from .settings import Settings

logger = logging.getLogger(__name__)

_BACKLOG = 2048  # connections that the system may hold for us
_PAUSE = 0.5  # seconds without accepting where the process has no file descriptor left
_ATTACH_FILTER = 26  # Linux: SO_ATTACH_FILTER, which Python has no name for
_DROP_ALL = struct.pack("HBBI", 0x06, 0, 0, 0)  # one instruction of BPF: of every packet keep 0 bytes


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


def refuse_newcomers(listening: socket.socket) -> None:
    """Nobody who asks for a connection from now on gets one; to be called before the last accept.

    The system makes connections on its own, and resets those that it has made when the socket is closed: a client that
    came between the last accept and that would lose its request. Now its packet is dropped, and the next one refused.
    """
    if sys.platform == "linux":
        program = ctypes.create_string_buffer(_DROP_ALL, len(_DROP_ALL))
        with contextlib.suppress(OSError):  # a sandbox without filters: that moment is short
            filtering = struct.pack("HP", 1, ctypes.addressof(program))
            listening.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, filtering)


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

    async def stop(self, *, close: bool) -> None:
        """Take what has come so far, and no more. ``close`` the socket, which listens on where others hold it."""
        asyncio.get_running_loop().remove_reader(self._listening)
        while self._accept():
            pass
        if close:  # at once: what the system accepts in between is lost
            self._listening.close()
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
