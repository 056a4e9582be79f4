"""The probe over real uvicorn processes of small projects, each spoiled in one way."""

from __future__ import annotations

import json
import os
import socket
import threading
from dataclasses import replace

import pytest
from served_tiny import served_from, write_project
from tiny_services import DOUBLE, HEALTH, example

from nb2svc.events import Step
from nb2svc.smoke import EngineFacts, probe
from nb2svc.smoke.clean_room import clean_room
from nb2svc.smoke.load import quantile
from nb2svc.values import RunningService

pytestmark = pytest.mark.once  # HTTP and deadlines

CHECKS = [
    "start",
    "health /livez",
    "health /readyz",
    "metrics",
    "openapi",
    "docs",
    "parity double-1",
    "latency",
    "memory",
    "image size",
    "not root",
]


def run(served, examples=(), **options):
    options = {"load_seconds": 0.0, "deadline": 30.0, **options}
    return probe(served.service, examples, logs=served.logs, alive=served.alive, **options)


def outcomes(report):
    return {check.name: check.outcome for check in report.checks}


def check_of(report, name):
    return next(check for check in report.checks if check.name == name)


@pytest.fixture(scope="module")
def doubling(tmp_path_factory):
    """A service that answers well, for all tests that do no more than ask it."""
    folder = tmp_path_factory.mktemp("doubling")
    with served_from(write_project(folder / "tiny"), folder) as served:
        served.wait_until_it_listens()
        yield served


def test_a_service_that_answers_as_recorded_passes(make_project, serve, lock):
    root = make_project()
    (root / "openapi.json").write_text(json.dumps(clean_room(root, allowed=lock).openapi))
    events = []
    facts = EngineFacts(memory_bytes=120_000_000, uid=10001, image_bytes=310_000_000, base_bytes=190_000_000)
    report = run(
        serve(root),
        [example()],
        project=root,
        facts=lambda: facts,
        load_seconds=0.3,
        emit=events.append,
    )
    assert report.passed, report
    assert [check.name for check in report.checks] == CHECKS
    assert {check.outcome for check in report.checks} == {"passed"}
    assert report.startup_seconds is not None
    assert 0 < report.startup_seconds < 30
    assert report.p50_seconds is not None
    assert report.p99_seconds is not None
    assert 0 < report.p50_seconds <= report.p99_seconds < 5
    assert (report.memory_bytes, report.image_bytes, report.logs) == (120_000_000, 310_000_000, "")
    assert check_of(report, "image size").detail == "310 MB, 120 MB above its base"
    assert check_of(report, "openapi").detail == "1 paths, as in the project"
    assert any(isinstance(event, Step) and event.text == "asking double-1" for event in events)


def test_differences_of_every_kind_are_found(doubling):
    expected = {"status": 200, "content_type": "application/json", "json": {"y": 3.0}}
    spoiled = {
        "value-1": {**expected, "json": {"y": 3.1}},
        "type-1": {**expected, "json": {"y": 3}},
        "key-1": {**expected, "json": {"y": 3.0, "z": 1}},
        "status-1": {**expected, "status": 201},
        "kind-1": {**expected, "content_type": "text/plain"},
        "form-1": {"status": 200, "content_type": "application/json", "text": "3.0"},
    }
    examples = [example(name=name, response=response) for name, response in spoiled.items()]
    report = run(doubling, [*examples, example(name="good-1")])
    assert not report.passed
    for name in spoiled:
        check = check_of(report, f"parity {name}")
        assert check.outcome == "failed"
        assert "expected" in check.difference
    assert check_of(report, "parity good-1").outcome == "passed"
    assert check_of(report, "parity value-1").detail == "differs at $.y"
    assert "POST /double" in report.logs


def test_without_examples_parity_is_not_verified(doubling):
    report = run(doubling, load_seconds=1.0)
    assert report.passed
    assert check_of(report, "parity").detail == "not verified: there is no example"
    assert check_of(report, "latency").detail == "there is no example"


