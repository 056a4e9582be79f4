"""The example notebook with the most kinds of answers in a container: an upload, a stream, a startup cell, a file."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from nb2svc import pipeline
from nb2svc.capture.notebook import run_notebook
from nb2svc.image.client import run

NOTEBOOKS = Path(__file__).parents[2] / "example_notebooks"


@pytest.fixture
def several(docker, token, tmp_path):
    """The exported project and its image."""
    shutil.copy(NOTEBOOKS / "several.ipynb", tmp_path)
    shutil.copytree(NOTEBOOKS / "data", tmp_path / "data")
    project = run_notebook(tmp_path / "several.ipynb", directory=tmp_path / "bikes").project
    image = pipeline.build(project.root, tag=f"nb2svc-test-several:{token}")
    yield project, image
    run("rmi", "--force", image.reference)


def test_the_container_answers_as_the_notebook_did(several):
    project, image = several
    report = pipeline.test(image.reference, project=project.root, engine="docker")
    assert report.passed, report
    outcomes = {check.name: check.outcome for check in report.checks}
    assert sum(name.startswith("parity ") for name in outcomes) == 6
    assert {name: outcomes[name] for name in ("start", "not root", "image size", "openapi")} == dict.fromkeys(
        ("start", "not root", "image size", "openapi"), "passed"
    )
