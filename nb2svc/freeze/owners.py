"""Which distribution a module belongs to: an index of the files that each RECORD lists.

Import names tell nothing (``cv2`` is one of four distributions) and ``packages_distributions()`` misses editable
installs; files do not lie. Building the index reads every RECORD (about half a second for a full environment), so it is
kept for this process and on disk, under the state of the metadata folders.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

from . import cache
from .installed import Installed, Origin, metadata_folders, modules_of, read
from .modules import Location, locate

FORMAT = 2  # of the index on disk
_indexes: dict[str, Owners] = {}


class Owners:
    """The installed distributions, and the importable files of each.

    ``files`` maps folder → file name → positions in ``installed`` of the distributions that list that file.
    """

    def __init__(self, installed: Iterable[Installed], files: dict[str, dict[str, list[int]]]) -> None:
        self.installed = tuple(installed)
        self._files = files
        self._by_name = _first_by_name(self.installed)
        self._editables = [distribution for distribution in self.installed if distribution.sources]
        self._real: dict[str, str] = {}
        self.state = ""  # a digest of all metadata folders that this was made of

    def named(self, name: str) -> Installed | None:
        """The distribution of that normalized name which an import would use."""
        return self._by_name.get(name)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._by_name))

    def of_module(self, name: str) -> tuple[Installed, ...]:
        """The distributions that ``name`` belongs to: one, or for a namespace package those in use; () for none."""
        return self.of_location(locate(name))

    def of_location(self, location: Location) -> tuple[Installed, ...]:
        """As :meth:`of_module`, where the module was already located."""
        if location.file:
            owner = self.of_file(location.file) or self._editable(location.name, location.file)
            return (owner,) if owner else ()
        return self._of_namespace(location) if location.folders else ()

    def of_file(self, file: str) -> Installed | None:
        """The distribution whose RECORD lists ``file``. Of several, the last installed: its files are on disk."""
        folder, _, base = file.rpartition(os.sep)
        owners = self._files.get(self._real_folder(folder), {}).get(base)
        if not owners:
            return None
        return max((self.installed[position] for position in owners), key=lambda one: (one.changed, one.name))

    def _of_namespace(self, location: Location) -> tuple[Installed, ...]:
        only = {self._under(folder) for folder in location.folders}
        if len(only) == 1 and None not in only:
            return tuple(one for one in only if one)
        # Parts of it come from several distributions: those whose modules this process has loaded are in use.
        prefix = f"{location.name}."
        loaded = [name for name in list(sys.modules) if name.startswith(prefix)]
        files = [found.file for found in map(locate, loaded) if found.file]
        owners = {owner.name: owner for file in files if (owner := self.of_file(file))}
        return tuple(owners[name] for name in sorted(owners))

    def _under(self, folder: str) -> Installed | None:
        """The one distribution with importable files in a folder or below it, else that of the nearest parent."""
        real = self._real_folder(folder)
        below = real + os.sep
        inside = [entries for name, entries in self._files.items() if name == real or name.startswith(below)]
        positions = {position for entries in inside for owners in entries.values() for position in owners}
        if len(positions) == 1:
            return self.installed[positions.pop()]
        if positions:
            return None
        init = next(iter(self._files.get(str(Path(real).parent), {}).get("__init__.py", [])), None)
        return None if init is None else self.installed[init]

    def _editable(self, module: str, file: str) -> Installed | None:
        real = os.path.realpath(file)
        for distribution in self._editables:
            if any(_claims(distribution, prefix, path, module, real) for prefix, path in distribution.sources):
                return distribution
        return None

    def _real_folder(self, folder: str) -> str:
        # Only the folder is resolved: uv and conda may link single files into a shared store.
        if folder not in self._real:
            self._real[folder] = os.path.realpath(folder or os.sep)
        return self._real[folder]


def installed_owners(path: Iterable[str] | None = None) -> Owners:
    """The index of ``path`` (default ``sys.path``), from this process, from disk, or built."""
    entries = list(dict.fromkeys(os.path.realpath(entry) for entry in (sys.path if path is None else path)))
    states = [_state(folder) for entry in entries for folder in metadata_folders(entry)]
    key = cache.digest([FORMAT, sys.version, sys.prefix, states])
    if key not in _indexes:
        stored = cache.load("owners", key)
        owners = _from_json(stored) if stored else None
        if owners is None:
            owners, document = _build(states)
            cache.store("owners", key, document)
        _indexes.clear()  # one environment a process: an older state will not come back
        owners.state = key
        _indexes[key] = owners
    return _indexes[key]


def _state(metadata: Path) -> tuple[str | int, ...]:
    """What changes when a distribution is installed again: its folder is made anew, its RECORD written."""
    state: list[str | int] = [str(metadata)]
    for path in (metadata, metadata / "RECORD"):
        try:
            found = path.stat()
        except OSError:
            continue
        state += [found.st_mtime_ns, found.st_size]
    return tuple(state)


def _build(states: Iterable[tuple[str | int, ...]]) -> tuple[Owners, dict[str, Any]]:
    installed: list[Installed] = []
    files: dict[str, dict[str, list[int]]] = {}
    for found, modules in map(_read, states):
        for folder, names in modules.items():
            owners = files.setdefault(folder, {})
            for name in names:
                owners.setdefault(name, []).append(len(installed))
        installed += [found] if found else []
    return Owners(installed, files), {"installed": list(map(_to_json, installed)), "files": files}


@lru_cache(maxsize=4096)
def _read(state: tuple[str | int, ...]) -> tuple[Installed | None, dict[str, list[str]]]:
    """The distribution of a metadata folder, and its importable files by their folder.

    Remembered, as what is installed into a running notebook leaves all other distributions as they are.
    """
    found = read(Path(str(state[0])))
    listed: dict[str, list[str]] = {}
    for path in modules_of(found) if found else ():
        folder, name = os.path.split(path)
        listed.setdefault(folder, []).append(name)
    site = str(found.site) if found else ""
    real: dict[str, str] = {}
    modules: dict[str, list[str]] = {}
    for folder, names in listed.items():
        modules.setdefault(_real_path(os.path.join(site, folder), real), []).extend(names)  # noqa: PTH118 - thousands
    return found, modules


def _real_path(folder: str, known: dict[str, str]) -> str:
    """As ``realpath``, which asks for each of a path's parents every time."""
    folder = folder.rstrip(os.sep) or os.sep
    if folder not in known:
        parent, name = os.path.split(folder)
        plain = name not in {"", ".", ".."} and not os.path.islink(folder)  # noqa: PTH114 - thousands of folders
        known[folder] = os.path.join(_real_path(parent, known), name) if plain else os.path.realpath(folder)  # noqa: PTH118
    return known[folder]


