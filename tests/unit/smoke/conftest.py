"""Small projects as an export lays them out, the lock of what they need, and real uvicorn processes of them."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from tiny_services import DOUBLE

from nb2svc.values import RunningService


def lock_of(*roots: str) -> set[str]:
    """The names of the installed distributions that ``roots`` need, themselves included."""
    names: set[str] = set()
    todo = list(roots)
    while todo:
        name = re.sub(r"[-_.]+", "-", todo.pop()).lower()
        if name in names:
            continue
        with contextlib.suppress(PackageNotFoundError):
            needed = [Requirement(line) for line in requires(name) or ()]
            names.add(name)
            todo += [each.name for each in needed if each.marker is None or each.marker.evaluate({"extra": ""})]
    return names


@pytest.fixture(scope="session")
def lock() -> set[str]:
    return lock_of("fastapi", "prometheus-client", "python-multipart")


@pytest.fixture
def make_project(tmp_path: Path) -> Callable[..., Path]:
    """``make_project(main, **files)``: write a project with this ``service/main.py``; returns its root."""

    def make(main: str = DOUBLE, files: dict[str, str] | None = None) -> Path:
        root = tmp_path / "tiny"
        for name, text in {"service/__init__.py": "", "service/main.py": main, **(files or {})}.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
        return root

    return make


@dataclass
class Served:
    """A running uvicorn process, and what an engine would know of it."""

    process: subprocess.Popen[bytes]
    service: RunningService
    log_path: Path

    def logs(self) -> str:
        return self.log_path.read_text()

    def alive(self) -> bool:
        return self.process.poll() is None


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[Path], Served]]:
    """``serve(root)``: a uvicorn process of the project, ended with the test."""
    running: list[subprocess.Popen[bytes]] = []

    def start(root: Path) -> Served:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        log_path = tmp_path / "service.log"
        command = [sys.executable, "-m", "uvicorn", "service.main:app", "--host", "127.0.0.1", "--port", str(port)]
        with log_path.open("wb") as log:
            process = subprocess.Popen(command, cwd=root, stdout=log, stderr=log, env=dict(os.environ))
        running.append(process)
        service = RunningService(
            name="tiny", url=f"http://127.0.0.1:{port}", engine="process", id=str(process.pid), started=time.time()
        )
        return Served(process, service, log_path)

    yield start
    for process in running:
        process.send_signal(signal.SIGKILL)
        process.wait()


@pytest.fixture
def manifest() -> str:
    """A manifest that says which cell each definition came from."""
    return json.dumps(
        {
            "notebook": {"file": "tiny.ipynb", "sha256": ""},
            "definitions": [{"name": "halve", "kind": "function", "cell": 7}],
        }
    )
