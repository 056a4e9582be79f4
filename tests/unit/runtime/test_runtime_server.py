"""A project as it is exported, served by ``python -m service`` in a process of its own."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import re
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import joblib
import numpy as np
import pytest
from served_project import Service, run_to_end, serving, wait_until_exists, write_code
from sklearn.linear_model import LogisticRegression

from nb2svc.runtime.errors import ArtifactError
from nb2svc.runtime.loading import load_artifact
from nb2svc.runtime.manifest import ArtifactEntry, Manifest, ModelEntry, ObjectsEntry

MAIN = """
from service import notebook
from service.runtime import create_app, endpoint, model_routes

app = create_app(on_startup=[notebook.startup])

app.include_router(model_routes("model", notebook.model, methods=["predict"]))
app.post("/predict")(endpoint(notebook.predict))
app.get("/slow")(endpoint(notebook.slow))
app.get("/parts")(endpoint(notebook.parts))
app.get("/broken")(endpoint(notebook.broken))
"""

NOTEBOOK = """
from __future__ import annotations

import os
import time
from pathlib import Path

from pydantic import BaseModel

from service.runtime import load_model, load_object


class Flower(BaseModel):
    values: list[float]


model = load_model("model")
names = load_object("names")
alias = load_object("alias")


def startup():
    if "FAIL_STARTUP" in os.environ:
        raise RuntimeError("no database")
    print("started up")


def wait():
    Path(os.environ["BEGUN"]).touch()
    while not Path(os.environ["RELEASE"]).exists():
        time.sleep(0.01)


if "SLOW_IMPORT" in os.environ:
    wait()


def predict(flower: Flower):
    return {"name": names[model.predict([flower.values])[0]], "same": names is alias}


def slow():
    wait()
    return "finished"


def parts():
    yield "first "
    wait()
    yield "last"


def broken():
    raise ValueError("for the log only")
"""


LOADED = 'model = load_model("model")\n'
THRESHOLD = """
class Threshold:
    def predict(self, rows):
        return [int(row[0] > 0.5) for row in rows]


model = Threshold()
"""


def write_project(root: Path, notebook: str) -> Path:
    write_code(root, MAIN, notebook)
    (root / "models").mkdir()
    joblib.dump(LogisticRegression().fit([[0.0], [1.0]], [0, 1]), root / "models" / "model.joblib")
    names = ["setosa", "virginica"]
    (root / "models" / "state.pkl").write_bytes(pickle.dumps({"names": names, "alias": names}))
    write_manifest(root)
    return root


@pytest.fixture
def iris(tmp_path: Path) -> Path:
    return write_project(tmp_path / "iris", NOTEBOOK)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The same with a model of the notebook's own, as importing scikit-learn is most of a start."""
    return write_project(tmp_path / "iris", NOTEBOOK.replace(LOADED, THRESHOLD))


def write_manifest(root: Path, **changes: object) -> None:
    def entry(path: str, form: str) -> ArtifactEntry:
        content = (root / path).read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        return ArtifactEntry(path=path, format=form, sha256=digest, size=len(content), type="x.Y", why="a test")

    manifest = Manifest(
        name="iris",
        models=(ModelEntry(name="model", public="model", methods=("predict",), path="models/model.joblib"),),
        artifacts=(entry("models/model.joblib", "joblib"), entry("models/state.pkl", "pickle")),
        objects=(ObjectsEntry(names=("alias", "names"), path="models/state.pkl"),),
        **changes,
    )
    (root / "nb2svc.json").write_text(manifest.model_dump_json())


@pytest.mark.once
def test_many_at_once_get_their_own_answers_from_few_calls(iris: Path) -> None:
    """By the model's route, a handler on the event loop and one on a thread; also past a request that fails."""
    (iris / "service" / "notebook.py").write_text(
        NOTEBOOK + "\n\ndef threaded(flower: Flower):\n    os.getcwd()\n    return predict(flower)\n"
    )
    main = MAIN + 'app.post("/threaded")(endpoint(notebook.threaded))\n'
    (iris / "service" / "main.py").write_text(main)
    values = [n / 300 for n in range(300)]
    asked = [
        [
            ("/models/model/predict", {"inputs": [[value]]}, {"outputs": [int(value > 0.5)]}),
            ("/predict", {"values": [value]}, {"name": ["setosa", "virginica"][value > 0.5], "same": True}),
            ("/threaded", {"values": [value]}, {"name": ["setosa", "virginica"][value > 0.5], "same": True}),
            ("/models/model/predict", {"inputs": [[value, value]]}, None),
        ][n % 4]
        for n, value in enumerate(values)
        if value != 0.5
    ]
    with serving(iris) as service, httpx.Client(base_url=service.url) as client:
        with ThreadPoolExecutor(24) as pool:
            answers = list(pool.map(lambda each: client.post(each[0], json=each[1]), asked))
        for answer, (_, _, expected) in zip(answers, asked, strict=True):
            assert (answer.status_code, answer.json()) == (200, expected) if expected else answer.status_code == 422
        metrics = client.get("/metrics").text
    counts = dict(
        re.findall(r'^model_batch_rows_(count|sum){method="predict",model="model"} ([0-9.]+)', metrics, re.MULTILINE)
    )
    assert float(counts["sum"]) >= sum(expected is not None for _, _, expected in asked)
    assert float(counts["count"]) < float(counts["sum"])


