"""Many notebooks: how many serve, are refused (and why), or fail. ``python tests/property/fuzz.py N [--seed S]``."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from grammar import notebooks
from hypothesis import HealthCheck, Phase, given, seed, settings
from notebook import Notebook
from parity import FAILURES, Outcome, Sides
from reducing import reduced


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


def run(count: int, sides: Sides, start: int) -> Tally:
    """Generate ``count`` notebooks from the seed ``start`` and compare both sides of each."""
    tally = Tally()

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

    each()
    return tally


def report(failures: list[tuple[Notebook, Outcome]], sides: Sides, most: int) -> None:
    """Print the smallest notebooks that fail, each way of failing once, silent differences first."""
    shown: set[str] = set()
    ways: Counter[str] = Counter()
    for notebook, outcome in sorted(failures, key=lambda one: FAILURES.index(one[1].kind)):
        ways[outcome.way] += 1
        if len(shown) == most or ways[outcome.way] > most // 2:
            continue
        smallest = smallest_like(notebook, outcome, sides)
        if str(smallest) not in shown:
            shown.add(str(smallest))
            detail = last_lines(sides.compare(smallest).detail)
            print(f"{'=' * 20} {outcome.way}\n{smallest}\n{'-' * 20}\n{detail}", flush=True)


def smallest_like(notebook: Notebook, outcome: Outcome, sides: Sides) -> Notebook:
    """A smaller notebook that fails in the same way, and in which no more cells fail."""

    def still(candidate: Notebook) -> bool:
        found = sides.compare(candidate)
        return found.way == outcome.way and found.cells_failed <= outcome.cells_failed

    return reduced(notebook, still)


def last_lines(text: str) -> str:
    return "\n".join(text.splitlines()[-5:])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--most", type=int, default=10, help="failures to reduce and show")
    arguments = parser.parse_args()
    begin = time.perf_counter()
    sides = Sides()
    tally = run(arguments.count, sides, arguments.seed)
    seconds = time.perf_counter() - begin
    total = sum(tally.kinds.values())
    print(f"{total} notebooks in {seconds:.0f} s ({1000 * seconds / total:.0f} ms each): {dict(tally.kinds)}")
    print(f"{tally.cells_failed} cells failed")
    for reason, number in tally.reasons.most_common(40):
        print(f"{number:6}  {reason}")
    if tally.failures:
        report(tally.failures, sides, arguments.most)
    sides.close()
    return 1 if tally.failures else 0


if __name__ == "__main__":
    sys.exit(main())
