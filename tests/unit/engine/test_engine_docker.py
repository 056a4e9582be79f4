"""What the Docker engine decides before it asks Docker: models that are not in the image. All else: tests/container."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from nb2svc.engine.docker import DockerEngine
from nb2svc.errors import UsageError
from nb2svc.runtime.manifest import ArtifactEntry, Manifest


def with_models(project, *locations):
    artifacts = tuple(
        ArtifactEntry(path="models/m.pkl", format="pickle", sha256="0", size=1, type="x.Y", why="it", location=location)
        for location in locations
    )
    (project.root / "nb2svc.json").write_text(Manifest(name="tiny", artifacts=artifacts).model_dump_json())
    return project


def engine(remote_host=""):
    return DockerEngine("docker", SimpleNamespace(remote_host=remote_host))


def test_the_models_of_a_project_are_mounted_where_its_image_lacks_some(project):
    assert engine()._models_of(with_models(project, "bake", "bake")) is None
    assert engine()._models_of(with_models(project, "bake", "mount")) == project.root / "models"
    assert engine()._models_of(with_models(project, "s3://bucket/m.pkl")) == project.root / "models"


def test_an_engine_on_another_machine_cannot_see_them(project):
    assert engine("10.0.0.1")._models_of(with_models(project, "bake")) is None
    with pytest.raises(UsageError, match="the engine is on another machine") as raised:
        engine("10.0.0.1")._models_of(with_models(project, "mount"))
    assert "-v FOLDER:/models:ro" in raised.value.hint
