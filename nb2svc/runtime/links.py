"""The link between a supervisor and each of its workers: who is ready, and whether the other one still lives.

It is a pair of sockets, one end in each process. The worker says STARTED when it could serve; the supervisor says GO
when that worker may call itself ready. The end of the link is the end of the process at its other end, however that
came; a worker then finishes what it has begun.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass

from .accepting import inherited_socket

STARTED = b"s"
GO = b"g"
METRICS = "NB2SVC_METRICS"  # in the environment: the folder of the metrics that workers share

_WORKER = "NB2SVC_WORKER"  # in a worker's environment: its number, and its end of the link
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)


def may_reload() -> bool:
    """Whether SIGHUP asks for that. On a terminal it says that the terminal is closed, and ends the process."""
    return not os.isatty(0)


@dataclass
class Worker:
    """A worker as its supervisor sees it. ``number`` is its own while it lives; the next one with it goes on counting
    where it ended.
    """

    number: int
    pid: int
    end: socket.socket
    generation: int = 0
    is_ready: bool = False
    is_ending: bool = False

    @classmethod
    def start(cls, number: int, listening: socket.socket, generation: int = 0) -> Worker:
        """A new interpreter with the command of this one: nothing that threads hold is taken along, as by a fork."""
        ours, theirs = socket.socketpair()
        with theirs:
            theirs.set_inheritable(True)
            listening.set_inheritable(True)
            environment = {
                **os.environ,
                "SERVICE_FD": str(listening.fileno()),
                _WORKER: f"{number} {theirs.fileno()}",
            }
            pid = os.posix_spawn(
                sys.executable,
                [sys.executable, *sys.orig_argv[1:]],
                environment,
                setpgroup=0,  # a terminal's Ctrl-C is the supervisor's to pass on
                setsigmask=(),
                setsigdef=_SIGNALS,
            )
        return cls(number, pid, ours, generation)

    def go(self) -> None:
        self.is_ready = True
        with contextlib.suppress(OSError):  # it has just died: its end is told by the system
            self.end.send(GO)

    def signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)


class Link:
    """A worker's end. ``go`` is called, in a thread, when the supervisor allows it."""

    def __init__(self, number: int, end: socket.socket) -> None:
        self.number = number
        self.go: Callable[[], None] = lambda: None
        self._end = end

    @classmethod
    def inherited(cls) -> Link | None:
        """None in a process that is no worker. Processes that handlers start are none, either."""
        number, _, end = os.environ.pop(_WORKER, "").partition(" ")
        return cls(int(number), inherited_socket(int(end))) if number else None

    def watch(self) -> None:
        """From now on this process ends in good order when its supervisor is gone."""
        threading.Thread(target=self._watch, name="nb2svc-link", daemon=True).start()

    def started(self) -> None:
        with contextlib.suppress(OSError):  # the supervisor is gone: the other thread learns of it
            self._end.send(STARTED)

    def _watch(self) -> None:
        with contextlib.suppress(OSError):
            while self._end.recv(1):
                self.go()
        shutil.rmtree(os.environ[METRICS], ignore_errors=True)  # nobody else is left to do it
        os.kill(os.getpid(), signal.SIGTERM)
