"""No engine at all: the project as a process of this machine, in an isolated environment made from its lock."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import ClassVar, Protocol
from urllib.parse import urlsplit

import psutil

from ..errors import EngineError, UsageError
from ..events import Emit, Progress, ignore, progress
from ..runtime.manifest import Manifest
from ..values import Project, RunningService
from . import records
from .base import STOP_SECONDS, RunOptions, Stats, reserved_port, unused_name, url_of
from .environments import environment_of
from .ready import LOG_LINES, wait_until_ready

# What a process needs of its surroundings; nothing else of the user's shell reaches the service.
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR")
_FOLLOW_SECONDS = 0.1
_POLL_SECONDS = 0.02
_KILL_SECONDS = 5.0


class Child(Protocol):
    """A process that this one has started: ``subprocess.Popen``."""

    @property
    def pid(self) -> int: ...

    def wait(self, timeout: float) -> int:
        """Its exit code. Raises ``subprocess.TimeoutExpired``."""


class ProcessEngine:
    """Runs projects as subprocesses. ``index`` gives the environment that uv runs with."""

    name = "process"
    # Of this Python process, by id: whoever stops a service has made an engine of its own, and must wait for the child.
    _children: ClassVar[dict[int, Child]] = {}

    def __init__(self, index: Callable[[], Mapping[str, str]] = lambda: os.environ) -> None:
        self._index = index

    def start(self, target: Project | str, options: RunOptions, emit: Emit = ignore) -> RunningService:
        """Start a project (see :class:`Engine`). Raises UsageError for an image, which only a container engine runs."""
        if isinstance(target, str):
            raise UsageError(
                f"The engine process runs projects, not images such as {target}.",
                hint="Give the project's folder, or start Docker and use --engine docker.",
            )
        if options.cpus is not None or options.memory is not None:
            raise UsageError(
                "The engine process cannot limit memory or processors.",
                hint="Leave --memory and --cpus out, or start Docker and use --engine docker.",
            )
        with progress("run", f"Starting {target.name}", emit) as current:
            python = environment_of(target, self._index(), current)
            service = self._launch(target, python, options)
            try:
                took = self._wait(service, options, current)
            except BaseException:
                self.stop(service)
                raise
            current.summary = f"{service.url}, ready in {took:.1f} s" if options.wait else service.url
        return service

    def running(self) -> list[RunningService]:
        return [record.service for record in records.load_all()]

    def logs(self, service: RunningService, tail: int = 100) -> str:
        try:
            with _log_of(service).open(encoding="utf-8", errors="replace") as file:
                return "".join(deque(file, maxlen=tail))
        except OSError:
            return ""

    def follow(self, service: RunningService) -> Iterator[str]:
        with _log_of(service).open(encoding="utf-8", errors="replace") as file:
            begun = ""
            while True:
                ended = not self.stats(service).running  # before reading: nothing may come between
                for piece in file:
                    begun += piece
                    if begun.endswith("\n"):
                        yield begun.rstrip("\n")
                        begun = ""
                if ended:
                    break
                time.sleep(_FOLLOW_SECONDS)
            if begun:
                yield begun

    def stats(self, service: RunningService) -> Stats:
        process = _process(service)
        if process is not None:
            with contextlib.suppress(psutil.Error):
                family = [process, *process.children(recursive=True)]
                return Stats(
                    running=True,
                    memory_bytes=sum(map(_resident, family)),
                    uid=process.uids().effective,
                    listening=_listens(family, urlsplit(service.url).port),
                )
        return Stats(running=False, exit_code=self._exit_code(service))

    def _exit_code(self, service: RunningService) -> int | None:
        """Of a process that has ended; known only to the one that started it."""
        child = self._children.get(int(service.id))
        if child is None:
            return None
        with contextlib.suppress(subprocess.TimeoutExpired):
            return child.wait(_KILL_SECONDS)
        return None

    def stop(self, service: RunningService, grace: float = STOP_SECONDS) -> None:
        process = _process(service)
        if process is not None:
            family = [process, *process.children(recursive=True)]
            _signal_group(process.pid, signal.SIGTERM)
            self._wait_for_end(service, grace)
            for each in family:
                with contextlib.suppress(psutil.NoSuchProcess):
                    each.kill()
            self._wait_for_end(service, _KILL_SECONDS)
        self._exit_code(service)  # one that ended by itself was never waited for
        self._children.pop(int(service.id), None)
        records.forget(service.name)

    def _wait_for_end(self, service: RunningService, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while _process(service) and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)

    def _launch(self, project: Project, python: Path, options: RunOptions) -> RunningService:
        with records.one_at_a_time():
            return self._launch_alone(project, python, options)

    def _launch_alone(self, project: Project, python: Path, options: RunOptions) -> RunningService:
        name = unused_name(options.name or project.name, {service.name for service in self.running()})
        log = records.cache_folder("logs") / f"{name}.log"
        with log.open("wb") as output, reserved_port(options.host, options.port) as reserved:
            port = int(reserved.getsockname()[1])
            environment = _environment(project, python, options, reserved)
            child = self._child(python, project.root, environment, output.fileno(), reserved.fileno())
        self._children[child.pid] = child
        service = RunningService(
            name=name,
            url=url_of(options.host, port),
            engine=self.name,
            id=str(child.pid),
            started=time.time(),
            log_path=log,
        )
        with contextlib.suppress(psutil.NoSuchProcess):  # it ended already: waiting for it says why
            created = psutil.Process(child.pid).create_time()
            records.save(records.Record(service=service, process=child.pid, created=created))
        return service

    def _child(self, python: Path, root: Path, environment: Mapping[str, str], output: int, port: int) -> Child:
        """The service's process; ``output`` and ``port`` are open files of this one."""
        return subprocess.Popen(
            [str(python), "-m", "service"],
            cwd=root,
            env=environment,
            pass_fds=(port,),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C in the terminal is ours to pass on
        )

    def _wait(self, service: RunningService, options: RunOptions, current: Progress) -> float:
        if not options.wait:
            return 0.0
        return wait_until_ready(
            service,
            options.wait,
            runs=lambda: _process(service) is not None,
            stats=lambda: self.stats(service),
            logs=lambda: self.logs(service, LOG_LINES),
            explain=options.explain,
            progress=current,
        )


