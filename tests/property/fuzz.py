"""Many notebooks: how many serve, are refused (and why), or fail. ``python tests/property/fuzz.py N [--seed S]``."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from grammar import notebooks
from hypothesis import HealthCheck, Phase, given, seed, settings
from notebook import Notebook
from parity import FAILURES, Outcome, Sides, smallest_like

SHARE = 50  # notebooks that one process looks at before it reports


@dataclass
class Tally:
    """What was found so far."""

    kinds: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    cells_failed: int = 0
    failures: list[tuple[Notebook, Outcome]] = field(default_factory=list)

    def add(self, notebook: Notebook, outcome: Outcome) -> None:
        self.kinds[outcome.kind] += 1
        self.reasons.update(outcome.categories)
        self.cells_failed += outcome.cells_failed
        if outcome.failed:
            self.failures.append((notebook, outcome))

    def join(self, other: Tally) -> None:
        self.kinds += other.kinds
        self.reasons += other.reasons
        self.cells_failed += other.cells_failed
        self.failures += other.failures


def tally_of(count: int, start: int) -> Tally:
    """Generate ``count`` notebooks from the seed ``start`` and compare both sides of each."""
    tally, sides = Tally(), Sides()

    @seed(start)
    @settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(notebooks())
    def each(notebook: Notebook) -> None:
        tally.add(notebook, sides.compare(notebook))

    try:
        each()
    finally:
        sides.close()
    return tally


def tally(count: int, start: int, jobs: int) -> Tally:
    """:func:`tally_of` in shares, ``jobs`` at once; how many of them changes nothing."""
    whole = Tally()
    sizes = [min(SHARE, count - begin) for begin in range(0, count, SHARE)]
    seeds = [start * 1_000_000 + number for number in range(len(sizes))]
    with ProcessPoolExecutor(jobs) as pool:
        for part in pool.map(tally_of, sizes, seeds):
            whole.join(part)
            print(f"\r{sum(whole.kinds.values())} notebooks: {told(whole.kinds)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return whole


def told(kinds: Counter[str]) -> str:
    return ", ".join(f"{number} {kind}" for kind, number in kinds.most_common())


def report(failures: Iterable[tuple[Notebook, Outcome]], most: int) -> None:
    """Print the smallest notebooks that fail, each way of failing some times, silent differences first."""
    sides = Sides()
    shown: set[str] = set()
    ways: Counter[str] = Counter()
    for notebook, outcome in sorted(failures, key=lambda one: FAILURES.index(one[1].kind)):
        ways[outcome.way] += 1
        if len(shown) == most or ways[outcome.way] > most // 2:
            continue
        smallest = smallest_like(notebook, outcome, sides)
        if str(smallest) not in shown:
            shown.add(str(smallest))
            detail = "\n".join(sides.compare(smallest).detail.splitlines()[-5:])
            print(f"{'=' * 20} {outcome.way}\n{smallest}\n{'-' * 20}\n{detail}", flush=True)
    sides.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="notebooks at once")
    parser.add_argument("--most", type=int, default=10, help="failures to reduce and show")
    arguments = parser.parse_args()
    begin = time.perf_counter()
    found = tally(arguments.count, arguments.seed, arguments.jobs)
    seconds = time.perf_counter() - begin
    total = sum(found.kinds.values())
    print(f"{total} notebooks in {seconds:.0f} s ({1000 * seconds / total:.0f} ms each): {told(found.kinds)}")
    print(f"{found.cells_failed} of their cells failed in the notebook; refused were:")
    for reason, number in found.reasons.most_common(25):
        print(f"{number:6}  {reason}")
    report(found.failures, arguments.most)
    return 1 if found.failures else 0


if __name__ == "__main__":
    sys.exit(main())