def test_what_nobody_knows_is_skipped(doubling):
    report = run(doubling, [example()])
    assert report.passed
    names = {name for name, outcome in outcomes(report).items() if outcome == "skipped"}
    assert names == {"latency", "memory", "image size", "not root"}


def test_a_container_that_runs_as_root_fails(doubling):
    container = replace(doubling, service=replace(doubling.service, engine="docker"))
    report = run(container, [example()], facts=lambda: EngineFacts(uid=0, image_bytes=1))
    assert check_of(report, "not root").outcome == "failed"


def test_each_check_fails_where_its_subject_is_broken(make_project, serve):
    main = """
from fastapi import FastAPI, Response
app = FastAPI(docs_url=None)

@app.get("/livez")
def livez():
    return Response(status_code=503)

@app.get("/readyz")
def readyz():
    return {}

@app.get("/metrics")
def metrics():
    return Response("{not metrics", media_type="text/plain")

app.openapi = lambda: {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}}
"""
    report = run(serve(make_project(main)))
    assert outcomes(report) == {
        "start": "passed",
        "health /livez": "failed",
        "health /readyz": "passed",
        "metrics": "failed",
        "openapi": "failed",
        "docs": "skipped",
        "parity": "skipped",
        "latency": "skipped",
        "memory": "skipped",
        "image size": "skipped",
        "not root": "skipped",
    }


def test_another_openapi_document_than_the_projects_is_a_difference(make_project, serve, lock):
    root = make_project()
    promised = clean_room(root, allowed=lock).openapi
    promised["paths"]["/gone"] = promised["paths"]["/double"]
    (root / "openapi.json").write_text(json.dumps(promised))
    check = check_of(run(serve(root), project=root), "openapi")
    assert check.outcome == "failed"
    assert '$.paths["/gone"]' in check.difference


# --- services that fail -------------------------------------------------------------------------


def test_a_service_that_ends_at_its_start_is_explained(make_project, serve, manifest):
    notebook = "import math\n\ndef halve(x=math.pi):\n    import no_such_module_here\n\n\nhalve()\n"
    root = make_project(
        HEALTH + "\nfrom service import notebook\n", {"service/notebook.py": notebook, "nb2svc.json": manifest}
    )
    report = run(serve(root), [example()], project=root)
    assert outcomes(report) == {"start": "failed", "parity double-1": "skipped"}
    detail = check_of(report, "start").detail
    assert detail.startswith("it ended before it was ready; at tiny.ipynb › cell [7] › halve: service/notebook.py:4")
    assert "the module no_such_module_here is not in the service" in detail
    assert "ModuleNotFoundError" in report.logs
    assert report.startup_seconds is None


def test_the_memory_limit_is_named_when_the_engine_knows(make_project, serve):
    facts = EngineFacts(exit_code=137, oom_killed=True)
    report = run(serve(make_project("import os; os._exit(1)\n")), facts=lambda: facts)
    assert "ran out of memory → give it more: --memory" in check_of(report, "start").detail


def test_a_service_that_is_never_ready_meets_the_deadline(make_project, serve):
    main = """
from fastapi import FastAPI, Response
app = FastAPI()

@app.get("/readyz")
def readyz():
    return Response(status_code=503)
"""
    events = []
    served = serve(make_project(main))
    served.wait_until_it_listens()
    report = run(served, [example()], deadline=1.5, emit=events.append)
    assert outcomes(report) == {"start": "failed", "parity double-1": "skipped"}
    assert check_of(report, "start").detail.startswith("not ready within 1.5 s: /readyz answers 503")
    assert any(isinstance(event, Step) and event.text.startswith("waiting for /readyz") for event in events)


