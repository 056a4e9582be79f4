"""The results of a run as a JSON file."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from figures import Missing, Point, Start


@dataclass(frozen=True)
class Results:
    """One run: on what machine, how, and all that it found, round by round."""

    machine: dict[str, Any]
    run: dict[str, Any]
    points: list[Point]
    starts: list[Start]
    missing: list[Missing]

    def save(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, file: Path) -> Results:
        """Raises OSError where there is no such file, and KeyError or TypeError where it is another."""
        told = json.loads(file.read_text(encoding="utf-8"))
        return cls(
            told["machine"],
            told["run"],
            [Point(**one) for one in told["points"]],
            [Start(**one) for one in told["starts"]],
            [Missing(**one) for one in told["missing"]],
        )

    @classmethod
    def merged(cls, runs: Sequence[Results]) -> Results:
        """Several runs on one machine as one: all their rounds together, each reason for a gap once."""
        missing = list(dict.fromkeys(one for run in runs for one in run.missing))
        points = [point for run in runs for point in run.points]
        starts = [start for run in runs for start in run.starts]
        rounds = sum(run.run["rounds"] for run in runs)
        return cls(runs[0].machine, {**runs[0].run, "rounds": rounds}, points, starts, missing)


def machine(server_cpu: int, load_cpu: int) -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "processor": _processor(),
        "processors": os.cpu_count(),
        "server on processor": server_cpu,
        "load on processor": load_cpu,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n")
    except OSError:
        return platform.processor()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())
