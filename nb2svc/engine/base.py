"""What every engine does: the protocol, and the records that go in and come out."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ..errors import UsageError
from ..events import Emit
from ..values import Project, RunningService

SERVICE_PORT = 8000  # inside a container, and the one that is tried first outside
STOP_SECONDS = 30.0  # SIGTERM, then this long, then SIGKILL: longer than the service's own grace

#: Reads the likely cause and the next step out of the last log lines and the exit code; "" where it knows none.
Explain = Callable[[str, int | None], str]


def unexplained(log: str, exit_code: int | None) -> str:  # noqa: ARG001 - one Explain
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """How a service is run. ``memory`` as ``512m`` or ``2g``; None leaves the choice or the limit out."""

    port: int | None = None  # of this machine; None: 8000, or a free one where it is taken
    host: str = "127.0.0.1"  # address to listen on
    env: Mapping[str, str] = field(default_factory=dict)
    memory: str | None = None
    cpus: float | None = None
    image: str = ""  # of a project, for engines that run images
    name: str | None = None  # None: the service's own, numbered where it already runs
    wait: float = 60.0  # seconds until it must be ready; 0 returns once it is started
    explain: Explain = unexplained


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """What an engine knows of a service and a client cannot see. None where it does not know."""

    running: bool
    memory_bytes: int | None = None  # of the whole service, now
    uid: int | None = None  # of the service's process
    exit_code: int | None = None  # where it has ended
    oom_killed: bool = False
    listening: bool | None = None  # whether it is the service itself that listens on its port, and no stranger


class Engine(Protocol):
    """Runs projects or images. Errors of every method: ``EngineError``."""

    name: str

    def start(self, target: Project | str, options: RunOptions, emit: Emit = ...) -> RunningService:
        """Start a project, or an image by its reference, and wait until it is ready.

        Raises ``StartError``, with the last log lines, where it ends before or is not ready in time; nothing is
        left running then.
        """

    def running(self) -> list[RunningService]:
        """The services that this engine runs for this user, the oldest first."""

    def logs(self, service: RunningService, tail: int = 100) -> str:
        """The last ``tail`` lines of its output."""

    def follow(self, service: RunningService) -> Iterator[str]:
        """The lines of its output, past and to come, until it ends."""

    def stats(self, service: RunningService) -> Stats:
        """What it takes now, or how it ended."""

    def stop(self, service: RunningService, grace: float = ...) -> None:
        """SIGTERM, and SIGKILL after ``grace`` seconds. One that has ended is only cleaned up."""


def unused_name(wanted: str, used: set[str]) -> str:
    """``iris``, or ``iris-2`` where one of that name runs."""
    number, name = 1, wanted
    while name in used:
        number += 1
        name = f"{wanted}-{number}"
    return name


def reserved_port(host: str, wanted: int | None) -> socket.socket:
    """A socket bound to ``wanted``, else UsageError; without one, to 8000 or any free port.

    It does not listen yet, so clients are refused until whoever inherits it does; but no other program gets the port.
    """
    for port in (SERVICE_PORT, 0) if wanted is None else (wanted,):
        # Only a shared one gets a port whose last connections have just ended, but then others may share it.
        for shared in (False,) if wanted is None else (False, True):
            reserved = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
            if shared:
                reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                reserved.bind((host, port))
            except OSError:
                reserved.close()
            else:
                return reserved
    raise UsageError(f"Port {wanted} of {host} is taken.", hint="Leave -p out for a free one, or stop what uses it.")


def free_port(host: str, wanted: int | None) -> int:
    """The port of :func:`reserved_port`, free again: for those who can only be told a number."""
    with reserved_port(host, wanted) as reserved:
        return int(reserved.getsockname()[1])


def url_of(host: str, port: int) -> str:
    """Where a client on this machine finds what listens on ``host``."""
    reachable = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"


def memory_bytes(text: str) -> int:
    """``512m`` → 536870912, as Docker counts. Raises UsageError."""
    units = {"b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
    number, unit = text.strip().lower().removesuffix("ib").rstrip("b") or "", "b"
    if number and number[-1] in units:
        number, unit = number[:-1], number[-1]
    try:
        size = int(float(number) * units[unit])
    except ValueError:
        size = 0
    if size <= 0:
        raise UsageError(f"{text!r} is no size.", hint="Write it like 512m or 2g.")
    return size
