"""A model that is not in the image: mounted by nb2svc, and by hand as the README says."""

from __future__ import annotations

import json
import subprocess

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from nb2svc import engine as engines
from nb2svc.capture.notebook import run_notebook
from nb2svc.errors import StartError
from nb2svc.image import build
from nb2svc.image.client import run
from nb2svc.pipeline.services import explain

CELLS = [
    "%load_ext nb2svc",
    """%%serve_model model --location mount --example [1, 2]
class Adder:
    def __init__(self, more):
        self.more = more

    def predict(self, rows):
        return [row + self.more for row in rows]

model = Adder(1)""",
    """%%endpoint GET /add --example {"x": 1}
def add(x: int) -> dict[str, int]:
    return {"sum": model.predict([x])[0]}""",
]


@pytest.fixture(scope="module")
def mounted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("adder")
    nbformat.write(new_notebook(cells=[*map(new_code_cell, CELLS)]), folder / "adder.ipynb")
    return run_notebook(folder / "adder.ipynb", directory=folder / "adder").project


@pytest.fixture(scope="module")
def image_of_it(docker, mounted, token):
    reference = build(mounted, tag=f"nb2svc-adder-{token}:test").reference
    yield reference
    run("rmi", "--force", reference)


def test_the_model_is_on_the_volume_alone(mounted, image_of_it, call):
    engine = engines.get("docker")
    service = engine.start(mounted, engines.RunOptions(image=image_of_it))
    try:
        assert call(service, "GET", "/add?x=2") == (200, {"sum": 3})
        container = engine._connection.client.containers.get(service.id)
        (mount,) = container.attrs["Mounts"]
        assert (mount["Destination"], mount["RW"]) == ("/models", False)
        assert container.exec_run(["ls", "/app/models"]).exit_code != 0
        assert b"model.pkl" in container.exec_run(["ls", "/models"]).output
    finally:
        engine.stop(service)


def test_an_image_without_its_volume_or_with_another_file_says_what_to_do(mounted, image_of_it, tmp_path):
    engine = engines.get("docker")
    (artifact,) = json.loads((mounted.root / "nb2svc.json").read_text())["artifacts"]
    with pytest.raises(StartError) as raised:
        engine.start(image_of_it, engines.RunOptions(wait=60, explain=explain))
    assert "docker run -v" in raised.value.hint
    for part in ("/models/model.pkl", artifact["sha256"], '-v \\"$PWD/models:/models:ro\\"'):
        assert part in raised.value.log
    (tmp_path / "model.pkl").write_bytes(b"cos\nabort\n(tR.")
    tmp_path.chmod(0o755)
    by_hand = ["docker", "run", "--rm", "--read-only", "--tmpfs", "/tmp", "-v", f"{tmp_path}:/models:ro", image_of_it]
    done = subprocess.run(by_hand, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert "was not loaded" in done.stdout