def test_a_handler_that_hangs_meets_its_limit_and_the_others_go_on(make_project, serve):
    main = DOUBLE + "\nimport asyncio\n@app.post('/hang')\nasync def hang():\n    await asyncio.sleep(3600)\n"
    examples = [example("/hang", name="hang-1"), example()]
    report = run(serve(make_project(main)), examples, answer_seconds=1.0)
    assert check_of(report, "parity hang-1").detail == "no answer within 1 s"
    assert check_of(report, "parity double-1").outcome == "passed"


def test_a_stream_without_end_meets_its_limit(make_project, serve):
    main = (
        DOUBLE
        + """
import asyncio
from fastapi.responses import StreamingResponse

@app.get("/endless")
async def endless():
    async def parts():
        while True:
            yield "tick\\n"
            await asyncio.sleep(0.05)
    return StreamingResponse(parts(), media_type="text/plain")
"""
    )
    report = run(serve(make_project(main)), [example("/endless", name="endless-1", method="GET")], answer_seconds=1.0)
    assert "did not end in time" in check_of(report, "parity endless-1").detail


def test_a_service_that_dies_is_told_once(make_project, serve):
    main = (
        DOUBLE + "\nimport os\n@app.post('/die')\ndef die():\n    print('MemoryError', flush=True)\n    os._exit(1)\n"
    )
    examples = [example(), example("/die", name="die-1"), example(name="double-3")]
    report = run(serve(make_project(main)), examples, load_seconds=1.0)
    assert check_of(report, "parity double-1").outcome == "passed"
    died = check_of(report, "parity die-1")
    assert died.outcome == "failed"
    assert "the service has ended; the service ran out of memory" in died.detail
    assert check_of(report, "parity double-3").detail == "the service has ended"
    assert check_of(report, "latency").outcome == "skipped"
    assert "MemoryError" in report.logs


def test_a_service_that_fails_under_load_fails_the_latency(make_project, serve):
    main = (
        HEALTH
        + """
count = 0

@app.post("/double")
def double(x: float) -> dict[str, float]:
    global count
    count += 1
    if count > 3:
        raise RuntimeError("worn out")
    return {"y": 2 * x}
"""
    )
    report = run(serve(make_project(main)), [example()], load_seconds=0.2)
    assert check_of(report, "parity double-1").outcome == "passed"
    check = check_of(report, "latency")
    assert check.outcome == "failed"
    assert "is answered with status 500 instead of 200" in check.detail


def test_a_service_that_was_running_already_has_no_start_time(make_project, serve):
    served = serve(make_project())
    assert run(served).startup_seconds is not None
    again = run(served)
    assert again.startup_seconds is None
    assert check_of(again, "start").detail == "it was running already"
    known = run(served, facts=lambda: EngineFacts(startup_seconds=1.25))
    assert check_of(known, "start").detail == "ready in 1.25 s"


def test_nothing_listens_at_the_url():
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    report = probe(RunningService(name="absent", url=url, engine="url"), [], deadline=0.5)
    assert outcomes(report) == {"start": "failed"}
    assert "not ready within 0.5 s: no answer" in check_of(report, "start").detail


def test_something_else_listens_at_the_url():
    """Answers that are no HTTP at all."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def speak() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.sendall(b"220 mail ready\r\n")

        thread = threading.Thread(target=speak)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        report = probe(RunningService(name="mail", url=url, engine="url"), [], deadline=0.5)
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
    assert outcomes(report) == {"start": "failed"}


def test_proxies_of_the_environment_are_not_asked(doubling, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert run(doubling, [example()]).passed
    assert os.environ["HTTP_PROXY"]


@pytest.mark.parametrize(
    ("values", "share", "wanted"),
    [
        ([], 0.5, None),
        ([1.0], 0.99, 1.0),
        ([3.0, 1.0, 2.0], 0.5, 2.0),
        (list(range(1, 101)), 0.5, 50),
        (list(range(1, 101)), 0.99, 99),
        (list(range(1, 5)), 0.99, 4),
    ],
)
def test_quantiles_are_of_nearest_rank(values, share, wanted):
    assert quantile(values, share) == wanted
