"""The clean room over real projects, in real fresh interpreters."""

from __future__ import annotations

import ast
import base64
import hashlib
import json
import re
import sys
from pathlib import Path

import pytest
from effort import lines_of
from tiny_services import DOUBLE, HEALTH, example

import nb2svc.smoke
from nb2svc.events import Finished, LogLine, Started, Step
from nb2svc.smoke.clean_room import clean_room
from nb2svc.smoke.installed import locate

ROOMY = HEALTH + "\nfrom service import notebook\n"


def test_a_project_that_answers_as_recorded_is_verified(make_project, lock):
    events = []
    found = clean_room(make_project(), allowed=lock, examples=[example()], emit=events.append)
    assert found.verified
    assert found.problems == ()
    assert [(check.name, check.outcome) for check in found.checks] == [
        ("import", "passed"),
        ("start", "passed"),
        ("openapi", "passed"),
        ("parity double-1", "passed"),
    ]
    assert list(found.openapi["paths"]) == ["/double"]
    assert {"fastapi", "starlette", "pydantic", "prometheus_client"} <= set(found.imported)
    assert "nb2svc" not in found.imported
    assert isinstance(events[0], Started)
    assert any(isinstance(event, Step) and event.text == "asking double-1" for event in events)
    assert isinstance(events[-1], Finished)
    assert events[-1].summary == "1 of 1 answers are the notebook's"


@pytest.mark.once
def test_without_examples_it_says_not_verified(make_project, lock):
    found = clean_room(make_project(), allowed=lock)
    assert not found.verified
    assert found.problems == ()
    assert found.checks[-1].outcome == "skipped"
    assert "not verified" in found.checks[-1].detail


@pytest.mark.once
def test_the_project_stays_byte_for_byte(make_project, lock):
    root = make_project()
    before = digest(root)
    clean_room(root, allowed=lock, examples=[example()])
    assert digest(root) == before


def digest(root: Path) -> dict[str, str]:
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in root.rglob("*") if path.is_file()}


@pytest.mark.once
def test_another_answer_is_a_difference(make_project, lock):
    wrong = example("/double?x=1.5", {"y": 3.5}, name="double-2")
    found = clean_room(make_project(), allowed=lock, examples=[example(), wrong])
    assert not found.verified
    assert [check.outcome for check in found.checks[-2:]] == ["passed", "failed"]
    assert found.checks[-1].difference == (
        "$.y\n    expected  3.5\n    got       3.0   (off by 0.5, 0.14 of the expected)"
    )
    (problem,) = found.problems
    assert "double-2 is answered otherwise than in the notebook" in problem.message
    assert "random numbers" in problem.hint
    assert problem.where.name == "double"


@pytest.mark.once
def test_the_type_of_a_number_counts(make_project, lock):
    found = clean_room(make_project(), allowed=lock, examples=[example(answer={"y": 3})])
    assert "float instead of integer" in found.checks[-1].difference


def test_a_module_outside_the_lock_is_not_found(make_project, lock):
    root = make_project(ROOMY, {"service/notebook.py": "import math\nimport numpy as np\n"})
    found = clean_room(root, allowed=lock, examples=[example()])
    assert not found.verified
    assert [check.outcome for check in found.checks] == ["failed", "skipped", "skipped", "skipped"]
    assert found.checks[0].detail == "ModuleNotFoundError: No module named 'numpy'"
    (problem,) = found.problems
    assert "service/notebook.py:2  import numpy as np" in problem.message
    assert "the distribution numpy" in problem.message
    assert problem.hint == "%nb2svc require numpy, then export again"
    assert "numpy" in found.hidden


def test_the_same_module_in_the_lock_is_found(make_project, lock):
    main = (
        HEALTH
        + "\nimport numpy\n@app.post('/double')\ndef double(x: float):\n    return {'y': float(numpy.float64(2) * x)}\n"
    )
    found = clean_room(make_project(main), allowed={*lock, "NumPy"}, examples=[example()])
    assert found.verified
    assert "numpy" in found.imported


def test_an_optional_import_falls_back_as_in_the_container(make_project, lock):
    main = (
        HEALTH
        + """
import importlib.metadata
import importlib.util
try:
    import pandas
except ImportError:
    pandas = None
try:
    version = importlib.metadata.version("pandas")
except importlib.metadata.PackageNotFoundError:
    version = None

@app.get("/optional")
def optional():
    found = importlib.util.find_spec("pandas") is not None
    names = {each.metadata["Name"] for each in importlib.metadata.distributions()}
    return {"pandas": pandas is not None, "found": found, "version": version, "fastapi": "fastapi" in names,
            "numpy": "numpy" in names}
"""
    )
    answer = {"pandas": False, "found": False, "version": None, "fastapi": True, "numpy": False}
    found = clean_room(
        make_project(main), allowed=lock, examples=[example("/optional", answer, name="optional-1", method="GET")]
    )
    assert found.verified, found.checks[-1].difference
    assert "pandas" in found.hidden