def _environment(project: Project, python: Path, options: RunOptions, reserved: socket.socket) -> dict[str, str]:
    """The service's whole environment: the machine's few, the declared names, what the user gave, and its socket."""
    declared = Manifest.load(project.root).environment
    kept = {name: os.environ[name] for name in (*_KEPT, *declared) if name in os.environ}
    settings = {name: value for name, value in os.environ.items() if name.startswith("SERVICE_")}
    ours = {
        "PATH": os.pathsep.join([str(python.parent), options.env.get("PATH") or kept.get("PATH") or os.defpath]),
        "SERVICE_HOST": options.host,
        "SERVICE_PORT": str(reserved.getsockname()[1]),
        "SERVICE_FD": str(reserved.fileno()),
        "PYTHONUNBUFFERED": "1",
        # The project's folder stays as it was exported, and the second start finds its bytecode all the same.
        "PYTHONPYCACHEPREFIX": str(python.parent.parent / "bytecode"),
    }
    return {**kept, **settings, **options.env, **ours}


def _signal_group(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)


def _process(service: RunningService) -> psutil.Process | None:
    record = records.load(service.name)
    return records.process_of(record) if record and record.process == int(service.id) else None


def _listens(family: Iterable[psutil.Process], port: int | None) -> bool | None:
    """Whether one of the processes has the port; None where the system does not tell."""
    try:
        sockets = [one for process in family for one in process.net_connections("tcp")]
    except psutil.Error:
        return None
    return any(one.status == psutil.CONN_LISTEN and one.laddr and one.laddr.port == port for one in sockets)


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def _log_of(service: RunningService) -> Path:
    if service.log_path is None:
        raise EngineError(f"{service.name} has no log file.", hint="It was started by another engine.")
    return service.log_path
