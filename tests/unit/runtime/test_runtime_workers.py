"""Several workers, and a service that is reloaded: real processes under load, whose faults are ours."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import pickle
import re
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from clients import Load
from prometheus_client.parser import text_string_to_metric_families
from served_project import Service, run_to_end, serving, wait_until_exists, write_code

from nb2svc.runtime.manifest import ArtifactEntry, Manifest, ObjectsEntry

MAIN = """
from service import notebook
from service.runtime import create_app, endpoint

app = create_app(on_startup=[notebook.startup])

app.get("/name")(endpoint(notebook.name))
app.get("/work")(endpoint(notebook.work))
"""

NOTEBOOK = """
import os
import time
from pathlib import Path

from service.runtime import load_object

names = load_object("names")


def startup():
    if "ONE_BY_ONE" in os.environ:
        try:
            Path(os.environ["BEGUN"]).touch(exist_ok=False)
        except FileExistsError:
            while not Path(os.environ["RELEASE"]).exists():
                time.sleep(0.01)
    if "FAIL_STARTUP" in os.environ:
        raise RuntimeError("no database")


def name():
    return names[0]


def work():
    time.sleep(0.005)
    return os.getpid()
"""

once = pytest.mark.once  # of each kind of process one test is for every interpreter: workers that are reloaded


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "names"
    write_code(root, MAIN, NOTEBOOK)
    (root / "models").mkdir()
    (root / "temporary").mkdir()
    write_names(root, "first")
    return root


def write_names(root: Path, name: str, *, sha256: str = "") -> None:
    content = pickle.dumps({"names": [name]})
    (root / "models" / "new").write_bytes(content)
    (root / "models" / "new").replace(root / "models" / "names.pkl")
    entry = ArtifactEntry(
        path="models/names.pkl",
        format="pickle",
        sha256=sha256 or hashlib.sha256(content).hexdigest(),
        size=len(content),
        type="builtins.list",
        why="a test",
    )
    objects = (ObjectsEntry(names=("names",), path="models/names.pkl"),)
    (root / "nb2svc.json").write_text(Manifest(name="names", artifacts=(entry,), objects=objects).model_dump_json())


@contextlib.contextmanager
def working(root: Path, workers: int = 2, **settings: str) -> Iterator[Service]:
    service = Service(root, SERVICE_WORKERS=str(workers), TMPDIR=str(root / "temporary"), **settings)
    try:
        wait_for_workers(service, workers)
        yield service
    finally:
        family = family_of(service)
        if service.process.poll() is None:
            service.process.kill()
            service.end()
        psutil.wait_procs(family, 30)


def family_of(service: Service) -> list[psutil.Process]:
    try:
        return psutil.Process(service.process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def wait_for_workers(service: Service, count: int) -> list[int]:
    """Until so many have ever been ready. Their process ids, in the order in which they were."""
    deadline = time.monotonic() + 60
    while len(found := re.findall(r"Worker \d+ \(process (\d+)\) is ready", "\n".join(service.lines))) < count:
        assert time.monotonic() < deadline, service.story
        assert service.process.poll() is None, service.story
        time.sleep(0.01)
    return [int(pid) for pid in found]


def metrics_of(service: Service) -> dict[str, float]:
    """Samples without labels, or summed over them."""
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(httpx.get(f"{service.url}/metrics").text):
        for sample in family.samples:
            found[sample.name] = found.get(sample.name, 0) + sample.value
    return found


def wait_until_ended(pid: int) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(pid).wait(30)


# --- at work ------------------------------------------------------------------------------------


@once
def test_workers_share_the_work_the_metrics_and_the_end(project: Path) -> None:
    with working(project) as service:
        pids = wait_for_workers(service, 2)
        with Load(service.port, "/work", clients=8) as load:
            load.wait_for_more(200)
        assert not load.failures
        answered = [body for status, body in load.answers if status == 200]
        assert len(answered) == len(load.answers)
        assert {int(body) for body in answered} == set(pids)
        assert min(answered.count(str(pid).encode()) for pid in pids) > len(answered) / 8
        for _ in range(4):  # whoever answers
            metrics = metrics_of(service)
            assert metrics["http_requests_total"] == len(answered)
            assert metrics["http_request_duration_seconds_count"] == len(answered)
            assert metrics["http_requests_in_progress"] == 1
            assert metrics["service_info"] == 1
        text = httpx.get(f"{service.url}/metrics").text
        assert text.count("process_start_time_seconds{worker=") == 2
        assert "pid=" not in text  # a gauge that is no sum
        assert len(list((project / "temporary").iterdir())) == 1
        service.process.send_signal(signal.SIGTERM)
        assert service.end() == 0
        assert not any(psutil.pid_exists(pid) for pid in pids)
        assert not list((project / "temporary").iterdir())
    access = [each for each in service.records if each["message"] == "GET /work 200"]
    assert {each["worker"] for each in access} == {1, 2}
    assert f"All 2 workers are ready on {service.url}" in service.story
    assert all("worker" not in each for each in service.records if "is ready" in each["message"])


@once
def test_ready_is_said_when_all_workers_are(project: Path) -> None:
    service = Service(project, SERVICE_WORKERS="2", ONE_BY_ONE="1")
    try:
        wait_for_workers(service, 1)
        with httpx.Client(base_url=service.url) as client:
            answer = client.get("/readyz")
            assert (answer.status_code, answer.json()) == (503, {"status": "starting"})
            assert client.get("/livez").status_code == 200
            (project / "release").touch()
            wait_for_workers(service, 2)
            deadline = time.monotonic() + 30
            while client.get("/readyz").status_code != 200:
                assert time.monotonic() < deadline
        service.process.send_signal(signal.SIGINT)
        assert service.end() == 130
    finally:
        service.process.kill()


@once
@pytest.mark.parametrize("workers", [1, 2])
def test_sigterm_under_load_loses_no_request(project: Path, workers: int) -> None:
    started = serving(project) if workers == 1 else working(project, workers)
    with started as service, Load(service.port, "/work") as load:
        load.wait_for_more(100)
        service.process.send_signal(signal.SIGTERM)
        load.wait_for_the_end()
        assert service.end() == 0
    assert not load.failures
    assert load.refused == 6
    assert {status for status, _ in load.answers} == {200}


# --- faults -------------------------------------------------------------------------------------


@once
def test_a_killed_worker_is_replaced_while_the_others_go_on(project: Path) -> None:
    with working(project) as service:
        first, _ = wait_for_workers(service, 2)
        with Load(service.port, "/work", pause=0.01) as load:
            load.wait_for_more(50)
            os.kill(first, signal.SIGKILL)
            load.wait_for_more(50)
            assert metrics_of(service)["process_open_fds"]
            replaced = wait_for_workers(service, 3)[-1]
            load.wait_for_more(100)
        assert len(load.failures) <= 6  # those that it was answering
        assert {int(body) for _, body in load.answers[-100:]} >= {replaced}
        metrics = metrics_of(service)
        assert abs(metrics["http_requests_total"] - len(load.answers)) <= 6
        assert metrics["http_requests_in_progress"] == 1
        assert httpx.get(f"{service.url}/readyz").status_code == 200
        service.wait_for(f"(process {first}) was killed by signal 9: the next one starts in 0 s.")


@once
def test_workers_end_when_their_supervisor_is_killed(project: Path) -> None:
    with working(project) as service:
        pids = wait_for_workers(service, 2)
        service.process.kill()
        for pid in pids:
            wait_until_ended(pid)
        service.end()
        with socket.socket() as free:
            free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            free.bind(("127.0.0.1", service.port))
        assert not list((project / "temporary").iterdir())


@once
@pytest.mark.parametrize("fault", ["model", "startup"])
def test_what_cannot_start_ends_with_its_error(project: Path, fault: str) -> None:
    settings = {"SERVICE_WORKERS": "2", "SERVICE_LOG_FORMAT": "text"}
    if fault == "model":
        write_names(project, "first", sha256="0" * 64)
    else:
        settings["FAIL_STARTUP"] = "1"
    done = run_to_end(project, SERVICE_PORT="0", **settings)
    assert done.returncode == (1 if fault == "model" else 3)
    assert ("is not what was exported" if fault == "model" else "no database") in done.stdout
    assert re.search(r"Worker \d ended with \d before it was ready", done.stdout)


# --- reload -------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [pytest.param(1, marks=once), 2])
def test_a_reload_serves_what_lies_there_now_and_loses_no_request(project: Path, workers: int) -> None:
    started = serving(project) if workers == 1 else working(project, workers)
    with started as service:
        for name in ("second", "third")[: 3 - workers]:  # what was one process is another after the first
            write_names(project, name)
            with Load(service.port, "/name", clients=4, pause=0.02) as load:
                load.wait_for_more(20)
                service.process.send_signal(signal.SIGHUP)
                deadline = time.monotonic() + 60
                while {body for _, body in load.answers[-30:]} != {json.dumps(name).encode()}:
                    assert time.monotonic() < deadline, service.story
                    time.sleep(0.05)
            assert not load.failures
            assert not load.refused
            assert {status for status, _ in load.answers} == {200}
        assert len(family_of(service)) >= workers
        service.process.send_signal(signal.SIGTERM)
        assert service.end() == 0


@once
@pytest.mark.parametrize("workers", [1, 2])
def test_a_reload_that_fails_leaves_those_at_work(project: Path, workers: int) -> None:
    started = serving(project) if workers == 1 else working(project, workers)
    with started as service:
        write_names(project, "second", sha256="0" * 64)
        with Load(service.port, "/name", clients=2, pause=0.02) as load:
            service.process.send_signal(signal.SIGHUP)
            service.wait_for("before it was ready")
            load.wait_for_more(20)
        assert {body for _, body in load.answers} == {b'"first"'}
        assert not load.failures
        assert any("is not what was exported" in line for line in service.lines)
        service.process.send_signal(signal.SIGTERM)
        assert service.end() == 0


@once
def test_sigterm_during_a_reload_ends_both(project: Path) -> None:
    (project / "begun").touch()
    (project / "release").touch()
    with serving(project, ONE_BY_ONE="1") as service:
        (project / "release").unlink()
        service.process.send_signal(signal.SIGHUP)
        service.wait_for("takes the place of this one")
        wait_until_exists(project / "begun")
        [successor] = family_of(service)
        service.process.send_signal(signal.SIGTERM)
        assert service.end() == 0
        wait_until_ended(successor.pid)
