"""The results in Markdown, and their place in a page: pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from figures import Goal, Missing, Point, Start, memory, start_seconds
from roster import BY_NAME
from workloads import WORKLOADS

BEGIN, END = "<!-- bench/serving: begin -->", "<!-- bench/serving: end -->"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; all columns but the first are for numbers."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _label(point: Point) -> str:
    title = BY_NAME[point.server].title
    return f"{title}: {point.target}" if point.target else title


def _rows(points: Sequence[Point], workload: str) -> list[tuple[str, dict[int, Point]]]:
    """What was asked of a workload, in the roster's order, with its points by connections."""
    found: dict[tuple[str, str], dict[int, Point]] = {}
    for point in points:
        if point.workload == workload:
            found.setdefault((point.server, point.target), {})[point.connections] = point
    order = {name: number for number, name in enumerate(BY_NAME)}
    ranked = sorted(found.items(), key=lambda item: order[item[0][0]])
    return [(_label(next(iter(by.values()))), by) for _, by in ranked]


def results(points: Sequence[Point], starts: Sequence[Start], goals: Sequence[Goal], missing: Sequence[Missing]) -> str:
    """Everything that a run has found: rates, latencies, starts and memory, goals, what is missing."""
    parts = []
    for workload in WORKLOADS:
        rows = _rows(points, workload.name)
        if rows:
            parts += [f"### {workload.number}: {workload.title}", rates_table(rows), latency_table(rows)]
    parts += ["### Start and memory", starts_table(starts)] if starts else []
    parts += ["### Goals", goals_table(goals)]
    if missing:
        parts += ["### Not measured", missing_list(missing)]
    return "\n\n".join(parts) + "\n"


def rates_table(rows: Sequence[tuple[str, Mapping[int, Point]]]) -> str:
    """Requests a second by connections; the highest of each column, the floor aside, in bold."""
    counts = sorted({count for _, by in rows for count in by})
    floor = BY_NAME["floor"].title
    best = {
        count: max((by[count].rate for label, by in rows if count in by and label != floor), default=math.nan)
        for count in counts
    }

    def cell(label: str, by: Mapping[int, Point], count: int) -> str:
        if count not in by:
            return "-"
        rate = by[count].rate
        return f"**{rate:,.0f}**" if rate == best[count] and label != floor else f"{rate:,.0f}"

    head = ["requests/s at … connections", *map(str, counts)]
    return table(head, ([label, *(cell(label, by, count) for count in counts)] for label, by in rows))


def latency_table(rows: Sequence[tuple[str, Mapping[int, Point]]]) -> str:
    """p50 and p99 in milliseconds by connections."""
    counts = sorted({count for _, by in rows for count in by})
    head = ["p50 / p99, ms, at … connections", *map(str, counts)]

    def cell(point: Point | None) -> str:
        return f"{milliseconds(point.p50)} / {milliseconds(point.p99)}" if point else "-"

    return table(head, ([label, *(cell(by.get(count)) for count in counts)] for label, by in rows))


def milliseconds(seconds: float) -> str:
    """Seconds as milliseconds, with three digits."""
    value = seconds * 1000
    if math.isnan(value):
        return "-"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def starts_table(starts: Sequence[Start]) -> str:
    """Process start to first answer, and the memory after the loads, by workload."""
    workloads = [each for each in WORKLOADS if any(start.workload == each.name for start in starts)]
    names = [name for name in BY_NAME if any(start.server == name for start in starts)]
    head = [
        "",
        *(f"{each.number} start, s" for each in workloads),
        *(f"{each.number} memory, MB" for each in workloads),
    ]

    def row(name: str) -> list[str]:
        seconds = [start_seconds(starts, name, each.name) for each in workloads]
        bytes_ = [memory(starts, name, each.name) for each in workloads]
        return [
            BY_NAME[name].title,
            *("-" if value is None else f"{value:.2f}" for value in seconds),
            *("-" if value is None else f"{value / 1e6:.0f}" for value in bytes_),
        ]

    return table(head, map(row, names))


def goals_table(goals: Sequence[Goal]) -> str:
    """The ratios, with what was wanted of them and whether they reach it."""

    def row(goal: Goal) -> list[str]:
        ratio = "not measured" if goal.ratio is None else f"{goal.ratio:.2f}×"
        met = {True: "yes", False: "no", None: "-"}[goal.met]
        at = "" if goal.connections is None else str(goal.connections)
        return [goal.what, at, f"{'≤' if goal.at_most else '≥'} {goal.wanted:g}×", ratio, goal.against or "-", met]

    return table(["nb2svc", "connections", "goal", "ratio", "against", "met"], map(row, goals))


def missing_list(missing: Sequence[Missing]) -> str:
    """What was not measured, each with its reason."""
    numbers = {each.name: each.number for each in WORKLOADS}

    def line(one: Missing) -> str:
        what = ", ".join(
            part for part in (BY_NAME[one.server].title, numbers.get(one.workload, ""), one.target) if part
        )
        return f"- {what}: {one.why}"

    return "\n".join(map(line, missing))


def faults_list(points: Sequence[Point]) -> str:
    """Wrong and lost answers, each with the first of them in words."""
    return "\n".join(
        f"- {_label(point)}, {point.workload}, {point.connections} connections: {point.wrong} wrong and {point.lost} "
        f"lost of {point.answered:,} answers; {point.trouble}"
        for point in points
    )


def page_with(page: str, text: str) -> str:
    """The page with ``text`` between its two marks. Raises ValueError where it has not both."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{text.rstrip()}\n{END}{after}"
