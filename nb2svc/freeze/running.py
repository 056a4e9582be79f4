"""Whether the kernel runs what is installed, as it was installed: anything else would be frozen wrongly."""

from __future__ import annotations

import base64
import hashlib
import os
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from types import ModuleType

from packaging.version import InvalidVersion, Version

from nb2svc.errors import FreezeError
from nb2svc.values import Problem

from .installed import Installed, digests
from .owners import Owners

SLACK = 2.0  # seconds that a file may be newer than the metadata of its installation


def refuse_upgraded(needed: Iterable[Installed], owners: Owners) -> None:
    """Raise FreezeError for every distribution that was replaced after this process had loaded it.

    Only what was installed after the process began can be so. Of those, a loaded ``__version__`` other than the
    metadata's tells it, unless that very version stands in the package's files today: some packages number their
    module and their distribution differently.
    """
    recent = {one.name: one for one in needed if one.changed > process_started()}
    problems = [
        Problem(
            message=f"{found.name} was replaced under the running kernel: loaded {loaded}, installed {found.version}",
            hint="restart the kernel, run the notebook again and export",
        )
        for name, module in _top_level(owners, recent)
        if (loaded := _other_version(module, found := recent[name]))
    ]
    if problems:
        raise FreezeError("the kernel does not run what is installed", problems=problems)


def refuse_edited(needed: Iterable[Installed], owners: Owners) -> None:
    """Raise FreezeError for every loaded library file that is not what its distribution was installed with.

    The service installs that distribution anew, and would run the original. What ships as a wheel of its own files
    ships with the edit. Only files newer than their installation are read.
    """
    watched = {one.name: one for one in needed if one.origin.kind in {"index", "archive"}}
    newer: dict[str, list[str]] = {}
    for file in _loaded_files():
        owner = owners.of_file(file)
        if owner and owner.name in watched and _changed(file) > owner.changed + SLACK:
            newer.setdefault(owner.name, []).append(file)
    problems = [
        Problem(
            message=f"{name} {watched[name].version} was edited where it is installed: {', '.join(edited)}",
            hint=f"undo it (%pip install --force-reinstall --no-deps {name}=={watched[name].version}) "
            "or change what it does from a cell of the notebook; restart the kernel, run the notebook again and export",
        )
        for name, files in sorted(newer.items())
        if (edited := _edited(watched[name], files))
    ]
    if problems:
        raise FreezeError("the kernel does not run what its distributions hold", problems=problems)


def _loaded_files() -> list[str]:
    files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    return sorted({file for file in files if isinstance(file, str)})


def _changed(file: str) -> float:
    try:
        return os.stat(file).st_mtime  # noqa: PTH116 - thousands of files
    except OSError:
        return 0.0  # gone: the service has it again


def _edited(installed: Installed, files: list[str]) -> list[str]:
    """Those of ``files`` whose digest is not the one that RECORD lists, relative to the site folder."""
    site = os.path.realpath(installed.site)
    listed = digests(Path(installed.metadata))
    inside = [(os.path.relpath(os.path.realpath(file), site).replace(os.sep, "/"), file) for file in files]
    return [name for name, file in inside if name in listed and listed[name] != _digest(file)]


def _digest(file: str) -> str:
    found = hashlib.sha256(Path(file).read_bytes()).digest()
    return base64.urlsafe_b64encode(found).rstrip(b"=").decode()


@cache
def process_started() -> float:
    """When this process began, seconds since the epoch."""
    import psutil

    return float(psutil.Process().create_time())


def _top_level(owners: Owners, names: Iterable[str]) -> list[tuple[str, ModuleType]]:
    """(distribution, loaded top-level module) of those distributions."""
    wanted = set(names)
    if not wanted:
        return []
    files = {
        name: file
        for name, module in list(sys.modules.items())
        if "." not in name and isinstance(file := getattr(module, "__file__", None), str)
    }
    owned = ((owners.of_file(file), sys.modules[name]) for name, file in sorted(files.items()))
    found = [(owner.name, module) for owner, module in owned if owner and owner.name in wanted]
    return sorted(found, key=lambda pair: (pair[0], pair[1].__name__))


def _other_version(module: ModuleType, installed: Installed) -> str:
    """The version that ``module`` says it has, where that is another than the installed one; else ""."""
    text = vars(module).get("__version__")  # not getattr: what a module computes on request, it computes from today's
    if not isinstance(text, str):
        return ""
    loaded, current = _version(text), _version(installed.version)
    if loaded is None or current is None or loaded == current:
        return ""
    return "" if _stands_on_disk(module, text) else text


def _version(text: str) -> Version | None:
    """Without a local label (``+cu126``), which modules often leave out."""
    try:
        return Version(Version(text).public)
    except InvalidVersion:
        return None


def _stands_on_disk(module: ModuleType, version: str) -> bool:
    """Whether the package's own top-level files hold that version now."""
    file = Path(str(module.__file__))
    files = file.parent.glob("*.py") if file.stem == "__init__" else [file]
    return any(_holds(path, version) for path in files)


def _holds(path: Path, version: str) -> bool:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return any(f"{quote}{version}{quote}" in text for quote in "'\"")
