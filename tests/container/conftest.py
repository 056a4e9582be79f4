from __future__ import annotations

import http.client
import json
import uuid
from urllib.parse import urlsplit

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from requirement import docker_missing, need, registry_missing

from nb2svc import engine as engines
from nb2svc.capture.notebook import run_notebook
from nb2svc.image import build
from nb2svc.image.client import run

# Small on purpose: no model, so that the image holds the runtime's own closure only.
CELLS = [
    "%load_ext nb2svc",
    "import time\nfrom pathlib import Path\n\nRATE = 0.2",
    """%%endpoint POST /price --example {"net": 100}
def price(net: float) -> dict[str, float]:
    return {"gross": round(net * (1 + RATE), 2)}""",
    """%%endpoint GET /slow
def slow(seconds: float = 0.0) -> dict[str, float]:
    time.sleep(seconds)
    return {"slept": seconds}""",
    """%%endpoint POST /write --example {"path": "/nowhere/file"}
def write(path: str) -> dict[str, str]:
    try:
        Path(path).write_text("x")
    except OSError as error:
        return {"error": type(error).__name__}
    return {"error": ""}""",
]


@pytest.fixture(scope="session")
def project(tmp_path_factory):
    """A project exported from a notebook."""
    folder = tmp_path_factory.mktemp("prices")
    notebook = new_notebook(cells=[new_markdown_cell("# Prices"), *map(new_code_cell, CELLS)])
    nbformat.write(notebook, folder / "prices.ipynb")
    return run_notebook(folder / "prices.ipynb", directory=folder / "prices").project


@pytest.fixture(scope="session")
def docker():
    need("docker", docker_missing())


@pytest.fixture
def registry():
    need("registry", registry_missing())


@pytest.fixture(scope="session")
def token():
    """Names of this run's own: another may use the same engine."""
    return uuid.uuid4().hex[:8]


@pytest.fixture(scope="session")
def image(docker, project, token):
    built = build(project, tag=f"nb2svc-test-prices:{token}")
    yield built
    run("rmi", "--force", built.reference)


@pytest.fixture
def engine(docker):
    return engines.get("docker")


@pytest.fixture
def service(engine, image, token):
    """A running container of the image."""
    running = engine.start(image.reference, engines.RunOptions(name=f"test-{token}"))
    yield running
    engine.stop(running, grace=1)


@pytest.fixture
def call():
    """Ask a service; the status and the JSON of the answer."""

    def ask(service, method, path, timeout=30):
        parts = urlsplit(service.url)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    return ask