def test_it_tells_who_looked_for_what(make_project, lock, tmp_path, monkeypatch):
    """By import, by a library that looks on behalf of its caller, and through entry points."""
    site = tmp_path / "site"
    (site / "lookout-1.0.dist-info").mkdir(parents=True)
    (site / "lookout-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: lookout\nVersion: 1.0\n")
    (site / "lookout-1.0.dist-info" / "RECORD").write_text("lookout.py,,\n")
    (site / "lookout.py").write_text(
        "import importlib\nfrom importlib import metadata\n"
        "def look():\n    for name in ('numpy', 'pandas'):\n"
        "        try:\n            importlib.import_module(name)\n        except ImportError:\n            pass\n"
        "    metadata.entry_points(group='lookout.plugins')\n    list(metadata.distributions())\n"
    )
    monkeypatch.syspath_prepend(str(site))
    main = HEALTH + "\nimport lookout\nlookout.look()\ntry:\n    import scipy\nexcept ImportError:\n    pass\n"
    root = make_project(main)
    sought = clean_room(root, allowed={*lock, "lookout"}, examples=[]).sought
    files, groups = dict(sought.modules), dict(sought.groups)
    assert files["numpy"] == files["pandas"] == (str(site / "lookout.py"),)
    assert files["scipy"] == (str(root.resolve() / "service" / "main.py"),)
    assert groups["lookout.plugins"] == groups[""] == (str(site / "lookout.py"),)


@pytest.mark.parametrize("allowed", [set(), {"nb2svc"}])
def test_nb2svc_itself_can_never_be_imported(make_project, lock, allowed):
    root = make_project(ROOMY, {"service/notebook.py": "import nb2svc\n"})
    found = clean_room(root, allowed=lock | allowed, examples=[example()])
    assert found.checks[0].detail == "ModuleNotFoundError: No module named 'nb2svc'"
    assert "uses nb2svc itself" in found.problems[0].message


def test_the_folder_of_the_notebook_cannot_be_imported(make_project, lock, tmp_path, monkeypatch):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    (folder / "my_features.py").write_text("X = 1\n")
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder)
    found = clean_room(make_project(HEALTH + "\nimport my_features\n"), allowed=lock)
    assert found.checks[0].detail == "ModuleNotFoundError: No module named 'my_features'"
    assert "my_features.py beside the notebook" in found.problems[0].hint


def test_a_loose_file_on_the_path_is_no_distribution(make_project, lock, tmp_path, monkeypatch):
    """Even next to a distribution of the lock, a file that none of them owns is not in the container."""
    site = tmp_path / "site"
    (site / "owned-1.0.dist-info").mkdir(parents=True)
    (site / "owned-1.0.dist-info" / "RECORD").write_text(
        'owned.py,,\n"odd,name/__init__.py",,\nspace/part/__init__.py,,\n'
    )
    (site / "owned-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: owned\nVersion: 1.0\n")
    (site / "owned.py").write_text("X = 1\n")
    (site / "loose.py").write_text("X = 1\n")
    for part in ("part", "other"):
        (site / "space" / part).mkdir(parents=True)
        (site / "space" / part / "__init__.py").write_text("X = 1\n")
    monkeypatch.syspath_prepend(site)
    allowed = {*lock, "owned"}
    fine = clean_room(make_project(HEALTH + "\nimport owned\nimport space.part\n"), allowed=allowed)
    assert fine.problems == ()
    assert {"owned", "space.part"} <= set(fine.imported)
    for module in ("loose", "space.other"):
        found = clean_room(make_project(HEALTH + f"\nimport {module}\n"), allowed=allowed)
        assert found.checks[0].detail == f"ModuleNotFoundError: No module named '{module}'"


def test_what_a_pth_file_imported_is_hidden_too(make_project, lock, tmp_path, monkeypatch):
    site = tmp_path / "site"
    (site / "early-1.0.dist-info").mkdir(parents=True)
    (site / "early-1.0.dist-info" / "RECORD").write_text("early.pth,,\n")
    (site / "early.pth").write_text("import prompt_toolkit\n")
    monkeypatch.syspath_prepend(site)
    found = clean_room(make_project(HEALTH + "\nimport prompt_toolkit\n"), allowed={*lock, "early"})
    assert found.checks[0].detail == "ModuleNotFoundError: No module named 'prompt_toolkit'"


