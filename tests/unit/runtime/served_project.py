"""A project served by ``python -m service`` in processes of its own."""

from __future__ import annotations

import contextlib
import http.client
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


class Load:
    """Clients that ask the same again and again: half of them on connections that stay, half on new ones.

    They go on until :meth:`stop`, or until nobody listens any more. What else goes wrong is a failure.
    """

    def __init__(self, port: int, path: str, clients: int = 6, pause: float = 0.0) -> None:
        self.answers: list[tuple[int, bytes]] = []
        self.failures: list[str] = []
        self.refused = 0
        self._port = port
        self._path = path
        self._pause = pause  # seconds between two requests of a client
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(number % 2 == 0,)) for number in range(clients)]

    def __enter__(self) -> Load:  # noqa: PYI034 - Self is not in Python 3.10's typing
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _ask(self, stays: bool) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        headers = {} if stays else {"Connection": "close"}
        while not self._stopped.is_set():
            try:
                connection.request("GET", self._path, headers=headers)
                answer = connection.getresponse()
                self.answers.append((answer.status, answer.read()))
                time.sleep(self._pause)
            except ConnectionRefusedError:  # noqa: PERF203
                self.refused += 1
                return
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
                connection.close()
        connection.close()

    def wait_for_more(self, count: int = 50) -> None:
        """Answers than there are now."""
        until, deadline = len(self.answers) + count, time.monotonic() + 60
        while len(self.answers) < until:
            assert time.monotonic() < deadline, self.failures
            time.sleep(0.01)

    def wait_for_the_end(self) -> None:
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()

    def stop(self) -> None:
        self._stopped.set()
        self.wait_for_the_end()
