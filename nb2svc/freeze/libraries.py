"""The shared libraries that wheels expect of the system and the base image lacks: LightGBM's ``libgomp.so.1``.

Found by reading what the installed shared objects need (``DT_NEEDED``), as the loader would look for it: in the folders
that the file itself names, beside it in its distribution, in other distributions of the lock, in the base image. Each
distribution is read once; what was found is remembered.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from nb2svc.errors import FreezeError
from nb2svc.values import Problem, SystemPackage

from ..package_index import Index, without_addresses
from . import cache, debian, installed
from .elf import Binary, is_shared_object, read, search_folders
from .installed import Installed, metadata_folders, record
from .owners import Owners
from .requirements import Pin, render
from .target import Target

FORMAT = 1  # of what is remembered
PREFIX = "apt:"  # of a system package in ``%nb2svc require apt:libfoo1``


@dataclass(frozen=True, slots=True)
class Need:
    """A shared object of a distribution that needs a library which no distribution of the lock brings."""

    soname: str
    distribution: str
    file: str  # absolute


@dataclass(frozen=True, slots=True)
class Places:
    """All shared objects of a lock: their names and sonames, and their paths."""

    names: frozenset[str]
    files: frozenset[str]


def system_packages(needs: Iterable[Need], asked: Iterable[str]) -> tuple[SystemPackage, ...]:
    """The Debian packages that ``needs`` ask for beside the base image, and those ``asked`` for, sorted by name.

    Raises FreezeError for a library that this process has loaded and that no known package gives, unless packages were
    asked for: then one of those has it.
    """
    wanted: dict[str, list[str]] = {name: ["asked for by %nb2svc require"] for name in asked}
    unknown: dict[str, Need] = {}
    needs = tuple(needs)
    loaded = _loaded_files() if needs else frozenset()
    for need in needs:
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


def newer_symbols(paths: Iterable[Path]) -> tuple[str, ...]:
    """The symbol versions that these shared objects need and the base image's libraries are too old for."""
    needed = [pair for path in paths if (binary := read(path)) for pair in binary.symbols]
    newer = {pair for pair in needed if pair[1] > debian.SYMBOLS.get(pair[0], pair[1])}
    return tuple(f"{name}_{'.'.join(map(str, version))}" for name, version in sorted(newer))


def _unknown(need: Need) -> Problem:
    package = debian.on_this_machine(need.soname)
    known = f"the package {package} has it on this machine: " if package else "find the Debian package that has it: "
    return Problem(
        message=f"{need.distribution} has loaded {need.soname}, which the base image does not hold",
        hint=f"{known}%nb2svc require {PREFIX}{package or 'PACKAGE'}, then export again",
    )


# --- what the files need ------------------------------------------------------------------------


def needs(members: Iterable[Installed]) -> tuple[Need, ...]:
    """What installed distributions need of the system, from memory where they were read before."""
    members = tuple(members)
    state = sorted([one.name, one.version, one.metadata, one.changed] for one in members)
    return _remembered(cache.digest([FORMAT, state]), lambda: unmet(members))


def needs_of_target(pins: Iterable[Pin], owners: Owners, target: Target, uv: str, index: Index) -> tuple[Need, ...]:
    """The same where this kernel does not run Linux: the wheels of the target are fetched, once, and read.

    Raises FreezeError where they cannot be fetched.
    """
    pins = [pin for pin in pins if not pin.local and not _is_pure(owners.named(pin.name))]
    key = cache.digest([FORMAT, target.python, target.platform, [pin.to_json() for pin in pins]])
    return _remembered(key, lambda: _read_elsewhere(pins, target, uv, index)) if pins else ()


def _remembered(key: str, find: Callable[[], Iterable[Need]]) -> tuple[Need, ...]:
    known = cache.load("libraries", key)
    if known is not None:
        return tuple(Need(**fields) for fields in known)
    found = tuple(sorted(find(), key=lambda need: (need.soname, need.distribution, need.file)))
    cache.store("libraries", key, [asdict(need) for need in found])
    return found


def _is_pure(one: Installed | None) -> bool:
    """Whether its wheel is the same for all platforms, so that it holds no shared object."""
    if one is None:
        return False
    try:
        text = (Path(one.metadata) / "WHEEL").read_text(encoding="utf-8")
    except OSError:
        return False
    tags = [line.strip() for line in text.splitlines() if line.startswith("Tag:")]
    return bool(tags) and all(tag.endswith("-none-any") for tag in tags)


def _read_elsewhere(pins: Sequence[Pin], target: Target, uv: str, index: Index) -> list[Need]:
    with tempfile.TemporaryDirectory(prefix="nb2svc-") as name:
        folder = Path(name)
        (folder / "pins.txt").write_text(render(pins, {}), encoding="utf-8")
        command = [
            uv, "pip", "install", "--target", str(folder / "site"), "--python", sys.executable,
            "--python-version", target.python_full_version, "--python-platform", target.uv_platform,
            "--only-binary", ":all:", "--no-deps", "--require-hashes", "-r", str(folder / "pins.txt"), *index.flags,
        ]  # fmt: skip
        run = subprocess.run(
            command, env=index.install_environment, capture_output=True, text=True, errors="replace", check=False
        )
        if run.returncode:
            raise FreezeError(
                f"the wheels for {target.platform} cannot be fetched, to see which system libraries they need",
                hint="make the package index reachable, then export again",
                log=without_addresses(run.stderr.strip())[-4000:],
            )
        members = [found for info in metadata_folders(str(folder / "site")) if (found := installed.read(info))]
        return list(unmet(members))


def unmet(members: Sequence[Installed]) -> Iterator[Need]:
    objects = {one.name: dict(_objects(one)) for one in members}
    names = {name: {os.path.basename(path) for path in files} for name, files in objects.items()}  # noqa: PTH119
    for name, files in objects.items():
        names[name] |= {binary.soname for binary in files.values()}
    everywhere = Places(
        names=frozenset().union(*names.values()),
        files=frozenset(path for files in objects.values() for path in files),
    )
    for name, files in objects.items():
        for path, binary in files.items():
            missing = (one for one in binary.needed if not _is_met(one, path, binary, names[name], everywhere))
            yield from (Need(soname, name, path) for soname in missing)


def _is_met(soname: str, path: str, binary: Binary, own: set[str], everywhere: Places) -> bool:
    if soname in debian.BASE or soname in own or debian.DRIVER.fullmatch(soname):
        return True
    # Where the file itself says, if that is part of the lock: what else lies there on this machine, no image has.
    if any(f"{folder}{os.sep}{soname}" in everywhere.files for folder in search_folders(path, binary)):
        return True
    # Another distribution's copy counts only if that was loaded before, which nobody promises: what the system can
    # give, it gives.
    return soname in everywhere.names and soname not in debian.PACKAGES


def _objects(one: Installed) -> Iterator[tuple[str, Binary]]:
    site = str(one.site)
    for name, _ in record(Path(one.metadata)):
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