def test_helper_modules_and_files_of_the_project_are_there(make_project, lock):
    main = """
import sys
from pathlib import Path
ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "lib"))
import features
from fastapi import FastAPI
app = FastAPI()

@app.get("/read")
def read():
    texts = [(ROOT / "data" / "a.txt").read_text(), Path("data/a.txt").read_text()]
    return [features.X, *texts, len(list(Path().iterdir()))]
"""
    root = make_project(main, {"lib/features.py": "X = 1\n", "data/a.txt": "text"})
    wanted = example("/read", [1, "text", "text", 1], name="read-1", method="GET")
    found = clean_room(root, allowed=lock, examples=[wanted], included=["data/a.txt"], hidden=[root.parent])
    assert found.verified, found.checks[-1]


def test_files_of_the_notebooks_folder_do_not_exist(make_project, lock, tmp_path):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    (folder / "prices.csv").write_text("1\n")
    main = HEALTH + f"\n@app.get('/read')\ndef read():\n    return open({str(folder / 'prices.csv')!r}).read()\n"
    wanted = example("/read", "1\n", name="read-1", method="GET")
    open_to_all = clean_room(make_project(main), allowed=lock, examples=[wanted], hidden=[])
    assert open_to_all.verified
    found = clean_room(make_project(main), allowed=lock, examples=[wanted], hidden=[folder])
    assert not found.verified
    assert found.concealed == (str(folder / "prices.csv"),)
    (problem,) = found.problems
    assert "prices.csv is not in the service" in problem.message
    assert "%nb2svc include" in problem.hint


@pytest.mark.once
def test_a_declared_variable_may_name_a_file(make_project, lock, tmp_path):
    (tmp_path / "prices.csv").write_text("1\n")
    main = HEALTH + "\nimport os\n@app.get('/read')\ndef read():\n    return open(os.environ['PRICES']).read()\n"
    found = clean_room(
        make_project(main),
        allowed=lock,
        examples=[example("/read", "1\n", name="read-1", method="GET")],
        environment={"PRICES": str(tmp_path / "prices.csv")},
        hidden=[tmp_path],
    )
    assert found.verified, found.problems


def test_the_environment_is_scrubbed_but_for_what_is_declared(make_project, lock, monkeypatch):
    monkeypatch.setenv("UNDECLARED", "1")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    monkeypatch.setenv("PYTHONHASHSEED", "0")
    main = (
        HEALTH
        + """
import os, sys
@app.get("/environment")
def environment():
    home = os.environ.pop("HOME") != "/root"
    names = sorted(name for name in os.environ if not name.startswith(("LC_", "LD_", "__")))
    return [names, home, os.environ["DECLARED"], sys.flags.isolated, sys.argv, "__main__" in sys.modules]
"""
    )
    no_gpu = ["CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ONEAPI_DEVICE_SELECTOR", "ROCR_VISIBLE_DEVICES"]
    wanted = [sorted(["DECLARED", "LANG", "PATH", "TMPDIR", *no_gpu]), True, "yes", 1, ["service"], True]
    found = clean_room(
        make_project(main),
        allowed=lock,
        examples=[example("/environment", wanted, name="environment-1", method="GET")],
        environment={"DECLARED": "yes"},
    )
    assert found.verified, found.checks[-1].difference


# What torch, TensorFlow and JAX ask the driver for: an empty list of devices is none, no list is all there are.
DEVICES = (
    HEALTH
    + """
import os
@app.get("/devices")
def devices():
    return os.environ.get("CUDA_VISIBLE_DEVICES", "all")
"""
)


@pytest.mark.once
@pytest.mark.parametrize(("declared", "seen"), [({}, ""), ({"CUDA_VISIBLE_DEVICES": "0"}, "0")])
def test_there_is_no_gpu_unless_the_service_declares_one(make_project, lock, monkeypatch, declared, seen):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    asked = [example("/devices", seen, name="devices-1", method="GET")]
    found = clean_room(make_project(DEVICES), allowed=lock, examples=asked, environment=declared)
    assert found.verified, found.checks[-1].difference


