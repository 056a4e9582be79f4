"""The process engine, whose services are forks of one process that has loaded already what every service loads."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nb2svc.engine.environments import environment_of
from nb2svc.engine.process import Child, ProcessEngine
from nb2svc.events import ignore, progress
from nb2svc.export import load_project

SERVER = Path(__file__).with_name("service_forks.py")
RUNS = 1000  # instead of an exit code, which may be negative


class ServiceForks:
    """The process that services are forked from: of the environment that ``project``, the smallest, runs in."""

    def __init__(self, project: Path, index: Mapping[str, str]) -> None:
        self._project = project
        with progress("run", "Making an environment", ignore) as current:
            self.python = environment_of(load_project(project), index, current)
        self._channel: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def begin(self, environment: Mapping[str, str]) -> None:
        """Start it, with the variables of the first service: some are the interpreter's, and alike for all."""
        self._channel, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with other:
            command = [str(self.python), str(SERVER), str(self._project), str(other.fileno())]
            self._process = subprocess.Popen(command, env=dict(environment), pass_fds=(other.fileno(),))

    def start(self, root: Path, environment: Mapping[str, str], *files: int) -> Child:
        if self._process is None:
            self.begin(environment)
        return Forked(self, self.ask({"start": [str(root), dict(environment)]}, *files))

    def ask(self, job: dict[str, Any], *files: int) -> int:
        assert self._channel is not None
        socket.send_fds(self._channel, [json.dumps(job).encode()], files)
        answer = self._channel.recv(64)
        if not answer:
            raise RuntimeError("the process that services are forked from has ended")
        return int(answer)

    def close(self) -> None:
        if self._channel and self._process:
            self._channel.close()
            self._process.wait()


@dataclass
class Forked:
    forks: ServiceForks
    pid: int
    code: int = RUNS

    def wait(self, timeout: float) -> int:
        deadline = time.monotonic() + timeout
        while self.code == RUNS:
            self.code = self.forks.ask({"wait": self.pid})
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired("service", timeout)
            time.sleep(0.01)
        return self.code


class ForkedServices(ProcessEngine):
    """Starts projects with another lock than the smallest as ever."""

    def __init__(self, index: Callable[[], Mapping[str, str]], forks: ServiceForks) -> None:
        super().__init__(index)
        self._forks = forks

    def _child(self, python: Path, root: Path, environment: Mapping[str, str], output: int, port: int) -> Child:
        if python != self._forks.python:
            return super()._child(python, root, environment, output, port)
        return self._forks.start(root, environment, output, port)
