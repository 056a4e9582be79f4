"""Ten times more requests than a service can answer: ``python bench/overload.py [HANDLER …] [--times 10]``.

Three handlers in turn: one that computes in Python and so holds its lock, one that computes outside of it (NumPy), and
one that only waits. For each, first as many requests a second are answered as can be (clients that ask again when they
have their answer), then ``--times`` as many are sent, whether or not anything is answered: each at its own moment, as
strangers send them. Meanwhile a process of its own asks ``/livez`` twenty times a second, each time on a new
connection, as an orchestrator does. The server has one processor, what asks it another.

Goals: nine tenths of the peak are still answered; those accepted wait no longer than the queue is long; the rest get
503 at once; ``/livez`` answers within 0.1 s. The exit status is 1 where one of them is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

CLIENTS = 32  # that ask again and again while the peak is looked for
PROBE_SECONDS = 0.05
GOODPUT, HEALTH_SECONDS = 0.9, 0.1  # the goals
QUEUE = 64 + 256  # requests at work and waiting: the service's defaults

SERVER = """
import sys, time
import numpy as np
from nb2svc.runtime import Manifest, Settings, create_app, endpoint
from nb2svc.runtime.server import serve

app = create_app(Manifest(name="overload"))
matrix = np.random.default_rng(0).random((500, 500))

def python():
    return sum(number & 3 for number in range(100_000))

def numpy():
    return float((matrix @ matrix)[0, 0])

def wait():
    return time.sleep(0.5) is None

for handler in (python, numpy, wait):
    app.get("/" + handler.__name__)(endpoint(handler))
sys.exit(serve(app, Settings.load()))
"""

PROBE = """
import http.client, json, select, sys, time

port, pause = int(sys.argv[1]), float(sys.argv[2])
seconds = []
while not select.select([sys.stdin], [], [], pause)[0]:  # until it is closed
    begin = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/livez")
    assert connection.getresponse().status == 200
    connection.close()
    seconds.append(time.perf_counter() - begin)
print(json.dumps(seconds))
"""


@dataclass
class Tally:
    """What became of the requests: seconds of those that were answered, and how many had another status."""

    seconds: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)

    def add(self, status: int, seconds: float) -> None:
        if status == 200:
            self.seconds.append(seconds)
        elif status == 503:
            self.refused.append(seconds)
        else:
            self.others[str(status)] += 1


class Pool:
    """Connections that are kept for the next request."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def ask(self, path: str, tally: Tally) -> None:
        begin = time.perf_counter()
        try:
            reader, writer = self._free.pop() if self._free else await asyncio.open_connection("127.0.0.1", self._port)
            writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
            await reader.readexactly(int(fields[b"content-length"]))
        except (OSError, asyncio.IncompleteReadError) as error:
            tally.others[type(error).__name__] += 1
            return
        tally.add(int(head[9:12]), time.perf_counter() - begin)
        if fields.get(b"connection") == b"close":
            writer.close()
        else:
            self._free.append((reader, writer))

    def close(self) -> None:
        for _, writer in self._free:
            writer.close()


async def peak(port: int, path: str, seconds: float) -> float:
    """Answers a second for clients that wait for theirs."""
    pool, tally = Pool(port), Tally()
    until = time.perf_counter() + seconds

    async def client() -> None:
        while time.perf_counter() < until:
            await pool.ask(path, tally)

    begin = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(CLIENTS if path != "/wait" else 64)))
    pool.close()
    return len(tally.seconds) / (time.perf_counter() - begin)


async def overload(port: int, path: str, rate: float, seconds: float) -> tuple[Tally, float, list[float]]:
    """``rate`` requests a second. What became of them, until when the last was answered, and how long /livez took."""
    pool, tally = Pool(port), Tally()
    probe = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROBE, str(port), str(PROBE_SECONDS)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    begin = time.perf_counter()
    tasks = []
    sent = 0
    while (now := time.perf_counter() - begin) < seconds:
        while sent < now * rate:
            tasks.append(asyncio.create_task(pool.ask(path, tally)))
            sent += 1
        await asyncio.sleep(0.002)
    await asyncio.gather(*tasks)
    end = time.perf_counter() - begin
    probes, _ = await probe.communicate(b"")
    pool.close()
    return tally, end, json.loads(probes)


@contextlib.contextmanager
def served() -> Iterator[int]:
    """The port of a server that answers."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listening:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SERVICE_")}
        variables = {**kept, "SERVICE_FD": str(listening.fileno()), "SERVICE_LOG_LEVEL": "warning"}
        variables |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        process = subprocess.Popen([sys.executable, "-c", SERVER], env=variables, pass_fds=(listening.fileno(),))
        port = listening.getsockname()[1]
    if len(cores) > 1:
        os.sched_setaffinity(process.pid, cores[:1])
        os.sched_setaffinity(0, cores[1:2])
    try:
        yield port
    finally:
        process.terminate()
        assert process.wait(60) == 0


def _percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else 0.0


async def measure(port: int, path: str, times: float, seconds: float) -> bool:
    """Print what one handler gives. Whether the goals are met."""
    await peak(port, path, 1.0)  # warm
    best = await peak(port, path, max(seconds / 2, 2.0))
    tally, end, probes = await overload(port, path, best * times, seconds)
    goodput, longest = len(tally.seconds) / end, max(probes)
    bound = QUEUE / best
    waited = _percentile(tally.seconds, 0.99)
    print(
        f"{path[1:]}: peak {best:,.0f}/s; {times:g} times as many sent: {goodput:,.0f}/s answered"
        f" ({goodput / best:.0%}),"
        f" p50 {_percentile(tally.seconds, 0.5):.2f} s, p99 {waited:.2f} s (the queue takes {bound:.2f} s);"
        f" {len(tally.refused):,} refused, p99 {_percentile(tally.refused, 0.99) * 1000:.0f} ms;"
        f" /livez p50 {_percentile(probes, 0.5) * 1000:.0f} ms, longest {longest * 1000:.0f} ms"
        + (f"; others: {dict(tally.others)}" if tally.others else ""),
        flush=True,
    )
    return goodput >= GOODPUT * best and waited <= bound * 1.5 + 0.5 and longest <= HEALTH_SECONDS and not tally.others


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("handlers", nargs="*", default=["python", "numpy", "wait"], help="python, numpy, wait; or some")
    parser.add_argument("--times", type=float, default=10.0, help="so many times the peak are sent (default: 10)")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long (default: 10)")
    options = parser.parse_args()
    with served() as port:
        met = [asyncio.run(measure(port, f"/{name}", options.times, options.seconds)) for name in options.handlers]
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
