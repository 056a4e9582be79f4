"""The shared libraries that wheels expect of the system and the base image lacks: LightGBM's ``libgomp.so.1``.

Found by reading what the installed shared objects need (``DT_NEEDED``), as the loader would look for it: in the folders
that the file itself names, beside it in its distribution, in other distributions of the lock, in the base image. Each
distribution is read once; what was found is remembered.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from nb2svc.errors import FreezeError
from nb2svc.values import Problem, SystemPackage

from . import cache, debian
from .elf import Binary, is_shared_object, read, search_folders
from .installed import Installed, record

FORMAT = 1  # of what is remembered
PREFIX = "apt:"  # of a system package in ``%nb2svc require apt:libfoo1``


@dataclass(frozen=True, slots=True)
class Need:
    """A shared object of a distribution that needs a library which no distribution of the lock brings."""

    soname: str
    distribution: str
    file: str  # absolute


def system_packages(members: Iterable[Installed], asked: Iterable[str]) -> tuple[SystemPackage, ...]:
    """The Debian packages that ``members`` need beside the base image, and those ``asked`` for, sorted by name.

    Raises FreezeError for a library that this process has loaded and that no known package gives, unless packages were
    asked for: then one of those has it.
    """
    wanted: dict[str, list[str]] = {name: ["asked for by %nb2svc require"] for name in asked}
    unknown: dict[str, Need] = {}
    loaded = _loaded_files()
    for need in _needs(tuple(members)):
        in_use = os.path.realpath(need.file) in loaded
        if not in_use and _is_plugin(need.file):
            continue  # Qt's window systems and the like: their libraries are many, and a service has no screen
        package = debian.PACKAGES.get(need.soname)
        if package:
            why = wanted.setdefault(package, [])
            text = f"{need.soname} for {need.distribution}"
            why += [text] if text not in why else []
        elif in_use:
            unknown.setdefault(need.soname, need)
    if unknown and not asked:
        raise FreezeError(
            "the image would lack libraries of the system", problems=list(map(_unknown, unknown.values()))
        )
    return tuple(SystemPackage(name=name, why="; ".join(why)) for name, why in sorted(wanted.items()))


def newest_glibc(paths: Iterable[Path]) -> tuple[int, int]:
    """The newest glibc that any of these shared objects needs."""
    return max((binary.glibc for path in paths if (binary := read(path))), default=(0, 0))


def _unknown(need: Need) -> Problem:
    package = debian.on_this_machine(need.soname)
    known = f"the package {package} has it on this machine: " if package else "find the Debian package that has it: "
    return Problem(
        message=f"{need.distribution} has loaded {need.soname}, which the base image does not hold",
        hint=f"{known}%nb2svc require {PREFIX}{package or 'PACKAGE'}, then export again",
    )


# --- what the files need ------------------------------------------------------------------------


def _needs(members: tuple[Installed, ...]) -> tuple[Need, ...]:
    key = cache.digest([FORMAT, sorted([one.name, one.version, one.metadata, one.changed] for one in members)])
    known = cache.load("libraries", key)
    if known is not None:
        return tuple(Need(**fields) for fields in known)
    found = tuple(sorted(_unmet(members), key=lambda need: (need.soname, need.distribution, need.file)))
    cache.store("libraries", key, [asdict(need) for need in found])
    return found


def _unmet(members: Sequence[Installed]) -> Iterator[Need]:
    objects = {one.name: dict(_objects(one)) for one in members}
    names = {name: {os.path.basename(path) for path in files} for name, files in objects.items()}  # noqa: PTH119
    for name, files in objects.items():
        names[name] |= {binary.soname for binary in files.values()}
    everywhere = frozenset().union(*names.values())
    for name, files in objects.items():
        for path, binary in files.items():
            missing = (one for one in binary.needed if not _is_met(one, path, binary, names[name], everywhere))
            yield from (Need(soname, name, path) for soname in missing)


def _is_met(soname: str, path: str, binary: Binary, own: set[str], everywhere: frozenset[str]) -> bool:
    if soname in debian.BASE or soname in own or debian.DRIVER.fullmatch(soname):
        return True
    if any(os.path.exists(os.path.join(folder, soname)) for folder in search_folders(path, binary)):  # noqa: PTH110, PTH118
        return True
    # Another distribution's copy counts only if that was loaded before, which nobody promises: what the system can
    # give, it gives.
    return soname in everywhere and soname not in debian.PACKAGES


def _objects(installed: Installed) -> Iterator[tuple[str, Binary]]:
    site = str(installed.site)
    for name, _ in record(Path(installed.metadata)):
        if is_shared_object(name):
            path = os.path.normpath(os.path.join(site, name))  # noqa: PTH118
            if binary := read(Path(path)):
                yield path, binary


def _is_plugin(path: str) -> bool:
    return "plugins" in Path(path).parts


# --- what this process has loaded ---------------------------------------------------------------


def _loaded_files() -> frozenset[str]:
    """The files mapped into this process; none where the system does not tell."""
    if sys.platform != "linux":
        return frozenset()
    try:
        with open("/proc/self/maps", encoding="utf-8", errors="replace") as maps:  # noqa: PTH123
            lines = map(partial(str.split, maxsplit=5), maps)
            return frozenset(fields[5].rstrip("\n") for fields in lines if len(fields) > 5)  # noqa: PLR2004
    except OSError:
        return frozenset()
