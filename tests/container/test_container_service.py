"""A container of a project, run as nb2svc runs it."""

from __future__ import annotations

import threading
import time

import psutil
import pytest

from nb2svc import engine as engines
from nb2svc.engine.ready import is_ready
from nb2svc.errors import EngineError, StartError, UsageError


def container_of(engine, service):
    return engine._connection.client.containers.get(service.id)


def test_it_answers_as_the_notebook_did(service, call):
    assert call(service, "POST", "/price?net=100") == (200, {"gross": 120.0})
    assert service.url.startswith("http://127.0.0.1:")


def test_it_is_no_root_may_write_nothing_but_tmp_and_has_no_capability(engine, service, call):
    stats = engine.stats(service)
    assert stats.running
    assert stats.uid == 65532
    assert 10_000_000 < stats.memory_bytes < 2_000_000_000
    assert call(service, "POST", "/write?path=/app/x") == (200, {"error": "OSError"})
    assert call(service, "POST", "/write?path=/tmp/x") == (200, {"error": ""})
    _, said = container_of(engine, service).exec_run(["cat", "/proc/1/status"])
    status = dict(line.split(":\t", 1) for line in said.decode().splitlines() if ":\t" in line)
    assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0
    assert status["NoNewPrivs"] == "1"


def test_its_health_check_turns_healthy(engine, service):
    container = container_of(engine, service)
    check = container.attrs["Config"]["Healthcheck"]["Test"]
    assert container.exec_run(check[1:]).exit_code == 0  # what the engine runs every ten seconds
    deadline = time.monotonic() + 60
    while container.attrs["State"]["Health"]["Status"] == "starting" and time.monotonic() < deadline:
        time.sleep(0.5)
        container.reload()
    assert container.attrs["State"]["Health"]["Status"] == "healthy"


def test_sigterm_lets_a_request_in_flight_finish_and_ends_with_0(engine, service, call):
    answers = []
    asking = threading.Thread(target=lambda: answers.append(call(service, "GET", "/slow?seconds=2")))
    asking.start()
    container = container_of(engine, service)
    wait_for(lambda: connections_to(service))
    container.kill("SIGTERM")
    asking.join(30)
    assert answers == [(200, {"slept": 2.0})]
    assert container.wait(timeout=30)["StatusCode"] == 0
    stats = engine.stats(service)
    assert (stats.running, stats.exit_code) == (False, 0)


def connections_to(service):
    """The established ones of this process: the request is on its way, or in the handler."""
    port = int(service.url.rpartition(":")[2])
    held = psutil.Process().net_connections()
    return [each for each in held if each.status == psutil.CONN_ESTABLISHED and each.raddr and each.raddr.port == port]


def wait_for(happened, seconds=20):
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_it_is_found_again_by_another_process(engine, service):
    other = engines.get("docker")
    assert service in other.running()
    assert service in engines.running()
    assert "startup complete" in other.logs(service, tail=5)


def test_a_second_one_gets_a_name_and_a_port_of_its_own(engine, service, image):
    second = engine.start(image.reference, engines.RunOptions(name=service.name))
    try:
        assert second.name == f"{service.name}-2"
        assert second.url != service.url
        assert is_ready(second.url)
    finally:
        engine.stop(second, grace=1)
    assert second not in engine.running()


def test_limits_reach_the_container(engine, image, token):
    service = engine.start(image.reference, engines.RunOptions(name=f"limits-{token}", memory="512m", cpus=0.5))
    try:
        host = container_of(engine, service).attrs["HostConfig"]
        assert (host["Memory"], host["MemorySwap"], host["NanoCpus"]) == (512 << 20, 512 << 20, 500_000_000)
        assert host["ReadonlyRootfs"]
        assert host["PortBindings"]["8000/tcp"][0]["HostIp"] == "127.0.0.1"
    finally:
        engine.stop(service, grace=1)


def test_its_log_is_followed_to_its_end(engine, image, token):
    service = engine.start(image.reference, engines.RunOptions(name=f"follow-{token}"))
    lines = engine.follow(service)
    assert next(lines)
    container_of(engine, service).kill("SIGTERM")
    assert [line for line in lines if "shutdown complete" in line.lower()]
    engine.stop(service)


def test_one_that_ends_at_once_is_an_error_with_its_log_and_leaves_nothing(engine, image, token):
    options = engines.RunOptions(
        name=f"broken-{token}",
        env={"SERVICE_LOG_LEVEL": "wrong"},
        explain=lambda log, code: f"exit {code}: {len(log) > 0}",
    )
    with pytest.raises(StartError, match="ended before it was ready") as failed:
        engine.start(image.reference, options)
    assert "SERVICE_LOG_LEVEL" in failed.value.log
    assert failed.value.hint == "exit 1: True"
    names = {each.name for each in engine._connection.client.containers.list(all=True)}
    assert f"nb2svc-broken-{token}" not in names


def test_what_cannot_be_run_says_why(engine, project):
    with pytest.raises(UsageError, match="no image nb2svc-test-none"):
        engine.start("nb2svc-test-none", engines.RunOptions())
    with pytest.raises(UsageError, match="has none yet"):
        engine.start(project, engines.RunOptions())


def test_a_port_that_is_taken_says_so(engine, service, image):
    taken = int(service.url.rpartition(":")[2])
    with pytest.raises(UsageError, match=f"Port {taken} of 127.0.0.1 is taken"):
        engine.start(image.reference, engines.RunOptions(port=taken))


def test_a_container_that_was_removed_meanwhile(engine, image, token):
    service = engine.start(image.reference, engines.RunOptions(name=f"removed-{token}"))
    container_of(engine, service).remove(force=True)
    assert not engine.stats(service).running
    with pytest.raises(EngineError, match="is gone"):
        engine.logs(service)
    engine.stop(service)
