"""A project served by ``python -m service`` in processes of its own."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import nb2svc.runtime


def write_code(root: Path, main: str, notebook: str) -> None:
    """The service folder of a project, its runtime with its bytecode, as in an image."""
    service = root / "service"
    half_written = shutil.ignore_patterns("*.pyc.*")
    shutil.copytree(Path(nb2svc.runtime.__file__).parent, service / "runtime", ignore=half_written)
    (service / "__init__.py").touch()
    (service / "__main__.py").write_text("from service.runtime.server import main\n\nraise SystemExit(main())\n")
    (service / "main.py").write_text(main)
    (service / "notebook.py").write_text(notebook)


def environment(root: Path, **settings: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SERVICE_", "PYTHON"))}
    files = {"BEGUN": str(root / "begun"), "RELEASE": str(root / "release")}
    return kept | files | {"PYTHONDONTWRITEBYTECODE": "1"} | settings


class Service:
    """A running service: its log lines are read as they come, so that nothing has to be waited for blindly."""

    def __init__(self, root: Path, **settings: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "service"],
            cwd=root,
            env=environment(root, SERVICE_PORT=str(self.port), **settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self._more = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stdout:
            with self._more:
                self.lines.append(line.rstrip("\n"))
                self._more.notify_all()

    def wait_for(self, text: str) -> None:
        with self._more:
            found = self._more.wait_for(lambda: any(text in line for line in self.lines), timeout=60)
        assert found, self.story

    @property
    def story(self) -> str:
        """The log without requests."""
        return "\n".join(line for line in self.lines if '"endpoint": ' not in line)

    def end(self) -> int:
        code = self.process.wait(60)
        self._reader.join()
        self.process.stdout.close()
        return code

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def records(self) -> list[dict]:
        return [json.loads(line) for line in self.lines if line.startswith("{")]


@contextlib.contextmanager
def serving(root: Path, until: str = "Uvicorn running", **settings: str) -> Iterator[Service]:
    service = Service(root, **settings)
    try:
        service.wait_for(until)
        yield service
    finally:
        if service.process.poll() is None:
            service.process.kill()
            service.end()


def run_to_end(root: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "service", *arguments],
        check=False,
        cwd=root,
        env=environment(root, **({"SERVICE_PORT": "0"} | settings)),  # others may serve on the usual one
        capture_output=True,
        text=True,
        timeout=60,
    )


def wait_until_exists(path: Path) -> None:
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} never came"
        time.sleep(0.01)
