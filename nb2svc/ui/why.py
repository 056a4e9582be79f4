"""Why each distribution of a lock is there, as a tree: roots with their reasons, below each what it brings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..runtime.manifest import DistributionEntry


@dataclass(frozen=True, slots=True)
class Branch:
    """One line of the tree."""

    line: str  # the name behind its branches
    distribution: DistributionEntry
    size: int | None  # bytes, where known
    why: str


def tree_of_why(distributions: Iterable[DistributionEntry], sizes: Mapping[str, int]) -> Iterator[Branch]:
    """Each distribution once, the heaviest branch first; ``sizes`` are bytes by name.

    A branch weighs what it holds as a whole. What several require stands below the first, and says who else does.
    """
    entries = {one.name: one for one in distributions}
    below: dict[str, list[str]] = {name: [] for name in entries}
    for name, one in entries.items():
        for parent in one.via:
            if parent in below and not one.root:
                below[parent].append(name)
    weights = {name: sum(sizes.get(part, 0) for part in _reached(name, below)) for name in entries}
    for names in below.values():
        names.sort(key=lambda name: (-weights[name], name))
    tops = sorted((name for name, one in entries.items() if one.root), key=lambda name: (-weights[name], name))
    lost = sorted(entries.keys() - _reached_from(tops, below))  # of a manifest that does not say who requires what
    drawn: set[str] = set()
    for name in (*tops, *lost):
        for line, found, parent in _drawn(name, below, "", "", drawn):
            yield Branch(line, entries[found], sizes.get(found), _why(entries[found], parent))


def _drawn(
    name: str, below: Mapping[str, list[str]], head: str, indent: str, drawn: set[str], *, parent: str = ""
) -> Iterator[tuple[str, str, str]]:
    """(line, distribution, the one above it), depth first."""
    drawn.add(name)
    yield f"{head}{name}", name, parent
    children = [child for child in below[name] if child not in drawn]
    drawn.update(children)  # what a sister also requires stands here, one level up
    for number, child in enumerate(children):
        last = number == len(children) - 1
        yield from _drawn(
            child, below, f"{indent}{'└ ' if last else '├ '}", f"{indent}{'  ' if last else '│ '}", drawn, parent=name
        )


def _why(one: DistributionEntry, parent: str) -> str:
    if one.root or not parent:
        return one.why
    others = [name for name in one.via if name != parent]
    notes = one.why[one.why.index(" (") :] if " (" in one.why else ""
    return (f"also through {', '.join(others)}" if others else "") + notes


def _reached(name: str, below: Mapping[str, list[str]]) -> set[str]:
    return _reached_from([name], below)


def _reached_from(names: Iterable[str], below: Mapping[str, list[str]]) -> set[str]:
    found: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += below[name]
    return found