def test_serve_answer_log_and_stop(iris: Path) -> None:
    with serving(iris) as service:
        with httpx.Client(base_url=service.url) as client:
            assert client.get("/readyz").json() == {"status": "ready"}
            answer = client.post("/predict", json={"values": [0.9]}, headers={"x-request-id": "r1"})
            assert answer.json() == {"name": "virginica", "same": True}
            assert "server" not in answer.headers
            assert client.post("/models/model/predict", json={"inputs": [[0.1], [0.9]]}).json() == {"outputs": [0, 1]}
            for _ in range(5):  # on one connection, which an error must not end
                assert client.get("/broken").json()["detail"] == "Internal Server Error"
            assert 'http_requests_total{endpoint="/predict"' in client.get("/metrics").text
        health = run_to_end(iris, "--health", SERVICE_PORT=str(service.port))
        assert (health.returncode, health.stderr) == (0, "")
        service.process.send_signal(signal.SIGTERM)
        assert service.end() == 0
    assert "started up" in service.lines
    [access] = [each for each in service.records if each.get("request_id") == "r1"]
    assert access["message"] == "POST /predict 200"
    tracebacks = [each for each in service.records if "traceback" in each]
    assert [each["message"] for each in tracebacks] == ["GET /broken failed"] * 5
    assert "for the log only" in tracebacks[0]["traceback"]


@pytest.mark.once
@pytest.mark.parametrize(("path", "expected"), [("/slow", '"finished"'), ("/parts", "first last")])
def test_sigterm_lets_requests_in_flight_finish(project: Path, path: str, expected: str) -> None:
    with serving(project, SERVICE_DRAIN_SECONDS="1.5") as service:
        answers: list[httpx.Response] = []
        request = threading.Thread(target=lambda: answers.append(httpx.get(service.url + path, timeout=60)))
        request.start()
        wait_until_exists(project / "begun")
        service.process.send_signal(signal.SIGTERM)
        while (ready := httpx.get(f"{service.url}/readyz")).status_code == 200:
            pass
        assert ready.json() == {"status": "draining"}
        service.wait_for("Shutting down")
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{service.url}/livez")
        (project / "release").touch()
        request.join(60)
        assert (answers[0].status_code, answers[0].text) == (200, expected)
        assert service.end() == 0


@pytest.mark.once
def test_requests_longer_than_the_grace_are_cut_off(project: Path) -> None:
    with serving(project, SERVICE_GRACE_SECONDS="0") as service:
        failures: list[Exception] = []

        def request() -> None:
            try:
                httpx.get(f"{service.url}/parts", timeout=60)
            except httpx.HTTPError as error:
                failures.append(error)

        thread = threading.Thread(target=request)
        thread.start()
        wait_until_exists(project / "begun")
        service.process.send_signal(signal.SIGTERM)
        assert service.end() == 1
        thread.join(60)
    assert len(failures) == 1
    assert service.records[-1]["message"] == "Handlers were still running after the grace; ending without them."


def test_ctrl_c_ends_with_130(project: Path) -> None:
    with serving(project, SERVICE_LOG_FORMAT="text") as service:
        service.process.send_signal(signal.SIGINT)
        assert service.end() == 130
    assert not service.records


@pytest.mark.once
def test_sigterm_while_models_load_ends_at_once(project: Path) -> None:
    service = Service(project, SLOW_IMPORT="1")
    try:
        wait_until_exists(project / "begun")
        service.process.send_signal(signal.SIGTERM)
        assert service.end() == 0
    finally:
        service.process.kill()


