"""From the roots to all that they require, by the metadata of what is installed, as the target needs it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from nb2svc.errors import FreezeError
from nb2svc.values import Problem

from .installed import Installed
from .owners import Owners
from .roots import NB2SVC, Root
from .target import Target


@dataclass(frozen=True, slots=True)
class Needed:
    """What a closure holds. ``missing``: required on the target but absent from the kernel, name → by whom."""

    members: dict[str, Installed]  # by name, sorted
    missing: dict[str, tuple[str, ...]]


def walk(roots: Iterable[Root], owners: Owners, target: Target) -> Needed:
    """The transitive ``Requires-Dist`` of ``roots``, with markers for ``target`` and the extras asked for.

    Raises FreezeError with every requirement that the kernel's own version does not meet, both versions named:
    a resolver would have to replace one of them, and the service would not run what the notebook ran.
    """
    roots = tuple(roots)
    members: dict[str, Installed] = {}
    missing: dict[str, set[str]] = {}
    problems: list[Problem] = []
    pending = [(root.installed, extra) for root in roots for extra in ("", *root.extras)]
    seen: set[tuple[str, str]] = set()
    while pending:
        installed, extra = pending.pop()
        if (installed.name, extra) in seen:
            continue
        seen.add((installed.name, extra))
        members[installed.name] = installed
        for requirement in _requirements(installed, extra, target):
            name = canonicalize_name(requirement.name)
            found = owners.named(name)
            if found is None:
                missing.setdefault(name, set()).add(installed.name)
                continue
            problems += _problems(installed, requirement, found)
            pending += [(found, wanted) for wanted in ("", *requirement.extras)]
    if problems:
        ordered = sorted(set(problems), key=lambda problem: problem.message)
        raise FreezeError("the kernel's own distributions do not fit together", problems=ordered)
    return Needed(
        members=dict(sorted(members.items())),
        missing={name: tuple(sorted(by)) for name, by in sorted(missing.items())},
    )


def _requirements(installed: Installed, extra: str, target: Target) -> Iterator[Requirement]:
    """The requirements that ``extra`` adds ("": those without any)."""
    environment = target.environment
    for text in installed.requires:
        requirement = _parse(text)
        if requirement is None:
            continue
        marker = requirement.marker
        if marker is None:
            if not extra:
                yield requirement
        elif marker.evaluate({**environment, "extra": extra}):
            yield requirement


@lru_cache(maxsize=4096)
def _parse(text: str) -> Requirement | None:
    try:
        return Requirement(text)
    except InvalidRequirement:
        return None  # old metadata; uv has the last word on it


def _problems(installed: Installed, requirement: Requirement, found: Installed) -> Iterator[Problem]:
    if found.name == NB2SVC:
        yield Problem(
            message=f"{installed.name} requires nb2svc, without which an exported project runs",
            hint=f"keep {installed.name} out of what the handlers use",
        )
    elif not requirement.specifier.contains(found.version, prereleases=True):
        needs = f"{installed.name} {installed.version} needs {found.name}{requirement.specifier}"
        yield Problem(
            message=f"{needs}, the kernel has {found.name} {found.version}",
            hint=f'%pip install "{found.name}{requirement.specifier}" (or another {installed.name}), '
            "restart the kernel, run the notebook and export again",
        )
