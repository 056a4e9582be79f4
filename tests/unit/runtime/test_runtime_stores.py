"""Models that a service in a process of its own fetches: from a real HTTP server with its faults, and from a store.

What speaks HTTP and S3 is installed into a folder of its own from requirements-stores.txt.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from served_project import run_to_end, serving, write_code
from uv import find_uv_bin

from nb2svc.runtime.manifest import ArtifactEntry, Manifest, ModelEntry

pytestmark = pytest.mark.once

LOCK = Path(__file__).resolve().parents[3] / "requirements-stores.txt"
BUCKET = "models-of-iris"
MODEL = {"weights": list(range(500))}
CONTENT = pickle.dumps(MODEL)
MAIN = """
from service import notebook
from service.runtime import create_app, endpoint

app = create_app()
app.get("/sum")(endpoint(notebook.total))
"""
NOTEBOOK = """
from service.runtime import load_model

model = load_model("model")


def total():
    return sum(model["weights"])
"""
ACCOUNT = {"AWS_ACCESS_KEY_ID": "one", "AWS_SECRET_ACCESS_KEY": "two", "AWS_DEFAULT_REGION": "us-east-1"}


@pytest.fixture(scope="session")
def stores(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("stores")
    command = [find_uv_bin(), "pip", "install", "--quiet", "--compile-bytecode", "--python", sys.executable]
    subprocess.run([*command, "--target", folder, "--require-hashes", "-r", LOCK], check=True)
    return folder


@pytest.fixture
def settings(stores: Path, tmp_path: Path) -> dict[str, str]:
    return {"PYTHONPATH": str(stores), "SERVICE_CACHE": str(tmp_path / "cache"), "NO_PROXY": "127.0.0.1"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """As its image has it: the model is elsewhere."""
    root = tmp_path / "sums"
    write_code(root, MAIN, NOTEBOOK)
    return root


def place(root: Path, location: str, content: bytes = CONTENT, **shorter: str) -> None:
    """Say where the model is, and that ``shorter`` times stand in the runtime's code."""
    model = ArtifactEntry(
        path="models/model.pkl",
        format="pickle",
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        type="builtins.dict",
        why="a test",
        location=location,
    )
    served = ModelEntry(name="model", public="model", methods=("get",), path=model.path)
    (root / "nb2svc.json").write_text(Manifest(name="sums", models=(served,), artifacts=(model,)).model_dump_json())
    fetching = root / "service" / "runtime" / "fetching.py"
    text = fetching.read_text()
    for name, value in {"_PAUSE = 1.0": "_PAUSE = 0.01", **shorter}.items():
        text = text.replace(name, value)
    fetching.write_text(text)


def adds(url: str) -> bool:
    return httpx.get(f"{url}/sum").json() == sum(MODEL["weights"])


# --- HTTP ---------------------------------------------------------------------------------------

Answer = Callable[[http.server.BaseHTTPRequestHandler], None]


class Web(http.server.ThreadingHTTPServer):
    """Gives to each request its own answer, and to what comes later the last one."""

    def __init__(self, *answers: Answer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = list(answers)
        self.asked = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/model.pkl"


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.asked += 1
        self.close_connection = True
        answers = self.server.answers
        with contextlib.suppress(OSError):  # the client has gone
            (answers.pop(0) if len(answers) > 1 else answers[0])(self)

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def web(*answers: Answer) -> Iterator[Web]:
    with Web(*answers) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def answering(content: bytes, *, length: int | None = None, pause: float = 0.0, status: int = 200) -> Answer:
    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(content) if length is None else length))
        handler.end_headers()
        for start in range(0, len(content), 400):
            handler.wfile.write(content[start : start + 400])
            handler.wfile.flush()
            time.sleep(pause)

    return answer


def test_a_server_that_fails_first_cuts_the_connection_and_falls_silent(
    project: Path,
    settings: dict[str, str],
) -> None:
    ways = (
        answering(b"busy", status=503),
        answering(CONTENT[:300], length=len(CONTENT)),
        answering(CONTENT[:300]),
        answering(CONTENT[:300], length=len(CONTENT), pause=1.5),
        answering(CONTENT, pause=0.2),
    )
    with web(*ways) as server:
        place(project, server.url, **{"_SILENT_SECONDS = 60.0": "_SILENT_SECONDS = 0.8"})
        with serving(project, **settings) as service:
            assert adds(service.url)
            warned = [each["message"] for each in service.records if each["level"] == "warning"]
            assert server.asked == 5
            assert len(warned) == 4, warned
            assert "503" in warned[0]
            assert "Timeout" in warned[3]
            assert all(server.url in each for each in warned)