def test_a_tampered_model_is_refused_before_it_is_unpickled(iris: Path) -> None:
    class Attack:
        def __reduce__(self) -> tuple[object, ...]:
            return os.mkdir, (str(iris / "attacked"),)

    good = (iris / "models" / "model.joblib").read_bytes()
    (iris / "models" / "model.joblib").write_bytes(pickle.dumps(Attack()))
    bad = (iris / "models" / "model.joblib").read_bytes()
    done = run_to_end(iris, SERVICE_LOG_FORMAT="text")
    assert done.returncode == 1
    assert not (iris / "attacked").exists()
    for part in ("models/model.joblib", hashlib.sha256(good).hexdigest(), hashlib.sha256(bad).hexdigest(), "→ Restore"):
        assert part in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_a_failing_startup_ends_with_its_traceback(project: Path) -> None:
    done = run_to_end(project, FAIL_STARTUP="1", SERVICE_PORT="0")
    assert done.returncode == 3
    assert "no database" in done.stdout
    assert done.stderr == ""


@pytest.mark.once
def test_missing_environment_variables_are_named(project: Path) -> None:
    write_manifest(project, environment=("API_TOKEN", "PATH"))
    done = run_to_end(project)
    assert done.returncode == 1
    assert "The environment lacks API_TOKEN." in done.stdout


@pytest.mark.once
def test_wrong_settings_and_the_help(project: Path) -> None:
    wrong = run_to_end(project, SERVICE_PORT="high")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert "SERVICE_PORT='high'" in wrong.stderr
    helped = run_to_end(project, "--help")
    assert helped.returncode == 0
    assert "SERVICE_GRACE_SECONDS" in helped.stdout


@pytest.mark.once
def test_health_of_nothing_is_1(project: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert run_to_end(project, "--health", SERVICE_PORT=str(taken.getsockname()[1])).returncode == 1


@pytest.mark.once
def test_models_answer_their_first_example_before_the_service_is_ready(project: Path) -> None:
    write_manifest(project, examples=("model-1",))
    request = {"method": "POST", "path": "/models/model/predict", "json": {"inputs": [[0.1]]}}
    (project / "examples").mkdir()
    (project / "examples" / "model-1.json").write_text(json.dumps({"name": "model-1", "request": request}))
    with serving(project, SERVICE_API_KEYS="one") as service:
        answer = httpx.get(f"{service.url}/metrics", headers={"x-api-key": "one"})
        assert "/models/" not in answer.text
        assert not any("status" in each for each in service.records)
    broken = (
        "class Broken:\n    def predict(self, rows):\n        raise RuntimeError('no weights')\n\nmodel = Broken()\n"
    )
    (project / "service" / "notebook.py").write_text(NOTEBOOK.replace(LOADED, broken))
    done = run_to_end(project, SERVICE_PORT="0")
    assert done.returncode == 3
    assert "The model model fails on its own example: RuntimeError: no weights" in done.stdout


@pytest.mark.once
def test_a_taken_port_is_said(project: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run_to_end(project, SERVICE_PORT=str(taken.getsockname()[1]))
    assert done.returncode == 3
    assert "address already in use" in done.stdout


# --- files --------------------------------------------------------------------------------------


def artifact(path: Path, form: str = "joblib") -> ArtifactEntry:
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    return ArtifactEntry(path=path.name, format=form, sha256=digest, size=len(content), type="numpy.ndarray", why="it")


def test_large_files_are_checked_whole(tmp_path: Path) -> None:
    path = tmp_path / "array.joblib"
    array = np.arange(600_000, dtype="float64")
    joblib.dump(array, path)
    entry = artifact(path)
    np.testing.assert_array_equal(load_artifact(entry, tmp_path), array)
    with path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\x07")
    with pytest.raises(ArtifactError, match="was not loaded"):
        load_artifact(entry, tmp_path)


def test_compressed_joblib_files(tmp_path: Path) -> None:
    path = tmp_path / "array.joblib"
    joblib.dump({"a": np.ones(10)}, path, compress=3)
    assert load_artifact(artifact(path), tmp_path)["a"].sum() == 10


def test_a_missing_file_an_unknown_format_and_an_unreadable_pickle(tmp_path: Path) -> None:
    path = tmp_path / "x.pkl"
    path.write_bytes(b"cno_such_module\nname\n.")
    with pytest.raises(ArtifactError, match=r"a numpy.ndarray, it\) cannot be loaded: ModuleNotFoundError"):
        load_artifact(artifact(path, "pickle"), tmp_path)
    with pytest.raises(ArtifactError, match="format 'ubj'"):
        load_artifact(artifact(path, "ubj"), tmp_path)
    entry = artifact(path)
    path.unlink()
    with pytest.raises(ArtifactError, match="No such file"):
        load_artifact(entry, tmp_path)