@pytest.mark.once
def test_what_only_a_gpu_answers_is_told(make_project, lock, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    asked = [example("/devices", "all", name="devices-1", method="GET")]
    found = clean_room(make_project(DEVICES), allowed=lock, examples=asked)
    (problem,) = found.problems
    assert "devices-1 is answered otherwise than in the notebook" in problem.message
    assert "a GPU, which a container has only where it is given one" in problem.hint


@pytest.mark.once
def test_a_missing_variable_is_explained(make_project, lock, manifest):
    notebook = "import os\n\ndef halve(x):\n    return x / float(os.environ['HALF'])\n"
    main = ROOMY + "\napp.post('/halve')(notebook.halve)\n"
    root = make_project(main, {"service/notebook.py": notebook, "nb2svc.json": manifest})
    found = clean_room(root, allowed=lock, examples=[example("/halve?x=1", 0.5, name="halve-1", json=None)])
    (problem,) = found.problems
    assert str(problem.where) == "tiny.ipynb › cell [7] › halve"
    assert "halve-1 fails outside the notebook: KeyError: 'HALF'" in problem.message
    assert "service/notebook.py:4" in problem.message
    assert "%nb2svc env HALF" in problem.hint
    assert found.checks[-1].outcome == "failed"
    assert "expected  200" in found.checks[-1].difference


def test_output_of_user_code_corrupts_nothing(make_project, lock):
    main = (
        DOUBLE
        + """
import os, subprocess, sys
print('{"event": "end", "modules": [], "hidden": {}}')
os.write(1, b"raw \\xff bytes\\n")
sys.__stdout__.write("dunder\\n")
subprocess.run([sys.executable, "-c", "print('child')"], check=True)
print("no line end", end="")
"""
    )
    lines = []
    found = clean_room(
        make_project(main),
        allowed=lock,
        examples=[example()],
        emit=lambda event: lines.append(event.line) if isinstance(event, LogLine) else None,
    )
    assert found.verified
    for said in ('{"event": "end"', "raw \ufffd bytes", "dunder", "child", "no line end"):
        assert said in found.log
    assert "child" in lines


def test_reading_stdin_finds_its_end(make_project, lock):
    found = clean_room(make_project(HEALTH + "\ninput()\n"), allowed=lock)
    assert found.checks[0].detail.startswith("EOFError")


@pytest.mark.once
def test_a_handler_that_hangs_meets_the_deadline(make_project, lock):
    main = (
        DOUBLE
        + """
import threading

@app.post("/hang")
def hang():
    print("hanging")
    threading.Event().wait()
"""
    )
    examples = [example(), example("/hang", name="hang-1"), example(name="double-3")]
    found = clean_room(make_project(main), allowed=lock, examples=examples, timeout=5.0)
    assert [check.outcome for check in found.checks[-3:]] == ["passed", "failed", "skipped"]
    assert found.checks[-2].detail == "nothing came within 5 s"
    (problem,) = found.problems
    assert "at example hang-1" in problem.message
    assert problem.hint
    assert "hanging" in found.log


@pytest.mark.once
def test_an_import_that_hangs_meets_the_deadline(make_project, lock):
    found = clean_room(make_project("import threading\nthreading.Event().wait()\n"), allowed=lock, timeout=2.0)
    assert found.checks[0].detail == "nothing came within 2 s"
    assert "cannot be imported" in found.problems[0].message


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("import os; os._exit(7)", "the interpreter ended with exit code 7"),
        ("import ctypes; ctypes.string_at(0)", "the interpreter ended with exit code -11"),
    ],
)
def test_a_project_that_ends_the_interpreter_is_told(make_project, lock, code, said):
    found = clean_room(make_project(code + "\n"), allowed=lock, examples=[example()])
    assert found.checks[0].detail == said
    assert not found.verified


def test_a_startup_that_fails_is_told(make_project, lock):
    main = """
from contextlib import asynccontextmanager
from fastapi import FastAPI

@asynccontextmanager
async def lifespan(app):
    raise ConnectionRefusedError("no database")
    yield

app = FastAPI(lifespan=lifespan)
"""
    found = clean_room(make_project(main), allowed=lock, examples=[example()])
    assert [check.outcome for check in found.checks] == ["passed", "failed", "skipped", "skipped"]
    assert "ConnectionRefusedError: no database" in found.problems[0].message
    assert "localhost is the container itself" in found.problems[0].message


def test_startup_and_shutdown_run_and_share_their_state(make_project, lock):
    main = """
from contextlib import asynccontextmanager
from fastapi import FastAPI, Request

@asynccontextmanager
async def lifespan(app):
    yield {"words": ["ready"]}
    print("closed")

app = FastAPI(lifespan=lifespan)

@app.get("/words")
async def words(request: Request):
    return request.state.words
"""
    wanted = example("/words", ["ready"], name="words-1", method="GET")
    found = clean_room(make_project(main), allowed=lock, examples=[wanted])
    assert found.verified
    assert "closed" in found.log


