"""What list, inspect, doctor, export and build print."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path

from rich.console import Console

from nb2svc.engine import Finding
from nb2svc.runtime.manifest import ArtifactEntry, DistributionEntry, EndpointEntry, Manifest, ModelEntry
from nb2svc.ui import tables
from nb2svc.values import Image, Layer, Project, RunningService

IMAGE = Image(
    reference="iris:latest",
    id="sha256:" + "ab" * 32,
    size=412_000_000,
    base_size=200_000_000,
    created="2025-05-01T10:20:30.123456Z",
    platform="linux/amd64",
    labels={"org.opencontainers.image.title": "iris [beta]"},
    layers=(Layer(digest="sha256:" + "cd" * 32, size=1_500_000, created_by="COPY service/ [bold]"),),
)
MANIFEST = Manifest(
    name="iris",
    python="3.11",
    platform="linux/amd64",
    nb2svc="0.1.0",
    verified=True,
    environment=("API_KEY",),
    models=(
        ModelEntry(
            name="clf", public="model", methods=("predict", "predict_proba"), path="models/model.joblib", cell=4
        ),
    ),
    endpoints=(EndpointEntry(name="price", handler="price", method="POST", path="/price", cell=7),),
    artifacts=(
        ArtifactEntry(
            path="models/model.joblib", format="joblib", sha256="00", size=1234, type="sklearn.X", why="the model"
        ),
    ),
    distributions=(DistributionEntry(name="uvicorn", version="0.30", root=True, why="uvicorn[standard], serves"),),
    warnings=("a surprise",),
)


def shown(renderable, width: int = 120) -> str:
    console = Console(file=io.StringIO(), width=width, _environ={})
    console.print(renderable)
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines())


def test_images_and_services():
    service = RunningService(name="iris", url="http://127.0.0.1:8000", engine="docker", started=time.time() - 75)
    text = shown(tables.listing([IMAGE], [service]))
    assert "iris:latest  abababababab  412 MB  linux/amd64  2025-05-01T10:20:30" in text
    assert "http://127.0.0.1:8000  docker" in text
    assert "1 min 15 s" in text


def test_nothing_to_list():
    assert shown(tables.listing([], [])) == "No images.\n\nNo services run."


def test_a_listing_for_machines():
    service = RunningService(name="iris", url="http://127.0.0.1:8000", engine="process", log_path=Path("/tmp/log"))
    listed = json.loads(tables.listing_json([IMAGE], [service]))
    assert listed["images"][0]["reference"] == "iris:latest"
    assert listed["services"][0]["log_path"] == "/tmp/log"


def test_an_image_in_detail():
    text = shown(tables.details(IMAGE))
    assert "412 MB, 200 MB of it the base image" in text
    assert "org.opencontainers.image.title  iris [beta]" in text
    assert "cdcdcdcdcdcd  1.5 MB  COPY service/ [bold]" in text


def test_a_project_in_detail():
    text = shown(tables.details(MANIFEST))
    assert "POST /models/model/predict_proba  model clf  [4]" in text
    assert "POST /price                       price()    [7]" in text
    assert "models/model.joblib  1 kB  sklearn.X  the model" in text
    assert "uvicorn[standard], serves" in text
    assert "needs to be set  API_KEY" in text
    assert "⚠ a surprise" in text
    assert "description" not in text  # there is none


def test_models_outside_the_image_in_detail():
    places = ["mount", "s3://bucket/m.pkl"]
    artifacts = tuple(MANIFEST.artifacts[0].model_copy(update={"location": place}) for place in places)
    text = shown(tables.details(MANIFEST.model_copy(update={"artifacts": artifacts})))
    assert "the model, mounted" in text
    assert "the model, fetched from s3://bucket/m.pkl" in text


def test_a_narrow_terminal_loses_no_text():
    text = shown(tables.details(MANIFEST), width=50)
    assert "".join(text.split()).count("uvicorn[standard],serves") == 1


def test_what_doctor_found():
    found = [
        Finding(name="docker engine", state="missing", detail="none [yet]", hint="start it"),
        Finding(name="uv", state="ok", detail="uv 0.7"),
    ]
    lines = shown(tables.findings(found)).splitlines()
    assert [line.split() for line in lines] == [
        ["–", "docker", "engine", "none", "[yet]"],  # noqa: RUF001
        ["→", "start", "it"],
        ["✓", "uv", "uv", "0.7"],
    ]
    assert json.loads(tables.records_json(found))[0]["state"] == "missing"


def test_summaries():
    project = Project(
        root=Path("/x/iris"), name="iris", digest="", python="3.11", platform="", files=("a", "b"), size=1500
    )
    assert (
        tables.project_summary(project, Path("iris"))
        == "iris → iris  (2 files, 2 kB; not verified, for it has no example)"
    )
    assert tables.image_summary(IMAGE) == "iris:latest  (412 MB, 212 MB above its base; linux/amd64)"


def test_differences_with_their_diffs():
    diff = "--- a/service/notebook.py\n+++ b/service/notebook.py\n@@ -1 +1 @@\n-A = 1\n+A = 2"
    found = [
        {"path": "service/notebook.py", "kind": "changed", "detail": diff},
        {"path": "models/m.joblib", "kind": "changed", "detail": "sha256 1… → 2…"},
        {"path": "x", "kind": "missing"},
    ]
    assert tables.check_summary(Path("out"), found) == (
        f"{diff}\n"
        "models/m.joblib: changed\n"
        "    sha256 1… → 2…\n"
        "x: the notebook gives it, the folder lacks it\n"
        "out is not what the notebook gives now: 2 changed, 1 missing."
    )
    assert tables.check_summary(Path("out"), []) == "out is what the notebook gives now."
    long = [{"path": "r", "kind": "changed", "detail": "--- a/r\n" + "+x\n" * 999}]
    assert "… and 800 lines more" in tables.check_summary(Path("out"), long)
