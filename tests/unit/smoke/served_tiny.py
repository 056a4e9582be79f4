"""Small projects as an export lays them out, and real uvicorn processes of them."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tiny_services import DOUBLE

from nb2svc.values import RunningService


def write_project(root: Path, main: str = DOUBLE, files: dict[str, str] | None = None) -> Path:
    for name, text in {"service/__init__.py": "", "service/main.py": main, **(files or {})}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    return root


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

    def wait_until_it_listens(self) -> None:
        deadline = time.monotonic() + 60
        while "Uvicorn running" not in self.logs():
            assert self.alive(), self.logs()
            assert time.monotonic() < deadline, self.logs()
            time.sleep(0.01)


@contextlib.contextmanager
def served_from(root: Path, folder: Path) -> Iterator[Served]:
    """A process of the project at ``root`` that logs into ``folder``, until it is left."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log_path = folder / "service.log"
    command = [sys.executable, "-m", "uvicorn", "service.main:app", "--host", "127.0.0.1", "--port", str(port)]
    with log_path.open("wb") as log:
        process = subprocess.Popen(command, cwd=root, stdout=log, stderr=log, env=dict(os.environ))
    service = RunningService(
        name="tiny", url=f"http://127.0.0.1:{port}", engine="process", id=str(process.pid), started=time.time()
    )
    try:
        yield Served(process, service, log_path)
    finally:
        process.kill()
        process.wait()
