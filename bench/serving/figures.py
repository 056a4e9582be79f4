"""Medians, ratios and goals: pure."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from load import Sample
from roster import BY_NAME, FLOOR, OURS, PLAIN, TUNED


@dataclass(frozen=True)
class Point:
    """One load of one server. Times in seconds."""

    server: str
    workload: str
    target: str
    connections: int
    rate: float  # right and wrong answers a second
    p50: float
    p99: float
    generator: float  # share of its processor that the load generator used: near 1, it was the limit
    busy: float  # share of its processor that the server used
    answered: int
    wrong: int
    lost: int
    trouble: str

    @classmethod
    def of(cls, server: str, workload: str, target: str, sample: Sample) -> Point:
        latencies = sorted(sample.latencies)
        return cls(
            server,
            workload,
            target,
            sample.connections,
            rate=len(latencies) / sample.seconds,
            p50=percentile(latencies, 0.5),
            p99=percentile(latencies, 0.99),
            generator=sample.generator / sample.seconds,
            busy=sample.server / sample.seconds,
            answered=sample.answered,
            wrong=sample.wrong,
            lost=sample.lost,
            trouble=sample.trouble,
        )


@dataclass(frozen=True)
class Start:
    """One start of one server: seconds from the process to its first right answer, bytes (PSS) after the loads."""

    server: str
    workload: str
    seconds: float
    memory: int


@dataclass(frozen=True)
class Missing:
    """What could not be measured, and why. ``target`` is empty where it is the whole server."""

    server: str
    workload: str
    target: str
    why: str
    wrong: bool = False  # its answers were not the model's


def percentile(ordered: Sequence[float], share: float) -> float:
    """The smallest of the values that at least ``share`` of them do not exceed; nan where there are none."""
    if not ordered:
        return float("nan")
    at = -(-len(ordered) * share // 1)  # rounded up
    return ordered[max(0, int(at) - 1)]


def medians(points: Iterable[Point]) -> list[Point]:
    """One point for each server, workload, target and number of connections: medians of its rounds, sums of faults."""
    groups: dict[tuple[str, str, str, int], list[Point]] = {}
    for point in points:
        groups.setdefault((point.server, point.workload, point.target, point.connections), []).append(point)
    return [_median(group) for group in groups.values()]


def _median(group: Sequence[Point]) -> Point:
    def middle(value: Callable[[Point], float]) -> float:
        return statistics.median(map(value, group))

    first = group[0]
    return Point(
        first.server, first.workload, first.target, first.connections,
        rate=middle(lambda point: point.rate),
        p50=middle(lambda point: point.p50),
        p99=middle(lambda point: point.p99),
        generator=middle(lambda point: point.generator),
        busy=middle(lambda point: point.busy),
        answered=sum(point.answered for point in group),
        wrong=sum(point.wrong for point in group),
        lost=sum(point.lost for point in group),
        trouble=next((point.trouble for point in group if point.trouble), ""),
    )  # fmt: skip


@dataclass(frozen=True)
class Goal:
    """What nb2svc is to reach at a number of connections, and whether it did."""

    what: str
    connections: int | None
    wanted: float
    ratio: float | None  # None where one side was not measured
    against: str = ""
    at_most: bool = False

    @property
    def met(self) -> bool | None:
        if self.ratio is None:
            return None
        return self.ratio <= self.wanted if self.at_most else self.ratio >= self.wanted


@dataclass(frozen=True)
class _Aim:
    what: str
    workload: str
    target: str
    against: str  # "tuned", "batching", "any"
    at: dict[int, float]  # what is wanted, by connections


_AIMS = (
    _Aim("W1 against tuned FastAPI", "forest", "handler", "tuned", {1: 0.97, 64: 20, 256: 30}),
    _Aim("W1 against the best batching peer", "forest", "handler", "batching", {1: 1.3, 64: 4, 256: 5}),
    _Aim("W2, handler, against tuned FastAPI", "frame", "handler", "tuned", {1: 0.97, 64: 10, 256: 10}),
    _Aim("W2, handler, against the best batching peer", "frame", "handler", "batching", {1: 1.3, 64: 2.5, 256: 2.5}),
    _Aim(
        "W2, model route, against the best batching peer", "frame", "model route", "batching",
        {1: 1.3, 64: 4, 256: 5},
    ),
    _Aim(
        "W2, --batch handler, against the best batching peer", "frame", "--batch handler", "batching",
        {1: 1.3, 64: 4, 256: 5},
    ),
    _Aim("W3, JSON, against the best peer", "boosting", "model route", "any", {1: 1.0, 64: 1.1, 256: 1.1}),
    _Aim("W3, x-npy, against the best peer", "boosting", "model route, x-npy", "any", {1: 1.2, 64: 1.2, 256: 1.2}),
)  # fmt: skip


def goals(points: Sequence[Point], starts: Sequence[Start]) -> list[Goal]:
    """All goals of the comparison, from medians of points and from all starts."""
    rates = [_rate_goal(aim, count, wanted, points) for aim in _AIMS for count, wanted in aim.at.items()]
    return [*rates, *_latency_goals(points), *_start_goals(starts)]


def _peers(points: Iterable[Point], workload: str, connections: int, kind: str) -> list[Point]:
    def belongs(name: str) -> bool:
        if kind == "tuned":
            return name == TUNED
        return name not in {OURS, FLOOR} and (kind == "any" or BY_NAME[name].batches)

    return [
        point
        for point in points
        if (point.workload, point.connections) == (workload, connections) and belongs(point.server)
    ]


def _ours(points: Iterable[Point], workload: str, target: str, connections: int) -> Point | None:
    wanted = (OURS, workload, target, connections)
    found = (point for point in points if (point.server, point.workload, point.target, point.connections) == wanted)
    return next(found, None)


def _rate_goal(aim: _Aim, connections: int, wanted: float, points: Sequence[Point]) -> Goal:
    ours = _ours(points, aim.workload, aim.target, connections)
    best = max(_peers(points, aim.workload, connections, aim.against), key=lambda point: point.rate, default=None)
    if ours is None or best is None or not best.rate:
        return Goal(aim.what, connections, wanted, None)
    return Goal(aim.what, connections, wanted, ours.rate / best.rate, BY_NAME[best.server].title)


def _latency_goals(points: Sequence[Point]) -> Iterable[Goal]:
    for workload, number, target in (
        ("forest", "W1", "handler"), ("frame", "W2", "handler"), ("boosting", "W3", "model route")
    ):  # fmt: skip
        ours = _ours(points, workload, target, 64)
        best = min(_peers(points, workload, 64, "any"), key=lambda point: point.p99, default=None)
        what = f"{number}, {target}: p99 against the lowest of the peers"
        if ours is None or best is None:
            yield Goal(what, 64, 1.0, None, at_most=True)
        else:
            yield Goal(what, 64, 1.0, ours.p99 / best.p99, BY_NAME[best.server].title, at_most=True)


def _start_goals(starts: Sequence[Start]) -> Iterable[Goal]:
    for workload, number in (("forest", "W1"), ("frame", "W2"), ("boosting", "W3")):
        ours, plain = (start_seconds(starts, name, workload) for name in (OURS, PLAIN))
        ratio = ours / plain if ours and plain else None
        what = f"{number}: process start to first answer, against hand-written FastAPI"
        yield Goal(what, None, 0.7, ratio, BY_NAME[PLAIN].title, at_most=True)


def start_seconds(starts: Iterable[Start], server: str, workload: str) -> float | None:
    """The median of a server's starts; None where it never started."""
    return _middle(start.seconds for start in starts if (start.server, start.workload) == (server, workload))


def memory(starts: Iterable[Start], server: str, workload: str) -> float | None:
    """The median of a server's memory in bytes; None where it never started."""
    return _middle(float(start.memory) for start in starts if (start.server, start.workload) == (server, workload))


def _middle(values: Iterable[float]) -> float | None:
    found = list(values)
    return statistics.median(found) if found else None


def faults(points: Iterable[Point]) -> list[Point]:
    """Points with wrong or lost answers."""
    return [point for point in points if point.wrong or point.lost]


def at_fault(points: Iterable[Point], missing: Iterable[Missing]) -> bool:
    """Whether any answer was wrong or lost, the first of each server included."""
    return bool(faults(points)) or any(one.wrong for one in missing)


def least_busy(points: Iterable[Point]) -> float | None:
    """The smallest share of its processor that hand-written FastAPI had with many connections; None where not measured.

    It calls the model all the time then, so what is missing was taken by something else on the machine.
    """
    shares = [point.busy for point in points if point.server in {PLAIN, TUNED} and point.connections >= 64]
    return min(shares, default=None)
