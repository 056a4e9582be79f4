"""Several workers in a container, which may write nothing but /tmp and has no capability: faults under load."""

from __future__ import annotations

import re
import time

import pytest
from clients import Load

from nb2svc import engine as engines

CLIENTS = 6


@pytest.fixture
def workers(engine, image, token):
    """A running container with two of them."""
    options = engines.RunOptions(name=f"test-workers-{token}", env={"SERVICE_WORKERS": "2"})
    running = engine.start(image.reference, options)
    yield running
    engine.stop(running, grace=1)


@pytest.fixture
def container(engine, workers):
    return engine._connection.client.containers.get(workers.id)


def ready_workers(container, count):
    """Until so many have ever been ready. Their process ids in the container, in the order in which they were."""
    deadline = time.monotonic() + 60
    while len(found := re.findall(r"Worker \d+ \(process (\d+)\) is ready", container.logs().decode())) < count:
        assert time.monotonic() < deadline, container.logs().decode()
        time.sleep(0.1)
    return found


def asked(service):
    port = int(service.url.rpartition(":")[2])
    return Load(port, "/slow?seconds=0.005", CLIENTS, pause=0.01)


def test_a_killed_worker_is_replaced_while_the_other_goes_on(container, workers, call):
    first, _ = ready_workers(container, 2)
    with asked(workers) as load:
        load.wait_for_more()
        killed = container.exec_run(["python", "-c", f"import os, signal; os.kill({first}, signal.SIGKILL)"])
        assert killed.exit_code == 0, killed.output
        load.wait_for_more()
        ready_workers(container, 3)
        load.wait_for_more()
    assert {status for status, _ in load.answers} == {200}
    assert len(load.failures) <= CLIENTS  # what it was answering
    assert call(workers, "GET", "/readyz")[0] == 200
    container.reload()
    assert container.attrs["State"]["Running"]


def test_a_reload_loses_no_request(container, workers):
    before = ready_workers(container, 2)
    with asked(workers) as load:
        load.wait_for_more()
        container.kill("SIGHUP")
        after = ready_workers(container, 4)[2:]
        load.wait_for_more()
    assert not load.failures
    assert {status for status, _ in load.answers} == {200}
    assert not set(before) & set(after)