def test_workers_fetch_once(project: Path, settings: dict[str, str]) -> None:
    with web(answering(CONTENT, pause=0.3)) as server:
        place(project, server.url)
        with serving(project, SERVICE_WORKERS="2", until="All 2 workers", **settings) as service:
            assert adds(service.url)
            assert server.asked == 1


@pytest.mark.parametrize("status", [200, 404, 403])
def test_other_bytes_and_refusals_end_the_start(
    status: int,
    project: Path,
    settings: dict[str, str],
) -> None:
    attack = b"cos\nmkdir\n(S'attacked'\ntR.".ljust(len(CONTENT))
    with web(answering(attack, status=status)) as server:
        place(project, server.url)
        done = run_to_end(project, SERVICE_LOG_FORMAT="text", **settings)
        assert done.returncode == 1
        assert server.asked == 1
    assert not (project / "attacked").exists()
    assert not list(Path(settings["SERVICE_CACHE"]).rglob("*.p*"))
    assert server.url in done.stdout
    assert ("→ Check" if status == 403 else "→ Upload") in done.stdout


# --- a volume -----------------------------------------------------------------------------------


def test_a_reload_takes_another_file_of_a_volume_only_with_its_manifest(project: Path, tmp_path: Path) -> None:
    volume, other = tmp_path / "volume", pickle.dumps({"weights": [1, 2]})
    volume.mkdir()
    (volume / "model.pkl").write_bytes(CONTENT)
    place(project, "mount")
    with serving(project, SERVICE_MODELS=str(volume)) as service:
        (tmp_path / "new").write_bytes(other)
        (tmp_path / "new").rename(volume / "model.pkl")
        service.process.send_signal(signal.SIGHUP)
        service.wait_for("before it was ready: this one goes on")
        assert any("is not what was exported, and was not loaded" in line for line in service.lines)
        assert adds(service.url)
        place(project, "mount", other)
        service.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 60
        while adds(service.url):
            assert time.monotonic() < deadline, service.story
            time.sleep(0.1)
        assert httpx.get(f"{service.url}/sum").json() == 3


# --- S3 -----------------------------------------------------------------------------------------


@pytest.fixture
def s3(stores: Path, tmp_path: Path) -> Iterator[dict[str, str]]:
    """A server that speaks S3; the settings of its clients."""
    with (tmp_path / "moto.log").open("w") as log:
        ours = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        server = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"],
            env={**ours, "PYTHONPATH": str(stores), "PYTHONUNBUFFERED": "1"},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield {**ACCOUNT, "AWS_ENDPOINT_URL": _address(tmp_path / "moto.log")}
        finally:
            server.terminate()
            server.wait(30)


def _address(log: Path) -> str:
    deadline = time.monotonic() + 60
    while "Running on " not in log.read_text():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)
    return log.read_text().partition("Running on ")[2].split()[0]


def test_a_model_in_a_store(
    project: Path,
    settings: dict[str, str],
    s3: dict[str, str],
    tmp_path: Path,
) -> None:
    """Uploaded as the README of a project says; fetched by one worker, and from the cache after SIGHUP."""
    url = f"s3://{BUCKET}/iris/model.pkl"
    place(project, url)
    missing = run_to_end(project, SERVICE_LOG_FORMAT="text", **settings, **s3)
    assert missing.returncode == 1
    assert f"Upload models/model.pkl of the project to {url}" in missing.stdout

    (tmp_path / "model.pkl").write_bytes(CONTENT)
    upload = (
        f"import fsspec; store, path = fsspec.url_to_fs('{url}'); store.mkdir('{BUCKET}'); store.put('model.pkl', path)"
    )
    subprocess.run([sys.executable, "-c", upload], cwd=tmp_path, env={**os.environ, **settings, **s3}, check=True)
    with serving(project, SERVICE_WORKERS="2", until="All 2 workers", **settings, **s3) as service:
        assert adds(service.url)
        assert sum("Fetched models/model.pkl" in line for line in service.lines) == 1

    endpoint = {"FSSPEC_S3_ENDPOINT_URL": s3["AWS_ENDPOINT_URL"], **ACCOUNT}
    with serving(project, **settings | {"SERVICE_CACHE": str(tmp_path / "other")}, **endpoint) as service:
        assert adds(service.url)
        assert sum("Fetched models/model.pkl" in line for line in service.lines) == 1
