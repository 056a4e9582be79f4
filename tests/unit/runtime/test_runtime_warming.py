from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import generate_latest

from nb2svc.runtime import Manifest, Settings, create_app, endpoint, model_routes
from nb2svc.runtime.errors import ServiceError
from nb2svc.runtime.manifest import ArtifactEntry, ModelEntry
from nb2svc.runtime.warming import warm


class Sums:
    def __init__(self) -> None:
        self.calls: list[Any] = []

    def predict(self, rows: Any) -> list[float]:
        self.calls.append([list(row) for row in rows])
        return [float(sum(row)) for row in rows]


def project(root: Path, *paths: str, kind: str = "sklearn.linear_model.LinearRegression") -> Manifest:
    """A model ``sums``, and a recorded example for each path, with its number as the row."""
    (root / "examples").mkdir()
    for number, path in enumerate(paths):
        request = {"method": "POST", "path": path, "json": {"inputs": [[float(number), 1.0]]}}
        (root / "examples" / f"{number}.json").write_text(json.dumps({"name": str(number), "request": request}))
    artifact = ArtifactEntry(path="models/sums.pkl", format="pickle", sha256="", size=0, type=kind, why="a test")
    return Manifest(
        name="iris",
        models=(ModelEntry(name="sums", public="sums", methods=("predict",), path=artifact.path),),
        artifacts=(artifact,),
        examples=(*map(str, range(len(paths))), "removed"),
    )


def served(manifest: Manifest, model: Any, **settings: Any) -> Any:
    app = create_app(manifest, settings=Settings(**settings))
    app.include_router(model_routes("sums", model, methods=["predict"]))
    return app


def test_the_first_example_of_a_model_is_asked_and_nothing_counts_it(tmp_path: Path, caplog) -> None:
    manifest = project(tmp_path, "/predict", "/models/sums/predict", "/models/sums/predict", "/models/other/predict")
    model, handled = Sums(), []
    app = served(manifest, model, api_keys=["one"], max_concurrency=1, max_queue=0)
    app.post("/predict")(endpoint(lambda: handled.append(1)))
    with caplog.at_level(logging.DEBUG, "nb2svc"):
        asyncio.run(warm(app, manifest, tmp_path / "examples"))
    assert (model.calls, handled, caplog.records) == ([[[1.0, 1.0]]], [], [])
    assert b"http_requests_total{" not in generate_latest(app.state.metrics.registry)


@pytest.mark.parametrize("kind", ["service.notebook.Wrapper", "helpers.Wrapper"])
def test_models_of_the_notebooks_own_code_are_left_alone(tmp_path: Path, kind: str) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "helpers.py").touch()
    manifest, model = project(tmp_path, "/models/sums/predict", kind=kind), Sums()
    asyncio.run(warm(served(manifest, model), manifest, tmp_path / "examples"))
    assert model.calls == []


def test_a_model_that_fails_says_which(tmp_path: Path) -> None:
    class Broken:
        def predict(self, _: Any) -> Any:
            message = "no weights"
            raise RuntimeError(message)

    manifest = project(tmp_path, "/models/sums/predict")
    with pytest.raises(ServiceError, match="The model sums fails on its own example: RuntimeError: no weights"):
        asyncio.run(warm(served(manifest, Broken()), manifest, tmp_path / "examples"))


def test_without_examples_there_is_nothing_to_do(tmp_path: Path) -> None:
    manifest, model = project(tmp_path), Sums()
    asyncio.run(warm(served(manifest, model), manifest, tmp_path / "examples"))
    assert model.calls == []
