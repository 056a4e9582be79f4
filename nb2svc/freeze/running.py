"""Whether the kernel still runs what is installed: a package upgraded under it would be frozen wrongly."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from types import ModuleType

from packaging.version import InvalidVersion, Version

from nb2svc.errors import FreezeError
from nb2svc.values import Problem

from .installed import Installed
from .owners import Owners


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