def _to_json(one: Installed) -> dict[str, Any]:
    """As ``asdict``, which copies each text of every one."""
    return {name: getattr(one, name) for name in Installed.__slots__} | {"origin": asdict(one.origin)}


def _from_json(document: Any) -> Owners | None:
    try:
        return Owners([_installed(one) for one in document["installed"]], document["files"])
    except (KeyError, TypeError):
        return None  # written by something else


def _installed(fields: dict[str, Any]) -> Installed:
    sources = tuple((prefix, path) for prefix, path in fields["sources"])
    tuples = {"requires": tuple(fields["requires"]), "top_level": tuple(fields["top_level"]), "sources": sources}
    return Installed(**{**fields, **tuples, "origin": Origin(**fields["origin"])})


def _first_by_name(installed: Iterable[Installed]) -> dict[str, Installed]:
    """The distribution that imports use: of the first ``sys.path`` entry; in one folder the last installed."""
    chosen: dict[str, Installed] = {}
    for distribution in installed:
        known = chosen.setdefault(distribution.name, distribution)
        if known.site == distribution.site and distribution.changed > known.changed:
            chosen[distribution.name] = distribution
    return chosen


def _claims(distribution: Installed, prefix: str, path: str, module: str, real: str) -> bool:
    """Whether an editable install's mapping covers the file of a module."""
    root = os.path.realpath(path)
    if prefix:
        named = module == prefix or module.startswith(f"{prefix}.")
        return named and (real == root or real.startswith(root + os.sep))
    top = module.partition(".")[0]
    if distribution.top_level and top not in distribution.top_level:
        return False
    inside = os.path.join(root, top)  # noqa: PTH118 - compared as text
    return real.startswith((inside + os.sep, inside + "."))
