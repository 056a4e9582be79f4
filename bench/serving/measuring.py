"""The run: every server started, asked and stopped in turn, round after round."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from answers import Checker, SameBytes
from environments import UnavailableError
from figures import Missing, Point, Start
from load import Checks, drive
from roster import FLOOR, OURS, Server, Target
from servers import Launch, Running, WrongAnswerError, ask, free_ports, started
from workloads import Asked, Workload

FLOOR_ANSWER = b'{"probabilities":[0.0,0.5,0.5]}'
_REFUSALS = range(400, 500)


@dataclass(frozen=True)
class Plan:
    """What is measured, and how long."""

    servers: Sequence[Server]
    workloads: Sequence[Workload]
    connections: Sequence[int]
    seconds: float  # of each load, after its warm-up
    warm: float  # at least that long
    rounds: int
    server_cpu: int


@dataclass(frozen=True)
class Prepared:
    """What must be there before anything is measured."""

    bins: Mapping[tuple[str, str], Path]  # by server and workload: the programs of its environment
    projects: Mapping[str, Path]  # by workload: what `nb2svc export` wrote
    models: Mapping[str, Path]  # by workload: the model's file, the same for all
    asked: Mapping[str, Asked]
    scratch: Path  # for logs, and for what servers write


@dataclass
class Found:
    """All that a run has measured."""

    points: list[Point]
    starts: list[Start]
    missing: list[Missing]


@dataclass(frozen=True)
class Measuring:
    """One run under way; ``say`` takes lines about how far it is."""

    plan: Plan
    prepared: Prepared
    found: Found
    say: Callable[[str], None]

    def run(self) -> None:
        """Fill ``found``. Each round goes through all servers: what else the machine does falls on all alike."""
        for number in range(self.plan.rounds):
            turn = number % max(1, len(self.plan.servers))
            for workload in self.plan.workloads:
                for server in (*self.plan.servers[turn:], *self.plan.servers[:turn]):
                    if not self._is_missing(server, workload, ""):
                        self.say(f"round {number + 1}: {workload.number}, {server.title}")
                        self._one_server(server, workload)

    def _is_missing(self, server: Server, workload: Workload, target: str) -> bool:
        what = (server.name, workload.name, target)
        return any((one.server, one.workload, one.target) == what for one in self.found.missing)

    def _lacks(self, server: Server, workload: Workload, target: str, why: str, *, wrong: bool = False) -> None:
        if not self._is_missing(server, workload, target):
            self.found.missing.append(Missing(server.name, workload.name, target, why, wrong))
            self.say(f"    {target or server.title} is left out: {why}")

    def _one_server(self, server: Server, workload: Workload) -> None:
        """One start of one server, and all loads of it. What it cannot do is told in ``found.missing``."""
        asked = self.prepared.asked[workload.name]
        targets = [_Asking(target, asked, server.name == FLOOR) for target in server.targets[workload.name]]
        try:
            with self._running(server, workload, targets[0]) as running:
                for each in targets:
                    refusal = None if each is targets[0] else each.refusal(running.port)
                    if refusal:
                        self._lacks(server, workload, each.target.name, refusal)
                    else:
                        self._loads(server, workload, each, running)
                start = Start(server.name, workload.name, running.first_answer, running.memory())
                self.found.starts.append(start)
                self.say(f"    first answer after {start.seconds:.2f} s, {start.memory / 1e6:.0f} MB")
        except UnavailableError as error:
            self._lacks(server, workload, "", str(error), wrong=isinstance(error, WrongAnswerError))
        except psutil.NoSuchProcess:
            self._lacks(server, workload, "", "it ended under load")

    @contextlib.contextmanager
    def _running(self, server: Server, workload: Workload, first: _Asking) -> Iterator[Running]:
        prepared = self.prepared
        port, other = free_ports(2)
        programs = prepared.bins[server.name, workload.name]
        words: dict[str, Any] = {
            "bin": programs, "workload": workload.name, "model": prepared.models[workload.name],
            "port": port, "other": other, "scratch": prepared.scratch,
        }  # fmt: skip
        launch = Launch(
            command=[word.format(**words) for word in server.command],
            folder=prepared.projects[workload.name] if server.name == OURS else server.folder,
            bin=programs,
            environment={name: value.format(**words) for name, value in server.environment.items()},
            cpu=self.plan.server_cpu,
            port=port,
            log=prepared.scratch / f"{server.name}-{workload.name}.log",
            start_seconds=server.start_seconds,
        )
        with started(launch, first.requests[0], first.checks) as running:
            yield running

    def _loads(self, server: Server, workload: Workload, asking: _Asking, running: Running) -> None:
        """A load for each number of connections, the most first: what learns to batch has learned then."""
        for connections in sorted(self.plan.connections, reverse=True):
            sample = drive(
                running.port, asking.requests, asking.checks, connections=connections,
                seconds=self.plan.seconds, warm=self.plan.warm, server_time=running.processor_seconds,
            )  # fmt: skip
            point = Point.of(server.name, workload.name, asking.target.name, sample)
            self.found.points.append(point)
            self.say(
                f"    {asking.target.name or 'predict':<18} {connections:>4} connections "
                f"{point.rate:>7.0f}/s   p50 {point.p50 * 1e3:>7.2f} ms   p99 {point.p99 * 1e3:>7.2f} ms"
                f"   processors: server {point.busy:>4.0%}, generator {point.generator:>4.0%}"
                + (f"   {point.trouble}" if point.trouble else "")
            )


class _Asking:
    """The requests of one target, and what tells its right answers."""

    def __init__(self, target: Target, asked: Asked, constant: bool) -> None:
        self.target = target
        self.requests = target.form.requests(asked.items)
        self.checks: Checks = SameBytes(FLOOR_ANSWER) if constant else Checker(asked.expected, target.form.numbers)

    def refusal(self, port: int) -> str | None:
        """Why a target is left out; None where it answers, rightly or not: a wrong answer is measured as such.

        Raises UnavailableError where a target that must be there refuses.
        """
        status, body = ask(port, self.requests[0])
        if status == 200:
            return None
        said = f"it answers {status}: {body[:200].decode('utf-8', 'replace')}"
        if self.target.optional and status in _REFUSALS:
            return said
        raise UnavailableError(f"{self.target.name}: {said}")
