"""The stage: from a spec, inside its kernel's interpreter, to the lock of what the service needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from packaging.version import InvalidVersion, Version

from nb2svc.errors import FreezeError
from nb2svc.events import Emit, ignore, progress
from nb2svc.values import Distribution, Lock, Problem, ServiceSpec, Sought, SystemPackage

from ..package_index import UNNAMED, user_index
from .closure import walk
from .installed import Installed
from .libraries import PREFIX, needs, needs_of_target, system_packages
from .optional import further_roots, remember, remembered
from .owners import Owners, installed_owners
from .requirements import Pin, render, render_roots
from .resolve import find_uv
from .roots import Root, find_roots
from .running import refuse_edited, refuse_upgraded
from .supply import Resolution, Supply
from .target import Target, kernel_runs_linux
from .wheelfile import Wheel
from .wheels import UNCOMMITTED


def freeze(
    spec: ServiceSpec, *, platform: str | None = None, sought: Sought | None = None, emit: Emit = ignore
) -> Lock:
    """Freeze what ``spec`` needs for ``platform`` (default: Linux on this machine's architecture).

    ``sought`` is what a clean room told of an earlier lock: see :mod:`.optional`.

    Runs inside the kernel's interpreter: the versions are those that it has. The same spec and environment give
    the same bytes. Raises FreezeError, with all problems of a kind at once.
    """
    with progress("freeze", "Freezing the environment", emit) as current:
        current.step("Finding the distributions that the service needs")
        target = Target.of(spec.python, platform)
        owners = installed_owners()
        roots = find_roots(spec, owners, target)
        needed = walk(roots, owners, target)
        if further := further_roots(sought or Sought(), needed.members, owners):
            roots = find_roots(spec, owners, target, further)
            needed = walk(roots, owners, target)
        refuse_upgraded(needed.members.values(), owners)
        refuse_edited(needed.members.values(), owners)
        supply = Supply(
            roots=roots,
            needed=needed,
            owners=owners,
            target=target,
            index=user_index(),
            uv=find_uv(),
            current=current,
        )
        resolution = supply.resolution()
        _refuse_other_versions(resolution, owners)
        lock = _lock(resolution, roots, owners, target, _system(spec, resolution, supply))
        current.summary = _summary(lock)
    return lock


def _system(spec: ServiceSpec, resolution: Resolution, supply: Supply) -> tuple[SystemPackage, ...]:
    """What the image needs of its system, by the kernel's own files; another architecture's ask for the same."""
    owners = supply.owners
    asked = [text.removeprefix(PREFIX) for text in spec.requires if text.startswith(PREFIX)]
    here = [one for pin in resolution.pins if (one := owners.named(pin.name)) and _is_the_targets(one)]
    others = [pin for pin in resolution.pins if pin.name not in {one.name for one in here}]
    found = needs(here)
    if others:
        supply.current.step(f"Reading the wheels for {supply.target.platform}")
        found += needs_of_target(others, owners, supply.target, supply.uv, supply.index)
    return system_packages(found, asked)


def _is_the_targets(installed: Installed) -> bool:
    """Whether what is installed here is what the service gets, but perhaps for the architecture."""
    return kernel_runs_linux() and installed.origin.kind != "conda"


def known_sought(spec: ServiceSpec) -> Sought:
    """What the clean room told at the last export of this very code in this environment."""
    return remembered(spec, installed_owners())


def keep_sought(spec: ServiceSpec, sought: Sought) -> None:
    """For :func:`known_sought` of the next export."""
    remember(spec, installed_owners(), sought)


def lacks(lock: Lock, sought: Sought) -> dict[str, str]:
    """Distributions that ``lock`` lacks and the kernel's answers may depend on, name → why."""
    return further_roots(sought, (one.name for one in lock.distributions), installed_owners())


def _refuse_other_versions(resolution: Resolution, owners: Owners) -> None:
    """The last word before the lock: what is resolved is what the kernel has."""
    problems = [
        Problem(
            message=f"{pin.name} {pin.version} was resolved, the kernel has {installed.version}",
            hint=f"make a version of {pin.name} available that both the kernel and the target can use",
        )
        for pin in resolution.pins
        if (installed := owners.named(pin.name)) and pin.name not in resolution.wheels
        if not _same(pin.version, installed.version)
    ]
    if problems:
        raise FreezeError("the service would not run the kernel's versions", problems=problems)


def _same(one: str, other: str) -> bool:
    try:
        return Version(one) == Version(other)
    except InvalidVersion:
        return one == other


# --- the answer ---------------------------------------------------------------------------------


def _lock(
    resolution: Resolution, roots: tuple[Root, ...], owners: Owners, target: Target, system: tuple[SystemPackage, ...]
) -> Lock:
    wheels = resolution.wheels
    pinned = {pin.name: pin for pin in resolution.pins}
    noted = _notes(resolution, owners)
    why = {root.installed.name: noted(root.installed.name, root.why) for root in roots}
    others = {name: noted(name, ", ".join(pin.via)) for name, pin in pinned.items() if name not in why}
    annotations = {**why, **{name: f"via {text}" for name, text in others.items()}}
    return Lock(
        python=target.python,
        platform=target.platform,
        distributions=tuple(
            Distribution(
                name=name,
                version=pin.version,
                root=name in why,
                why=why.get(name) or others[name],
                via=pin.via,
                size=_size(name, wheels, owners),
            )
            for name, pin in sorted(pinned.items())
        ),
        requirements_in=render_roots(
            (root.requirement, pinned[root.installed.name].version, noted(root.installed.name, root.why_by_cell))
            for root in roots
        ),
        requirements_txt=render(resolution.pins, annotations, wheels=bool(wheels)),
        wheels=tuple(wheels[name].path for name in sorted(wheels)),
        system=system,
        warnings=tuple(_warnings(resolution)),
        indexes=tuple((pin.name, index) for pin in resolution.pins if (index := _index_of(pin))),
    )


def _index_of(pin: Pin) -> str:
    """The name of the index that a build must know for ``pin``.

    One that has no name, but stands in a setting, is often a mirror of the default one: only a version with a local
    label is surely not from there.
    """
    return pin.index if pin.index != UNNAMED or "+" in pin.version else ""


def _warnings(resolution: Resolution) -> Iterator[Problem]:
    for name, wheel in sorted(resolution.wheels.items()):
        if wheel.note.endswith(UNCOMMITTED):
            yield Problem(
                message=f"{name} ships as a wheel of a source tree with changes that are in no commit",
                hint="commit them and export again, so that others can make the same wheel",
            )


def _notes(resolution: Resolution, owners: Owners) -> Callable[[str, str], str]:
    """Adds to a reason what is out of the ordinary about a distribution."""
    indexes = {pin.name: _index_of(pin) for pin in resolution.pins}

    def noted(name: str, why: str) -> str:
        if wheel := resolution.wheels.get(name):
            return f"{why} (local wheel, {wheel.note})"
        if index := indexes.get(name):
            why = f"{why} (from the index {index})"
        return why if owners.named(name) else f"{why} (not in the kernel)"

    return noted


def _size(name: str, wheels: dict[str, Wheel], owners: Owners) -> int | None:
    if wheel := wheels.get(name):
        return wheel.size
    installed = owners.named(name)
    return installed.size if installed else None


def _summary(lock: Lock) -> str:
    size = sum(one.size or 0 for one in lock.distributions)
    return f"{len(lock.distributions)} distributions, {size / 1e6:.0f} MB"
