"""Names that a person gives or a front end tells: the service's, the notebook's, distributions, files, variables."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from .errors import UsageError


def notebook_file(namespace: Mapping[str, Any]) -> str:
    """The notebook's file name, as Jupyter's server or VS Code tells the kernel; empty where none does."""
    told = namespace.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME", "")
    name = Path(str(told)).name
    return name if name.endswith(".ipynb") else ""


def service_name(notebook: str) -> str:
    """A service name made from a notebook's file name: ``My Iris.ipynb`` → ``my-iris``."""
    from .export.names import service_name as nearest

    return nearest(Path(notebook).stem) if notebook else "service"


def checked(name: str) -> str:
    """``name``, if a service can have it. Raises ``UsageError``."""
    from .export.names import is_service_name
    from .export.names import service_name as nearest

    if not is_service_name(name):
        hint = f"lower-case letters, digits and single hyphens between them, such as {nearest(name)}"
        raise UsageError(f"{name!r} cannot be the service's name", hint=hint)
    return name


def installed(known: tuple[str, ...], distributions: tuple[str, ...]) -> tuple[str, ...]:
    """``known`` and the distributions, each checked to be installed; or system packages, as ``apt:libgomp1``.

    A distribution may ask for extras, as ``uvicorn[standard]``. Raises ``UsageError``.
    """
    from importlib import metadata

    system = [name for name in distributions if name.startswith("apt:")]
    if wrong := [name for name in system if not re.fullmatch(r"apt:[a-z0-9][a-z0-9+.-]+", name)]:
        raise UsageError(f"{wrong[0]} names no Debian package", hint="as in: %nb2svc require apt:libgomp1")
    names = [name for name in distributions if name not in system]
    missing = [name for name in names if not list(metadata.distributions(name=_distribution(name)))]
    if missing:
        hint = f"%pip install {missing[0]}, or give the name that pip uses"
        raise UsageError(f"no distribution {_distribution(missing[0])} is installed in this kernel", hint=hint)
    return tuple(sorted({*known, *distributions}))


def _distribution(asked: str) -> str:
    """The name alone of ``uvicorn[standard]``."""
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        return Requirement(asked).name
    except InvalidRequirement:
        hint = "write a distribution's name, with extras where it needs some: %nb2svc require uvicorn[standard]"
        raise UsageError(f"{asked!r} names no distribution", hint=hint) from None


def included(known: tuple[tuple[str, Path], ...], files: Iterable[str], folder: Path) -> tuple[tuple[str, Path], ...]:
    """``known`` and the files, by their path relative to the notebook's folder; of a folder, or of a pattern such as
    ``data/*.csv``, all files. Raises ``UsageError``.
    """
    paths = dict(known)
    for name in files:
        sources = list(_files(folder, name))
        if not sources:
            what = "no file in" if (folder / name).is_dir() else "no file"
            raise UsageError(f"there is {what} {name}", hint=f"paths are relative to {folder}")
        for source in sources:
            if not source.is_relative_to(folder.absolute()):
                hint = "copy it beside the notebook: the service opens it by the same relative path"
                raise UsageError(f"{name} lies outside the notebook's folder", hint=hint)
            paths[source.relative_to(folder.absolute()).as_posix()] = source.resolve()
    return tuple(sorted(paths.items()))


def _files(folder: Path, name: str) -> Iterator[Path]:
    found = Path(os.path.abspath(folder / name))  # noqa: PTH100 - a link stays where it is
    if found.is_file():
        yield found
    elif found.is_dir():
        below = sorted(one for one in found.rglob("*") if one.is_file())
        yield from (one for one in below if not {"__pycache__", ".ipynb_checkpoints"} & set(one.parts))
    elif glob.has_magic(name):
        matched = (Path(os.path.abspath(one)) for one in sorted(glob.glob(str(folder / name), recursive=True)))  # noqa: PTH100, PTH207
        yield from (one for one in matched if one.is_file())


def variables(known: tuple[str, ...], names: Iterable[str]) -> tuple[str, ...]:
    """``known`` and the names of environment variables. Raises ``UsageError``."""
    for name in names:
        if not re.fullmatch(r"[A-Za-z_]\w*", name):
            raise UsageError(f"{name!r} is no name of an environment variable", hint="%nb2svc env NAME: no value")
    return tuple(sorted({*known, *names}))
