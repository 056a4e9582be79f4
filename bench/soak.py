"""Does a service stay as it is under load? ``python bench/soak.py PROJECT [--seconds 300] [--load 0.8]``.

The recorded examples of an exported project are asked again and again, first as fast as it goes, to see how many it
answers, then that often times ``--load``. Every answer is compared with the recorded one, and the memory of the server
is read each second. The exit status is 1 where an answer is wrong or missing, or where memory
grows: the median of the last fifth of the time more than 3 % above that of the second one.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

CONNECTIONS = 16
CAPACITY_SECONDS = 5.0
GROWTH = 1.03


@dataclass
class Exchange:
    method: str
    path: str
    body: bytes
    answer: Any


@dataclass
class Tally:
    seconds: list[float] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


def exchanges(project: Path) -> list[Exchange]:
    """The recorded ones that are JSON both ways."""
    recorded = [json.loads(path.read_bytes()) for path in sorted((project / "examples").glob("*.json"))]
    return [
        Exchange(
            each["request"]["method"],
            each["request"]["path"],
            json.dumps(each["request"]["json"]).encode(),
            each["response"]["json"],
        )
        for each in recorded
        if "json" in each["request"] and "json" in each["response"]
    ]


@contextlib.contextmanager
def served(project: Path) -> Iterator[tuple[int, psutil.Process]]:
    """The port and the process of a service that is ready."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    variables = {**os.environ, "SERVICE_PORT": str(port), "SERVICE_LOG_LEVEL": "warning"}
    process = subprocess.Popen([sys.executable, "-m", "service"], cwd=project, env=variables)
    try:
        while True:
            with contextlib.suppress(OSError):
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
                connection.request("GET", "/readyz")
                if connection.getresponse().status == 200:
                    break
            assert process.poll() is None, "the service has ended"
            time.sleep(0.1)
        yield port, psutil.Process(process.pid)
    finally:
        process.terminate()
        assert process.wait(60) == 0


def ask(port: int, asked: list[Exchange], rate: float | None, seconds: float) -> Tally:
    """``rate`` requests a second in all for so long, or as many as can be."""
    tally, begin = Tally(), time.monotonic()

    def client(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        count = 0
        while (now := time.monotonic() - begin) < seconds:
            due = (count * CONNECTIONS + number) / rate if rate else now
            if due > now:
                time.sleep(due - now)
            trouble, taken = _trouble(connection, asked[(count + number) % len(asked)])
            count += 1
            with tally.lock:
                tally.seconds.append(taken)
                if trouble:
                    tally.troubles.append(trouble)

    clients = [threading.Thread(target=client, args=(number,)) for number in range(CONNECTIONS)]
    for each in clients:
        each.start()
    for each in clients:
        each.join()
    return tally


def _trouble(connection: http.client.HTTPConnection, asked: Exchange) -> tuple[str, float]:
    """What is wrong with the answer, "" for nothing; and the seconds it took."""
    begin = time.perf_counter()
    try:
        connection.request(asked.method, asked.path, asked.body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        content = answer.read()
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        return f"{asked.path}: {error!r}", time.perf_counter() - begin
    taken = time.perf_counter() - begin
    right = answer.status < 300 and _alike(json.loads(content), asked.answer)
    return "" if right else f"{asked.path}: {answer.status} {content[:200]!r}", taken


def _alike(one: Any, other: Any) -> bool:
    """Equal, numbers to a relative 1e-9: as the project's own tests compare."""
    if isinstance(one, float) or isinstance(other, float):
        return (
            isinstance(one, (int, float)) and isinstance(other, (int, float)) and abs(one - other) <= 1e-9 * abs(other)
        )
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_alike, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(one[key], other[key]) for key in one)
    return bool(one == other)


def watch(process: psutil.Process, until: threading.Event) -> list[int]:
    """Bytes in memory, each second."""
    found = []
    while not until.wait(1.0):
        found.append(sum(each.memory_info().rss for each in (process, *process.children(recursive=True))))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("project", type=Path)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--load", type=float, default=0.8, help="share of what the service can answer (default: 0.8)")
    options = parser.parse_args()
    asked = exchanges(options.project)
    assert asked, "no example of the project is JSON"
    with served(options.project) as (port, process):
        capacity = len(ask(port, asked, None, CAPACITY_SECONDS).seconds) / CAPACITY_SECONDS
        memory: list[int] = []
        over = threading.Event()
        watcher = threading.Thread(target=lambda: memory.extend(watch(process, over)))
        watcher.start()
        tally = ask(port, asked, capacity * options.load, options.seconds)
        over.set()
        watcher.join()
    return report(capacity, tally, memory, options.seconds)


def report(capacity: float, tally: Tally, memory: list[int], seconds: float) -> int:
    fifth = max(1, len(memory) // 5)
    before, after = statistics.median(memory[fifth : 2 * fifth]), statistics.median(memory[-fifth:])
    times = sorted(tally.seconds)
    print(
        f"capacity {capacity:,.0f} requests/s; then {len(times):,} in {seconds:.0f} s ({len(times) / seconds:,.0f}/s)"
    )
    print(f"p50 {times[len(times) // 2] * 1000:.1f} ms, p99 {times[len(times) * 99 // 100] * 1000:.1f} ms")
    print(f"memory {before / 2**20:.1f} → {after / 2**20:.1f} MiB ({after / before - 1:+.1%})")
    print(f"wrong or missing: {len(tally.troubles)}", *tally.troubles[:3], sep="\n  ")
    return 1 if tally.troubles or after > before * GROWTH else 0


if __name__ == "__main__":
    sys.exit(main())