@pytest.mark.once
def test_threads_that_never_end_do_not_keep_it(make_project, lock):
    main = DOUBLE + "\nimport threading\nthreading.Thread(target=threading.Event().wait).start()\n"
    found = clean_room(make_project(main), allowed=lock, examples=[example()], timeout=60.0)
    assert found.verified
    assert found.seconds < 50


def test_every_form_of_request_and_answer(make_project, lock):
    main = (
        HEALTH
        + """
from typing import Annotated
from fastapi import File, Form, Request, UploadFile
from fastapi.responses import StreamingResponse

@app.post("/form")
def form(word: Annotated[str, Form()]):
    return word

@app.post("/upload")
async def upload(file: UploadFile, note: Annotated[str, Form()]):
    return [file.filename, file.content_type, note, len(await file.read())]

@app.put("/raw/{name}")
async def raw(name: str, request: Request, q: int):
    return Response((await request.body())[::-1], media_type=request.headers["content-type"])

@app.get("/stream")
def stream():
    return StreamingResponse((f"{n}\\n" for n in range(3)), media_type="application/jsonl")

@app.delete("/nothing", status_code=204)
def nothing() -> None:
    pass
"""
    )
    picture = base64.b64encode(b"\x00\x01\xff").decode()
    file = {"filename": "a ä.png", "content_type": "image/png", "base64": picture}
    flipped = {"status": 200, "content_type": "image/png", "base64": base64.b64encode(b"\xff\x01\x00").decode()}
    examples = [
        example("/form", "ä&b", name="form-1", form={"word": "ä&b"}),
        example("/upload", ["a ä.png", "image/png", "n", 3], name="upload-1", form={"note": "n"}, files={"file": file}),
        example(
            "/raw/%C3%A4?q=1", name="raw-1", method="PUT", response=flipped, base64=picture, content_type="image/png"
        ),
        example(
            "/stream",
            name="stream-1",
            method="GET",
            response={"status": 200, "content_type": "application/jsonl", "text": "0\n1\n2\n"},
        ),
        example(
            "/nothing", name="nothing-1", method="DELETE", response={"status": 204, "content_type": "application/json"}
        ),
    ]
    found = clean_room(make_project(main), allowed=lock, examples=examples)
    assert found.verified, [check for check in found.checks if check.outcome == "failed"]


@pytest.mark.once
def test_examples_are_answered_in_their_order(make_project, lock):
    main = (
        HEALTH
        + "\ncount = 0\n@app.post('/count')\ndef counted():\n    global count\n    count += 1\n    return count\n"
    )
    examples = [example("/count", number, name=f"count-{number}") for number in (1, 2, 3)]
    assert clean_room(make_project(main), allowed=lock, examples=examples).verified


@pytest.mark.once
def test_an_invalid_openapi_document_is_a_problem_of_its_own(make_project, lock):
    main = DOUBLE + "\napp.openapi = lambda: {'openapi': '3.1.0', 'info': {'title': 't', 'version': '1'}}\n"
    found = clean_room(make_project(main), allowed=lock, examples=[example()])
    assert found.verified
    assert [check.outcome for check in found.checks] == ["passed", "passed", "failed", "passed"]
    assert "paths is missing" in found.problems[0].message


@pytest.mark.once
def test_it_adds_little_to_the_imports(make_project, lock):
    """Counted, as what a busy machine takes says nothing: the milliseconds stand in ``bench/notebook.py``."""
    main = "import sys\nprint('loaded before:', len(sys.modules))\n" + DOUBLE
    found = clean_room(make_project(main), allowed=lock, examples=[example()])
    assert int(re.search(r"loaded before: (\d+)", found.log)[1]) < 250  # asyncio and what reads the job
    assert lines_of(lambda: locate({*lock, "scikit-learn", "numpy", "scipy"})) < 60_000  # no RECORD is read


def test_the_child_needs_the_standard_library_only():
    source = Path(nb2svc.smoke.__file__).with_name("clean_room_child.py").read_text()
    names = {
        (node.module if isinstance(node, ast.ImportFrom) else alias.name).partition(".")[0]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    assert names <= set(sys.stdlib_module_names)


@pytest.mark.once
def test_findings_can_be_written(make_project, lock):
    found = clean_room(make_project(), allowed=lock, examples=[example()])
    json.dumps(found.openapi)
