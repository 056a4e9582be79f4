"""A project as a process: a real one, in a real environment that uv makes."""

from __future__ import annotations

import concurrent.futures
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psutil
import pytest

from nb2svc import engine as engines
from nb2svc.engine import RunOptions
from nb2svc.engine.process import ProcessEngine
from nb2svc.engine.ready import is_ready
from nb2svc.errors import StartError, UsageError
from nb2svc.events import Step

pytestmark = pytest.mark.once  # processes are the system's


@pytest.fixture
def engine():
    engine = ProcessEngine()
    yield engine
    for service in engine.running():
        engine.stop(service, grace=0.1)


def ask(service):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{service.url}/", timeout=10) as answer:
        return json.load(answer)


def test_it_runs_in_its_own_environment_and_sees_nothing_of_the_users_shell(engine, project, monkeypatch):
    monkeypatch.setenv("NOT_DECLARED", "of the shell")
    monkeypatch.setenv("PYTHONPATH", "/of/the/shell")
    monkeypatch.setenv("DECLARED", "a value")
    service = engine.start(project, RunOptions(env={"GIVEN": "another"}))
    found = ask(service)
    assert found["cwd"] == str(project.root)
    assert Path(found["prefix"]).is_relative_to(os.environ["XDG_CACHE_HOME"])
    environment = found["environment"]
    assert (environment["DECLARED"], environment["GIVEN"]) == ("a value", "another")
    assert not {"NOT_DECLARED", "PYTHONPATH", "XDG_CACHE_HOME"} & set(environment)
    assert service.url == f"http://127.0.0.1:{environment['SERVICE_PORT']}"
    assert not any("site-packages" in path and "nbvenv" in path for path in found["path"])
    assert not list(project.root.rglob("__pycache__"))


def test_what_it_takes_and_what_it_says(engine, project):
    service = engine.start(project, RunOptions())
    stats = engine.stats(service)
    assert stats.running
    assert stats.uid == os.geteuid()
    assert stats.memory_bytes > 1_000_000
    ask(service)
    assert engine.logs(service).startswith("started\n")
    assert len(engine.logs(service, tail=1).splitlines()) == 1


def test_stop_ends_it_well(engine, project):
    service = engine.start(project, RunOptions())
    process = psutil.Process(int(service.id))
    engine.stop(service)
    assert not process.is_running()
    assert engine.running() == []
    assert not engine.stats(service).running
    engine.stop(service)  # once more changes nothing


def test_one_that_does_not_listen_to_sigterm_is_killed(engine, project):
    service = engine.start(project, RunOptions(env={"DEAF": "1"}))
    process = psutil.Process(int(service.id))
    begin = time.monotonic()
    engine.stop(service, grace=0.3)
    assert time.monotonic() - begin >= 0.3
    assert not process.is_running()


def test_another_process_finds_and_stops_it(engine, project):
    service = engine.start(project, RunOptions())
    code = "from nb2svc import engine; e = engine.get('process'); [e.stop(s) for s in e.running()]; print(e.running())"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
    assert not engine.stats(service).running
    assert engine.running() == []


def test_a_process_number_that_is_somebody_elses_by_now_is_not_ours(engine, project):
    from dataclasses import replace

    from nb2svc.engine import records

    service = engine.start(project, RunOptions())
    record = records.load(service.name)
    engine.stop(service)
    ours = os.getpid()
    records.save(replace(record, process=ours, service=replace(service, id=str(ours))))
    assert engine.running() == []
    engine.stop(replace(service, id=str(ours)))  # must not end this very test


def test_two_at_once_have_names_and_ports_of_their_own(engine, project):
    first = engine.start(project, RunOptions())
    second = engine.start(project, RunOptions())
    assert [service.name for service in engine.running()] == ["tiny", "tiny-2"]
    assert first.url != second.url


def test_one_that_ends_at_once_is_an_error_with_its_log(engine, project):
    with pytest.raises(StartError, match=r"tiny ended before it was ready \(exit code 1\)") as failed:
        engine.start(
            project, RunOptions(env={"BROKEN": "1"}, explain=lambda log, code: f"{code}: {log.splitlines()[-1]}")
        )
    assert "RuntimeError: cannot start" in failed.value.log
    assert failed.value.hint == "1: RuntimeError: cannot start"
    assert engine.running() == []


def test_one_that_is_never_ready_is_stopped(engine, project):
    said = []
    with pytest.raises(StartError, match=r"not ready within 1\.2 s"):
        engine.start(project, RunOptions(wait=1.2, env={"NEVER_READY": "1"}), emit=said.append)
    assert engine.running() == []
    assert any("waiting for tiny" in event.text for event in said if isinstance(event, Step))


def test_without_a_wait_it_is_only_started(engine, project):
    service = engine.start(project, RunOptions(wait=0, env={"NEVER_READY": "1"}))
    assert engine.stats(service).running


def test_its_log_is_followed_to_its_end(engine, project):
    service = engine.start(project, RunOptions())
    lines = engine.follow(service)
    assert next(lines) == "started"
    os.kill(int(service.id), signal.SIGTERM)
    assert all("GET /readyz" in line for line in lines)  # and it ends


@pytest.mark.parametrize("options", [RunOptions(memory="1g"), RunOptions(cpus=1.0)])
def test_limits_need_a_container(engine, project, options):
    with pytest.raises(UsageError, match="cannot limit"):
        engine.start(project, options)


def test_an_image_needs_a_container(engine):
    with pytest.raises(UsageError, match="runs projects, not images"):
        engine.start("iris:latest", RunOptions())


def test_auto_takes_it_where_no_docker_answers_and_says_why(monkeypatch, tmp_path):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    said = []
    begin = time.monotonic()
    engine = engines.get("auto", emit=said.append)
    assert time.monotonic() - begin < 30  # a client that tried again and again would take a minute
    assert engine.name == "process"
    assert "No Docker engine answers" in said[-1].summary


def test_there_are_four_names():
    with pytest.raises(UsageError, match="no engine 'kubernetes'") as failed:
        engines.get("kubernetes")
    assert "auto, docker, podman, process" in failed.value.hint


def test_services_that_start_at_the_same_moment_get_names_of_their_own(engine, project):
    engine.start(project, RunOptions())  # the environment is there
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        started = list(pool.map(lambda _: ProcessEngine().start(project, RunOptions()), range(4)))
    try:
        assert len({service.name for service in started}) == len({service.url for service in started}) == 4
        assert all(is_ready(service.url) for service in started)
    finally:
        for service in engine.running():
            engine.stop(service)
