"""Servers as processes on a processor of their own: started, asked for the first time, weighed, stopped."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
from environments import UnavailableError
from load import Checks

_POLL_SECONDS = 0.002
_STOP_SECONDS = 15.0
_LOG_LINES = 8

# One processor, so one thread for whatever would make more: with more they would only be in each other's way.
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "LOKY_MAX_CPU_COUNT"), "1"
)
_KEPT = ("HOME", "LANG", "LC_ALL", "TZ", "TMPDIR")


class WrongAnswerError(UnavailableError):
    """A server's very first answer is not the model's."""


@dataclass(frozen=True)
class Launch:
    """How a server is started: its words, where, and with which environment variables besides."""

    command: Sequence[str]
    folder: Path
    bin: Path
    environment: Mapping[str, str]
    cpu: int
    port: int  # that it will listen on
    log: Path
    start_seconds: float


@dataclass
class Running:
    """A server that has given its first right answer."""

    process: psutil.Process
    port: int
    first_answer: float  # seconds since the process was started

    def memory(self) -> int:
        """Bytes that the process and all its children take, shared pages by their share (PSS).

        Raises psutil.NoSuchProcess where the server has ended.
        """
        return int(self._sum(lambda each: each.memory_full_info().pss))

    def processor_seconds(self) -> float:
        """What the process and all its living children have used. Raises psutil.NoSuchProcess where it has ended."""
        return self._sum(lambda each: sum(each.cpu_times()[:2]))

    def _sum(self, of: Callable[[psutil.Process], float]) -> float:
        total = of(self.process)
        for child in self.process.children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):  # it came and went
                total += of(child)
        return total


@contextlib.contextmanager
def started(launch: Launch, request: bytes, checks: Checks) -> Iterator[Running]:
    """Start a server on one processor, wait for its first right answer to ``request``; stop it in the end.

    Raises UnavailableError, with the end of its log, where it ends or gives no answer in time, and WrongAnswerError.
    """
    environment = {
        **{name: os.environ[name] for name in _KEPT if name in os.environ},
        **ONE_THREAD,
        "PATH": os.pathsep.join([str(launch.bin), os.environ.get("PATH", os.defpath)]),
        "PYTHONUNBUFFERED": "1",
        **launch.environment,
    }
    with launch.log.open("wb") as output:
        began = time.perf_counter()
        with _on(launch.cpu):
            child = subprocess.Popen(
                launch.command, cwd=launch.folder, env=environment, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip
        process = psutil.Process(child.pid)
        try:
            trouble = _first_answer(child, launch.port, began + launch.start_seconds, request, checks)
            if trouble:
                raise UnavailableError(f"{trouble}; its log ends: {_last_lines(launch.log)}")
            yield Running(process, launch.port, time.perf_counter() - began)
        finally:
            _stop(child, process)


def _first_answer(
    child: subprocess.Popen[bytes], port: int, deadline: float, request: bytes, checks: Checks
) -> str | None:
    """Ask until there is an answer. Why there was none; raises WrongAnswerError where it was not the model's."""
    last = "no answer"
    while time.perf_counter() < deadline:
        code = child.poll()
        if code is not None:
            return f"it ended with {code}"
        try:
            status, body = ask(port, request, timeout=max(0.1, deadline - time.perf_counter()))
        except (OSError, http.client.HTTPException) as error:
            last = str(error) or type(error).__name__
        else:
            trouble = checks.trouble(0, status, body)
            if trouble is None:
                return None
            if status == http.client.OK:
                raise WrongAnswerError(trouble)
            last = trouble  # loading still, perhaps
        time.sleep(_POLL_SECONDS)
    return f"no right answer in time ({last})"


def ask(port: int, request: bytes, *, timeout: float = 30.0) -> tuple[int, bytes]:
    """The status and body of one answer, on a connection of its own. Raises OSError and HTTPException."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as connection:
        connection.sendall(request)
        answer = http.client.HTTPResponse(connection, method="POST")
        answer.begin()
        return answer.status, answer.read()


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nothing listens on."""
    with contextlib.ExitStack() as open_:
        taken = [open_.enter_context(socket.socket()) for _ in range(count)]
        for each in taken:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in taken]


@contextlib.contextmanager
def _on(cpu: int) -> Iterator[None]:
    """What is started meanwhile runs on that processor, for a child takes over its parent's."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cpu})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _stop(child: subprocess.Popen[bytes], process: psutil.Process) -> None:
    """End a server and all its children, kindly first; each by its own id."""
    family = []
    with contextlib.suppress(psutil.NoSuchProcess):
        family = process.children(recursive=True)
    if child.poll() is None:
        child.send_signal(signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(_STOP_SECONDS)
    for each in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            each.kill()
    if child.poll() is None:
        child.kill()
    child.wait()
    psutil.wait_procs(family, timeout=_STOP_SECONDS)


def _last_lines(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    return " ⏎ ".join([line.strip() for line in lines if line.strip()][-_LOG_LINES:]) or "(empty)"
