"""The plan: what is refused, what is in it, and that it is the same everywhere."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from nb2svc import runtime
from nb2svc.errors import ExportError
from nb2svc.export import StagedFile, is_service_name, plan, service_name
from nb2svc.export.plan import runtime_files
from nb2svc.export.pretty_json import dumps
from nb2svc.values import Example, Where


def messages(error: pytest.ExceptionInfo) -> str:
    return str(error.value)


def test_a_plan_holds_the_whole_project(spec, lock):
    made = plan(spec, lock)
    assert {
        "README.md",
        "requirements.in",
        "requirements.txt",
        "Dockerfile",
        ".dockerignore",
        "service/__init__.py",
        "service/__main__.py",
        "service/main.py",
        "service/notebook.py",
        "service/schemas.py",
        "service/runtime/__init__.py",
        "service/runtime/manifest.py",
        "models/model.joblib",
        "models/vocabulary.pkl",
        "lib/speech.py",
        "data/names.csv",
        "examples/predict-1.json",
        "tests/test_service.py",
    } <= made.files.keys()
    assert list(made.files) == sorted(made.files)
    assert made.files["requirements.txt"] == lock.requirements_txt.encode()


def test_artifacts_are_referred_to_not_read(spec, lock):
    artifact = spec.models[0].artifact
    gone = replace(artifact, staged=Path("/nowhere/model.joblib"))
    made = plan(replace(spec, models=(replace(spec.models[0], artifact=gone),)), lock)
    assert made.files["models/model.joblib"] == StagedFile(gone.staged, artifact.sha256, artifact.size)


def test_the_runtime_is_copied_verbatim():
    root = Path(runtime.__file__).parent
    expected = {f"service/runtime/{path.relative_to(root).as_posix()}": path for path in root.rglob("*.py")}
    copied = runtime_files()
    assert expected.keys() <= copied.keys()
    assert all(copied[name] == path.read_bytes() for name, path in expected.items())
    assert not [name for name in copied if "__pycache__" in name]


def test_the_manifest_says_what_came_from_where(spec, lock):
    manifest = plan(spec, lock).manifest
    assert manifest.name == "iris"
    assert manifest.notebook.file == "iris.ipynb"
    assert [(entry.name, entry.path, entry.cell) for entry in manifest.models] == [("model", "models/model.joblib", 3)]
    assert {entry.path: entry.sha256 for entry in manifest.artifacts} == {
        path: hashlib.sha256(staged.read_bytes()).hexdigest()
        for path, staged in {
            "models/model.joblib": spec.models[0].artifact.staged,
            "models/vocabulary.pkl": spec.closure.objects[0].artifact.staged,
        }.items()
    }
    assert manifest.endpoints[1].body == "LabelBody"
    assert manifest.endpoints[1].spread
    assert manifest.startup[0].cell == 4
    assert manifest.environment == ("REGION",)
    assert [entry.name for entry in manifest.distributions] == ["pydantic", "scikit-learn"]
    assert manifest.files == {}


def test_the_same_service_gives_the_same_plan(spec, lock):
    one, other = plan(spec, lock), plan(spec, lock)
    assert one.files == other.files
    assert one.manifest == other.manifest


def test_the_base_image_can_be_chosen(spec, lock):
    assert b"python:3.11-slim-bookworm" in plan(spec, lock).files["Dockerfile"]
    assert b"registry.example/python:1" in plan(spec, lock, base="registry.example/python:1").files["Dockerfile"]


def test_all_problems_are_told_at_once(spec, lock):
    endpoint = spec.endpoints[0]
    broken = replace(
        spec,
        name="My Iris!",
        endpoints=(
            endpoint,
            replace(endpoint, name="other", handler="missing"),
            replace(endpoint, name="health", path="/livez"),
            replace(endpoint, name="shadow", path="/models/model/predict"),
        ),
        examples=(*spec.examples, replace(spec.examples[0], name="../up")),
    )
    with pytest.raises(ExportError) as error:
        plan(broken, replace(lock, python="3.12"))
    text = messages(error)
    assert '"My Iris!" cannot name a folder and an image' in text
    assert "%nb2svc name my-iris" in text
    assert "frozen for Python 3.12, the notebook ran on 3.11" in text
    assert "POST /predict is served twice" in text
    assert "missing is served but was not captured" in text
    assert "/livez is one of the service's own paths" in text
    assert "POST /models/model/predict is served twice" in text
    assert Where(notebook="iris.ipynb", cell=5, name="predict") in [problem.where for problem in error.value.problems]
    assert "cannot name an example's file" in text
    assert len(error.value.problems) == 7


def test_an_empty_service_is_refused(spec, lock):
    with pytest.raises(ExportError, match="there is nothing to serve"):
        plan(replace(spec, models=(), endpoints=(), startup=(), examples=()), lock)


def test_two_imports_of_one_name_are_refused(spec, lock):
    closure = replace(spec.closure, imports=(*spec.closure.imports, "import json as j", "import pickle as j"))
    with pytest.raises(ExportError, match='"j" is imported in two ways'):
        plan(replace(spec, closure=closure), lock)


@pytest.mark.parametrize("path", ["/etc/passwd", "../up.csv", "data/../../up.csv", "data//x.csv", ".git/config"])
def test_files_outside_the_project_are_refused(spec, lock, path, tmp_path):
    closure = replace(spec.closure, files=((path, tmp_path),))
    with pytest.raises(ExportError, match="included file"):
        plan(replace(spec, closure=closure), lock)


@pytest.mark.parametrize("path", ["readme.MD", "nb2svc.json", "openapi.json", "lib/speech.py"])
def test_a_file_in_the_place_of_another_is_refused(spec, lock, path, tmp_path):
    closure = replace(spec.closure, files=((path, tmp_path),))
    with pytest.raises(ExportError, match="two files of the project"):
        plan(replace(spec, closure=closure), lock)


@pytest.mark.parametrize("path", ["examples/mine.json", "service/extra.py", "tests/data.csv"])
def test_a_file_in_one_of_the_projects_own_folders_is_refused(spec, lock, path, tmp_path):
    closure = replace(spec.closure, files=((path, tmp_path),))
    with pytest.raises(ExportError, match="a folder of the project's own"):
        plan(replace(spec, closure=closure), lock)


def test_included_files_reach_the_image_wherever_they_lie(spec, lock, tmp_path):
    files = tuple((path, tmp_path) for path in ("names.csv", "inputs/deep/a.csv", "data/b.csv"))
    made = plan(replace(spec, closure=replace(spec.closure, files=files)), lock)
    dockerfile, ignored = made.files["Dockerfile"].decode(), made.files[".dockerignore"].decode()
    for name in ("names.csv", "inputs", "data"):
        assert f"/app/{name}" in dockerfile
        assert f"!{name}\n" in ignored


def test_an_example_that_json_cannot_hold_is_refused(spec, lock):
    nan = Example(
        name="nan", endpoint="predict", request={"method": "GET", "path": "/", "json": float("nan")}, response={}
    )
    with pytest.raises(ExportError, match="the example nan cannot be written as JSON"):
        plan(replace(spec, examples=(nan,)), lock)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("My Notebook (final)", "my-notebook-final"),
        ("Größe_Vorhersage", "grosse-vorhersage"),
        ("con", "con-service"),
        ("…", "service"),
        ("x" * 80, "x" * 63),
        ("a-" * 40, ("a-" * 32)[:63]),
    ],
)
def test_any_text_leads_to_a_service_name(text, name):
    assert service_name(text) == name.replace("grosse", "groe")
    assert is_service_name(service_name(text))


@pytest.mark.parametrize("name", ["", "A", "a--b", "-a", "a-", "a_b", "nul", "x" * 64, "ä", "a/b", ".."])
def test_what_is_no_service_name(name):
    assert not is_service_name(name)


def test_json_keeps_rows_on_a_line_and_reads_back_exactly():
    value = {
        "inputs": [[0.1, 1e-300, 2**53 + 1, True, None]] * 3,
        "text": 'é"\n\ud800',
        "empty": {"a": [], "b": {}},
        "long": ["x" * 60, "y" * 60],
    }
    text = dumps(value)
    assert json.loads(text) == value
    assert "\n    [0.1, 1e-300, 9007199254740993, true, null],\n" in text
    assert text.encode("utf-8").decode("utf-8") == text
    assert all(len(line) <= 100 for line in text.splitlines())
    with pytest.raises(ValueError, match="JSON compliant"):
        dumps([float("nan")])
