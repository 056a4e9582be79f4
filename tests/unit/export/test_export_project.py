"""The exported project really runs: by itself, without nb2svc, and answers what was recorded."""

import json
import os
import subprocess
import sys
import sysconfig
from dataclasses import replace
from pathlib import Path

import pytest

from nb2svc.errors import ExportError
from nb2svc.export import describe, plan, write
from nb2svc.export.finish import Finish
from nb2svc.values import Definition, Example

pytestmark = pytest.mark.once  # projects in processes of their own

# neither the working tree nor an installed nb2svc may be found
WITHOUT_NB2SVC = """
import importlib.abc, os, sys
class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "nb2svc":
            raise ModuleNotFoundError("nb2svc is not installed here", name=name)
sys.meta_path.insert(0, Refuse())
sys.path.insert(0, os.getcwd())
"""


def isolated(root: Path, code: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess:
    environment = {"PATH": os.environ["PATH"], "REGION": "north", **variables}
    return subprocess.run(
        [sys.executable, "-I", "-c", WITHOUT_NB2SVC + code, *arguments],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def replay(root: Path) -> subprocess.CompletedProcess:
    code = "import pytest; sys.exit(pytest.main(['-q', '-p', 'no:cacheprovider', *sys.argv[1:]]))"
    # Without the plugins of other tests, some of which take longer to import than the project.
    return isolated(root, code, "tests", f"--rootdir={root}", PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")


def undescribed(root: Path) -> Finish:
    """For tests that do not look at the OpenAPI document: making it is another start of the project."""
    return Finish({})


@pytest.fixture(scope="module")
def root(spec, lock, tmp_path_factory):
    target = tmp_path_factory.mktemp("exported") / "iris"
    write(plan(spec, lock), target, finish=undescribed)
    return target


@pytest.fixture(scope="module")
def light_root(light, lock, tmp_path_factory):
    target = tmp_path_factory.mktemp("light") / "iris"
    write(plan(light, lock), target)
    return target


def test_it_replays_its_examples_without_nb2svc(root):
    done = replay(root)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 passed" in done.stdout


def test_its_own_test_notices_another_answer(light, lock, tmp_path):
    told = {
        "$.third: 0.333333333333": {"third": 1 / 3 * (1 + 1e-8)},
        "$.third: 0.3333333333333333, in the notebook 1'": {"third": 1},
        "$: keys ['third'], in the notebook ['third', 'more']": {"third": 1 / 3, "more": None},
        "$: {'third': 0.333333333333": [1 / 3],
    }
    answers = [*told.values(), {"third": 1 / 3 * (1 + 1e-10)}]  # the last one differs in its last bits only
    right = light.examples[1]
    examples = [
        replace(right, name=f"third-{number}", response={**right.response, "json": answer})
        for number, answer in enumerate(answers)
    ]
    write(plan(replace(light, examples=(light.examples[0], *examples)), lock), tmp_path / "iris", finish=undescribed)
    done = replay(tmp_path / "iris")
    assert done.returncode == 1
    assert "4 failed, 3 passed" in done.stdout
    assert [part for part in told if part not in done.stdout] == []
    assert [name for name in ("third-0", "third-1", "third-2", "third-3") if f"{name}] -" not in done.stdout] == []


def test_its_openapi_document_is_the_applications(light_root):
    done = isolated(light_root, "import json\nfrom service.main import app\nprint(json.dumps(app.openapi()))")
    assert done.returncode == 0, done.stderr
    document = json.loads((light_root / "openapi.json").read_text("utf-8"))
    assert document == json.loads(done.stdout)
    assert {"/label", "/third"} == document["paths"].keys()


def test_python_dash_m_service_starts(root):
    done = isolated(
        root, "import runpy; sys.argv = ['service', '--help']; runpy.run_module('service', run_name='__main__')"
    )
    assert done.returncode == 0, done.stderr
    assert "SERVICE_PORT" in done.stdout


def test_a_project_that_cannot_be_imported_is_refused_with_the_cause(with_definition, lock, tmp_path):
    broken = with_definition("broken", "broken = 1 / 0", "statement")
    with pytest.raises(ExportError, match="cannot be imported") as error:
        write(plan(broken, lock), tmp_path / "iris")
    assert "ZeroDivisionError" in error.value.log
    assert "broken = 1 / 0" in error.value.log
    assert list(tmp_path.iterdir()) == []


def test_a_missing_variable_is_no_obstacle_to_describing(light_root, monkeypatch):
    monkeypatch.delenv("REGION", raising=False)
    assert describe(light_root).openapi["info"]["title"] == "iris"


def test_what_the_environment_says_does_not_reach_the_openapi_document(with_definition, lock, tmp_path, monkeypatch):
    monkeypatch.setenv("WEATHER_API_KEY", "correct horse battery")
    leaky = with_definition("Leaky", 'class Leaky(BaseModel):\n    key: str = os.environ["WEATHER_API_KEY"]\n', "class")
    endpoint = replace(leaky.endpoints[0], name="leak", handler="leak", path="/leak")
    handler = Definition(name="leak", kind="function", source="def leak(body: Leaky) -> str:\n    return body.key")
    closure = replace(leaky.closure, definitions=(*leaky.closure.definitions, handler))
    made = plan(replace(leaky, closure=closure, endpoints=(*leaky.endpoints, endpoint)), lock)
    with pytest.raises(
        ExportError, match=r"openapi\.json, line \d+, would hold the value of the secret WEATHER_API_KEY"
    ):
        write(made, tmp_path / "iris")
    assert list(tmp_path.iterdir()) == []


def test_every_form_of_request_and_answer_is_replayed(light, lock, tmp_path):
    sources = {
        "upload": "def upload(file: UploadFile, tag: str = Form()) -> dict:\n"
        "    return {'tag': tag, 'size': len(file.file.read())}",
        "raw": "async def raw(request: Request) -> Response:\n"
        "    return Response(await request.body(), media_type='image/png')",
        "lines": "def lines(n: int):\n    yield from ({'n': i / 3} for i in range(n))",
        "words": "def words(n: int):\n    yield from ('word ' for _ in range(n))",
    }
    definitions = tuple(Definition(name=name, kind="function", source=source) for name, source in sources.items())
    endpoint = light.endpoints[1]
    endpoints = tuple(
        replace(
            endpoint, name=name, handler=name, path=f"/{name}", method="GET" if name in {"lines", "words"} else "POST"
        )
        for name in sources
    )
    file = {"filename": "a.txt", "content_type": "text/plain", "base64": "aGVsbG8="}
    json_answer = {"status": 200, "content_type": "application/json", "json": {"tag": "t", "size": 5}}
    binary = {"status": 200, "content_type": "image/png", "base64": "iVBORw=="}
    forms = (
        ("upload", {"method": "POST", "path": "/upload", "form": {"tag": "t"}, "files": {"file": file}}, json_answer),
        ("raw", {"method": "POST", "path": "/raw", "base64": "iVBORw==", "content_type": "image/png"}, binary),
        ("lines", {"method": "GET", "path": "/lines?n=2"}, {"text": '{"n":0.0}\n{"n":0.3333333333333334}\n'}),
        ("words", {"method": "GET", "path": "/words?n=2"}, {"text": "word word "}),
    )
    closure = replace(
        light.closure,
        definitions=(*light.closure.definitions, *definitions),
        imports=(*light.closure.imports, "from fastapi import Form, Request, Response, UploadFile"),
    )
    first = replace(light, endpoints=endpoints, examples=(), closure=closure)
    write(plan(first, lock), tmp_path / "probe", finish=undescribed)
    types = content_types(tmp_path / "probe", lines="/lines?n=1", words="/words?n=1")
    examples = tuple(
        Example(
            name=name,
            endpoint=name,
            request=request,
            response={"status": 200, "content_type": types.get(name, ""), **response},
        )
        for name, request, response in forms
    )
    write(plan(replace(first, examples=examples), lock), tmp_path / "iris", finish=undescribed)
    done = replay(tmp_path / "iris")
    assert "5 passed" in done.stdout, done.stdout + done.stderr


def content_types(root: Path, **paths: str) -> dict[str, str]:
    code = (
        "import asyncio, httpx, json\nfrom service.main import app\n"
        "async def ask():\n"
        "    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url='http://s') as client:\n"
        f"        answers = {{name: await client.get(path) for name, path in {paths!r}.items()}}\n"
        "    print(json.dumps({name: answer.headers['content-type'] for name, answer in answers.items()}))\n"
        "asyncio.run(ask())"
    )
    done = isolated(root, code)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_wheel_of_nb2svc_exports_the_same_project(spec, lock, tmp_path, snapshot):
    """Templates and runtime are found in an installed wheel as in a checkout."""
    repository = Path(__file__).parents[3]
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=repository,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    site = tmp_path / "site"
    subprocess.run([sys.executable, "-m", "zipfile", "-e", str(wheel), str(site)], check=True)
    job = tmp_path / "job"
    job.write_bytes(__import__("pickle").dumps((spec, lock)))
    code = (
        "import sys; sys.path[:] = [p for p in sys.path if p != ''] ; sys.path.insert(0, sys.argv[1])\n"
        "import pickle, nb2svc\n"
        "assert nb2svc.__file__.startswith(sys.argv[1]), nb2svc.__file__\n"
        "from nb2svc.export import Finish, plan, write\n"
        "spec, lock = pickle.load(open(sys.argv[2], 'rb'))\n"
        "write(plan(spec, lock), sys.argv[3], finish=lambda root: Finish({}))\n"
    )
    installed = tmp_path / "installed"
    subprocess.run([sys.executable, "-I", "-c", code, str(site), str(job), str(installed)], check=True, cwd="/")
    write(plan(spec, lock), tmp_path / "checkout", finish=undescribed)
    assert snapshot(installed) == snapshot(tmp_path / "checkout")
    assert sysconfig.get_paths()["purelib"].encode() not in b"".join(snapshot(installed).values())
