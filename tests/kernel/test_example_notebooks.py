"""The example notebooks: run as a person runs them, exported as the shell does, answered by what was exported."""

from __future__ import annotations

import ast
import functools
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import httpx
import nbformat
import pytest
from conform import conform
from testbook import testbook

from nb2svc import pipeline
from nb2svc.capture.notebook import run_notebook

NOTEBOOKS = Path(__file__).parents[2] / "example_notebooks"


@dataclass(frozen=True)
class Expected:
    """What of a notebook is in its service: the names of ``service/notebook.py`` in their order, and so on."""

    names: tuple[str, ...]
    routes: tuple[str, ...]
    needs: frozenset[str]  # distributions, beside what every service has
    models: frozenset[str]  # files
    examples: int
    gone: tuple[str, ...]  # words of the notebook that must not be in its service


EXPECTED = {
    "iris": Expected(
        names=("SPECIES", "model", "Flower", "Prediction", "predict"),
        routes=("POST /predict",),
        needs=frozenset({"numpy", "pandas", "scikit-learn", "joblib"}),
        models=frozenset({"model.joblib"}),
        examples=4,
        gone=("matplotlib", "load_iris", "X_train", "score(", "nb2svc"),
    ),
    "housing": Expected(
        names=(
            *("SaleTimes", "FEATURES", "model", "high", "low", "typical", "fitted_on"),
            *("House", "Estimate", "estimates", "estimate"),
        ),
        routes=("POST /estimates", "POST /estimate"),
        needs=frozenset({"numpy", "pandas", "scikit-learn", "joblib"}),
        models=frozenset({"model.joblib", "fitted_on.pkl"}),
        examples=3,
        gone=("default_rng", "train_test_split", "ratios", "villa", "nb2svc"),
    ),
    "text": Expected(
        names=("TOKEN", "DROPPED", "tokenize", "model", "route"),
        routes=("POST /route",),
        needs=frozenset({"numpy", "scikit-learn", "joblib"}),
        models=frozenset({"desk.joblib"}),
        examples=4,
        gone=("COMPLAINTS", "random", "classification_report", "nb2svc"),
    ),
    "several": Expected(
        names=("FEATURES", "demand", "surprise", "oddness", "ordinary", "check", "startup", "nearest", "forecast"),
        routes=("POST /check", "GET /stations", "GET /forecast"),
        needs=frozenset({"numpy", "pandas", "scikit-learn", "python-multipart"}),
        models=frozenset({"demand-objects.pkl"}),
        examples=6,
        gone=("commuters", "date_range", "monday", "nb2svc"),
    ),
}
EVERY_SERVICE_NEEDS = {"fastapi", "httptools", "pydantic", "prometheus-client", "uvicorn", "uvloop"}
BATCHING_NEEDS = {"greenlet"}  # each of these has a model whose concurrent calls become one


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The notebooks with their data, where running them can leave nothing in the checkout."""
    target = tmp_path_factory.mktemp("notebooks")
    for path in NOTEBOOKS.glob("*.ipynb"):
        shutil.copy(path, target)
    shutil.copytree(NOTEBOOKS / "data", target / "data")
    return target


OTHERS = sorted(EXPECTED.keys() - {"several"})


@pytest.fixture(scope="module")
def export(folder, tmp_path_factory):
    """Export a notebook once for all tests."""
    exports = tmp_path_factory.mktemp("exports")

    @functools.cache
    def exported(name: str):
        return run_notebook(folder / f"{name}.ipynb", directory=exports / name).project

    return exported


def contents(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_these_are_all():
    assert {path.stem for path in NOTEBOOKS.glob("*.ipynb")} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_the_file_has_stable_ids_and_no_outputs(name):
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in notebook.cells)
    by_hand = {cell.id for cell in notebook.cells if "skip-execution" in cell.metadata.get("tags", ())}
    assert by_hand == {"export", "test"}


@pytest.mark.parametrize("name", ["several", *(pytest.param(name, marks=pytest.mark.once) for name in OTHERS)])
def test_the_service_holds_what_it_needs_and_nothing_else(name, export):
    project, expected = export(name), EXPECTED[name]
    source = (project.root / "service" / "notebook.py").read_text()
    assert tuple(_bound(source)) == expected.names
    assert not [word for word in expected.gone if word in source]
    manifest = json.loads((project.root / "nb2svc.json").read_text())
    assert tuple(f"{each['method']} {each['path']}" for each in manifest["endpoints"]) == expected.routes
    assert {path.name for path in (project.root / "models").iterdir()} == expected.models
    roots = {line.partition("==")[0] for line in (project.root / "requirements.in").read_text().splitlines()}
    assert roots == EVERY_SERVICE_NEEDS | BATCHING_NEEDS | expected.needs
    locked = {each["name"] for each in manifest["distributions"]}
    assert roots <= locked
    assert not locked & {"matplotlib", "ipython", "ipykernel", "jupyterlab", "nb2svc", "nbformat"}
    assert (project.verified, project.warnings) == (True, ())
    assert len(list((project.root / "examples").iterdir())) == expected.examples


def _bound(source: str):
    for node in ast.parse(source).body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


@pytest.mark.once
@pytest.mark.parametrize("name", EXPECTED)
def test_the_same_notebook_gives_the_same_bytes(name, export, folder, tmp_path):
    again = run_notebook(folder / f"{name}.ipynb", directory=tmp_path / name).project
    assert contents(again.root) == contents(export(name).root)


@pytest.mark.once
@pytest.mark.parametrize("name", ["iris", "housing", "text"])
def test_the_project_answers_as_the_notebook_did(name, export):
    report = pipeline.test(export(name).root, engine="process")
    assert report.passed, report
    replayed = [check.name for check in report.checks if check.name.startswith("parity ")]
    assert len(replayed) == EXPECTED[name].examples


@pytest.mark.once
@pytest.mark.parametrize("name", EXPECTED)
def test_whatever_is_asked_is_answered_as_the_service_describes(name, export):
    found = conform(export(name).root, cases=60, phases="examples,fuzzing")
    assert not found.failures, found.failures
    assert found.cases >= 40


def test_uploads_queries_and_streams_of_the_running_service(export):
    project = export("several")
    service = pipeline.run(project.root, engine="process")
    try:
        with httpx.Client(base_url=service.url, timeout=30) as client:
            _check_upload(client)
            _check_query(client)
            _check_stream(client)
        report = pipeline.test(service, project=project.root)
    finally:
        pipeline.stop(service)
    assert report.passed, report


def _check_upload(client):
    csv = b"time,temperature,rentals\n2025-06-30T17:00,21.0,190\n2025-06-30T17:00,21.0,9\n"
    rows = client.post("/check", files={"readings": ("day.csv", csv)}).json()
    assert [(row["time"], row["rentals"], row["unusual"]) for row in rows] == [
        ("2025-06-30T17:00:00", 190, False),
        ("2025-06-30T17:00:00", 9, True),
    ]
    refused = client.post("/check", files={"readings": ("day.csv", b"time\n2025-06-30T17:00\n")})
    assert (refused.status_code, refused.json()) == (400, {"detail": "the file has no column rentals, temperature"})


def _check_query(client):
    found = client.get("/stations", params={"lat": 52.47, "lon": 13.41, "docks": 30}).json()
    assert [station["name"] for station in found] == ["Airfield", "University", "Zoo"]
    assert client.get("/stations", params={"lat": 91, "lon": 0}).status_code == 422


def _check_stream(client):
    asked = {"start": "2025-07-04T23:00", "temperature": 15.5, "hours": 2}
    answer = client.get("/forecast", params=asked)
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert [line["time"] for line in lines] == ["2025-07-04T23:00:00", "2025-07-05T00:00:00"]
    events = client.get("/forecast", params=asked, headers={"Accept": "text/event-stream"})
    assert events.headers["content-type"].startswith("text/event-stream")
    assert [json.loads(event.removeprefix("data: ")) for event in events.text.strip().split("\n\n")] == lines


@pytest.mark.once
def test_handlers_stay_functions_of_the_notebook(folder):
    with testbook(folder / "iris.ipynb", execute=True, resources={"metadata": {"path": str(folder)}}) as book:
        flower = "Flower(sepal_length=5.1, sepal_width=3.5, petal_length=1.4, petal_width=0.2)"
        assert book.value(f"predict({flower}).model_dump()") == {"species": "setosa", "confidence": 1.0}
        assert book.value("type(predict).__name__") == "function"
        cells = {cell.id: cell for cell in book.cells}
        assert '"species": "setosa"' in _shown(cells["predict"])
        assert "POST /predict → predict, 2 examples" in _shown(cells["status"])
        assert not cells["export"].get("outputs")
        assert not (folder / "iris").exists()


def _shown(cell) -> str:
    return "".join(output["data"]["text/plain"] for output in cell.outputs if "data" in output)
