"""The results as a picture: one panel a workload, one group of bars a number of connections."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from figures import Point
from roster import BY_NAME, FLOOR, OURS
from workloads import WORKLOADS

_OURS, _OTHERS = (
    ("#c2410c", "#ea580c", "#fb923c"),
    ("#1e3a5f", "#3b6ea5", "#6d9dc5", "#9aa5b1", "#7c6f9f", "#5b8a72", "#a3a36b"),
)


def draw(points: Sequence[Point], file: Path) -> None:
    """Write a PNG of requests a second, on a logarithmic scale, without the floor."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    shown = [point for point in points if point.server != FLOOR]
    workloads = [each for each in WORKLOADS if any(point.workload == each.name for point in shown)]
    figure, panels = plt.subplots(len(workloads), 1, figsize=(8, 2.9 * len(workloads)), squeeze=False)
    for workload, panel in zip(workloads, panels[:, 0], strict=True):
        _panel(panel, [point for point in shown if point.workload == workload.name])
        panel.set_title(f"{workload.number}: {workload.title}", fontsize=9, loc="left")
    figure.supylabel("requests a second", fontsize=9)
    figure.tight_layout()
    figure.savefig(file, dpi=110, metadata={"Software": None})
    plt.close(figure)


def _panel(panel: object, points: Sequence[Point]) -> None:
    counts = sorted({point.connections for point in points})
    found = {(point.server, point.target) for point in points}
    order = list(BY_NAME)
    asked = sorted(found, key=lambda one: (order.index(one[0]), [p.target for p in points].index(one[1])))
    rates = {(point.server, point.target, point.connections): point.rate for point in points}
    ours, others, width = iter(_OURS), iter(_OTHERS * 2), 0.84 / len(asked)
    for number, (server, target) in enumerate(asked):
        title = BY_NAME[server].title
        panel.bar(  # type: ignore[attr-defined]
            [place + (number - (len(asked) - 1) / 2) * width for place in range(len(counts))],
            [rates.get((server, target, count), 0) for count in counts],
            width * 0.92,
            label=f"{title}: {target}" if target else title,
            color=next(ours) if server == OURS else next(others),
        )
    panel.set_yscale("log")  # type: ignore[attr-defined]
    panel.set_xticks(range(len(counts)), [f"{count} connections" for count in counts], fontsize=8)  # type: ignore[attr-defined]
    panel.tick_params(axis="y", labelsize=8)  # type: ignore[attr-defined]
    panel.spines[["top", "right"]].set_visible(False)  # type: ignore[attr-defined]
    panel.legend(fontsize=7, loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)  # type: ignore[attr-defined]
