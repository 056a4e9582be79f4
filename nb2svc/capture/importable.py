"""Where a module comes from, without importing anything that the kernel did not import itself."""

from __future__ import annotations

import importlib.util
import sys
import sysconfig
from dataclasses import dataclass
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec, PathFinder
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Located:
    """``file`` may lie inside an archive; ``folders`` are those of a package, several for a namespace package."""

    name: str
    file: str = ""
    folders: tuple[str, ...] = ()
    loader: Any = None
    is_built_in: bool = False

    @property
    def is_package(self) -> bool:
        return bool(self.folders)

    @property
    def is_native(self) -> bool:
        return self.file.endswith(tuple(EXTENSION_SUFFIXES))

    @property
    def base(self) -> Path:
        """The folder from which the top-level package or module is imported: an entry of ``sys.path``."""
        up = self.name.count(".") + (2 if Path(self.file).stem == "__init__" else 1)
        return Path(self.file).parents[up - 1]

    def source(self) -> bytes | None:
        """Its text; None where there is none (native code, byte code alone)."""
        if not self.file.endswith(".py"):
            return None
        path = Path(self.file)
        if path.is_file():
            return path.read_bytes()
        try:
            text = self.loader.get_source(self.name)
        except (AttributeError, ImportError, OSError):
            return None
        return None if text is None else str(text).encode()


def locate(name: str) -> Located | None:
    """The module of this name as it is loaded, else as it would be found; None for none."""
    module = sys.modules.get(name)
    if module is None:
        spec = _find(name)
        return None if spec is None else _from_spec(name, spec)
    spec = getattr(module, "__spec__", None)
    file = getattr(module, "__file__", None) or ""
    built_in = not file and getattr(spec, "origin", None) in {"built-in", "frozen"}
    return Located(
        name=name,
        file=str(file),
        folders=folders_of(module),
        loader=getattr(module, "__loader__", None),
        is_built_in=built_in or name in sys.builtin_module_names,
    )


def folders_of(module: object) -> tuple[str, ...]:
    """The folders of a package; its ``__path__`` may be any iterable or, in odd modules (torch.classes), anything."""
    path = getattr(module, "__path__", None)
    try:
        return tuple(folder for folder in path or () if isinstance(folder, str))
    except TypeError:
        return ()


def _from_spec(name: str, spec: ModuleSpec) -> Located:
    return Located(
        name=name,
        file=spec.origin or "" if spec.has_location else "",
        folders=tuple(spec.submodule_search_locations or ()),
        loader=spec.loader,
        is_built_in=spec.origin in {"built-in", "frozen"},
    )


def _find(name: str) -> ModuleSpec | None:
    parent, _, _ = name.rpartition(".")
    try:
        if not parent:
            return importlib.util.find_spec(name)
        above = locate(parent)
        # ``importlib.util.find_spec`` would import the parent
        return PathFinder.find_spec(name, list(above.folders)) if above and above.folders else None
    except (ImportError, ValueError, AttributeError):
        return None


@cache
def _folders(*keys: str) -> tuple[Path, ...]:
    return tuple({Path(sysconfig.get_path(key)).resolve() for key in keys})


def is_standard(located: Located) -> bool:
    """Of the interpreter itself."""
    return located.is_built_in or (
        bool(located.file)
        and _is_below(located.file, _folders("stdlib", "platstdlib"))
        and not is_in_site_packages(located)
    )


def is_in_site_packages(located: Located) -> bool:
    """Below the interpreter's folders of installed packages, with its file or (a namespace) with any folder."""
    places = [located.file] if located.file else list(located.folders)
    return any(_is_below(place, _folders("purelib", "platlib")) for place in places)


def _is_below(place: str, folders: tuple[Path, ...]) -> bool:
    path = Path(place).resolve()
    return any(folder in path.parents for folder in folders)
