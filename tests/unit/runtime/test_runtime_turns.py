"""How many threads are at work: by figures, and under an overload of a real server."""

from __future__ import annotations

import http.client
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from nb2svc.runtime.turns import Turns

pytestmark = pytest.mark.once

SERVER = """
import sys, threading
from nb2svc.runtime import Manifest, Settings, create_app, endpoint
from nb2svc.runtime.server import serve

app = create_app(Manifest(name="iris"))
all_in = threading.Barrier(40)

def burn():
    return sum(number & 3 for number in range(200_000))

def together():
    return all_in.wait(60) >= 0

app.get("/burn")(endpoint(burn))
app.get("/together")(endpoint(together))
sys.exit(serve(app, Settings.load()))
"""


def steps(threads: int, count: int, **felt: float) -> int:
    turns = Turns(64)
    for _ in range(count):
        threads = turns.next(threads, **felt)
    return threads


def test_threads_that_compute_become_few_when_the_loop_is_late() -> None:
    assert steps(64, 1, late=0.02, busy=True, waiting=100) == 48
    assert steps(64, 20, late=0.02, busy=True, waiting=100) == 2


def test_threads_that_wait_become_many_when_others_wait_for_them() -> None:
    assert steps(8, 1, late=0.0, busy=False, waiting=1) == 16
    assert steps(2, 9, late=0.5, busy=False, waiting=1) == 64
    assert steps(8, 9, late=0.0, busy=True, waiting=1) == 64  # they compute without Python's lock


def test_without_need_nothing_changes() -> None:
    assert steps(8, 9, late=0.0, busy=False, waiting=0) == 8
    assert steps(8, 9, late=0.007, busy=True, waiting=9) == 8
    assert Turns(2).next(2, late=1.0, busy=True, waiting=9) == 2


# --- a real server ------------------------------------------------------------------------------


@pytest.fixture
def port() -> Iterator[int]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SERVICE_")}
    with socket.create_server(("127.0.0.1", 0)) as listening:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVER],
            env=kept
            | {"SERVICE_FD": str(listening.fileno()), "SERVICE_MAX_CONCURRENCY": "40", "SERVICE_MAX_QUEUE": "8"},
            pass_fds=(listening.fileno(),),
            stdout=subprocess.DEVNULL,
        )
        number = listening.getsockname()[1]
    try:
        assert ask(number, "/livez")[0] == 200
        yield number
    finally:
        process.kill()
        process.wait()


def ask(port: int, path: str) -> tuple[int, float]:
    """Status and seconds, on a new connection."""
    begin = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path)
        status = connection.getresponse().status
    finally:
        connection.close()
    return status, time.perf_counter() - begin


class Clients:
    """So many that ask for ``/burn`` again and again, for a while."""

    def __init__(self, port: int, count: int, seconds: float) -> None:
        self.accepted: list[float] = []
        self.refused = 0
        self._until = time.monotonic() + seconds
        self.seconds = seconds
        self._threads = [threading.Thread(target=self._ask, args=(port,)) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def _ask(self, port: int) -> None:
        while time.monotonic() < self._until:
            status, seconds = ask(port, "/burn")
            if status == 200:
                self.accepted.append(seconds)
            else:
                assert status == 503
                self.refused += 1
                time.sleep(0.2)  # as Retry-After wants it, only sooner

    def wait(self) -> None:
        for thread in self._threads:
            thread.join()


@pytest.mark.once
def test_overload_is_refused_the_rest_answered_and_probes_all_the_while(port: int) -> None:
    """Eight clients fill a processor; 160 ask for more than the 48 that may be in at once."""
    usual = Clients(port, 8, 1.5)
    usual.wait()
    overload = Clients(port, 160, 3.0)
    probes = []
    while len(probes) < 20:
        status, seconds = ask(port, "/livez")
        assert status == 200
        probes.append(seconds)
        time.sleep(0.05)
    overload.wait()
    assert overload.refused
    each = statistics.median(usual.accepted) / 8  # seconds of a processor, the clients' own included
    assert max(overload.accepted) < 48 * each * 20 + 1
    assert len(overload.accepted) / overload.seconds > 0.5 * len(usual.accepted) / usual.seconds
    assert statistics.median(probes) < 0.5 + 5 * each  # where all 40 threads compute it is seconds


@pytest.mark.once
def test_handlers_that_wait_for_each_other_all_get_threads(port: int) -> None:
    statuses: list[int] = []
    threads = [threading.Thread(target=lambda: statuses.append(ask(port, "/together")[0])) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 40
