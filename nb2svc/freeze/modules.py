"""Where a module lies, by its import name and without importing it."""

from __future__ import annotations

import importlib.util
import os
import sys
import sysconfig
from dataclasses import dataclass
from functools import cache
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType


@dataclass(frozen=True, slots=True)
class Location:
    """A module is part of the interpreter, a file, a namespace package of several folders, or nowhere."""

    name: str  # the module found: ``name`` asked for, or the nearest parent that has a place
    file: str = ""
    folders: tuple[str, ...] = ()
    interpreter: bool = False  # built in, frozen or in the standard library

    @property
    def found(self) -> bool:
        return bool(self.file or self.folders or self.interpreter)


def locate(name: str) -> Location:
    """Where ``name`` lies: as loaded in this process, else as it would be found.

    A name without a place of its own (``six.moves.urllib``, or an attribute such as ``numpy.linalg.norm``) has
    that of its parent, unless the parent is a namespace package: those own nothing.
    """
    here = _loaded(name) if name in sys.modules else _findable(name)
    if here.found:
        return here
    parent = name.rpartition(".")[0]
    above = locate(parent) if parent else here
    return above if above.file or above.interpreter else Location(name)


def is_standard_library(file: str) -> bool:
    """Whether a file belongs to the interpreter itself and not to what is installed into it."""
    folder = Path(file).parent
    if {"site-packages", "dist-packages"} & set(folder.parts):
        return False
    real = os.path.realpath(folder) + os.sep
    return any(real.startswith(stdlib) for stdlib in _standard_library())


@cache
def _standard_library() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    return tuple({os.path.realpath(paths[key]) + os.sep for key in ("stdlib", "platstdlib")})


def _loaded(name: str) -> Location:
    module: ModuleType | None = sys.modules[name]
    file = getattr(module, "__file__", None)
    if isinstance(file, str):
        return _at(name, file)
    folders = _strings(getattr(module, "__path__", ()))
    if folders:
        return Location(name, folders=folders)
    spec = getattr(module, "__spec__", None)
    return Location(name, interpreter=_is_interpreter(name, spec))


def _findable(name: str) -> Location:
    try:
        spec = _find_spec(name)
    except (ImportError, ValueError, AttributeError):
        spec = None
    if spec is None:
        return Location(name)
    if spec.has_location and spec.origin:
        return _at(name, spec.origin)
    return Location(name, folders=_strings(spec.submodule_search_locations), interpreter=_is_interpreter(name, spec))


def _find_spec(name: str) -> ModuleSpec | None:
    """As :func:`importlib.util.find_spec`, which would import the parents of a dotted name."""
    parent, _, _ = name.rpartition(".")
    if not parent:
        return importlib.util.find_spec(name)
    search: tuple[str, ...]
    if parent in sys.modules:
        search = _strings(getattr(sys.modules[parent], "__path__", ()))
    else:
        above = _find_spec(parent)
        search = _strings(above.submodule_search_locations) if above else ()
    if not search:
        return None
    specs = (finder.find_spec(name, search) for finder in sys.meta_path if hasattr(finder, "find_spec"))
    return next((spec for spec in specs if spec is not None), None)


def _at(name: str, file: str) -> Location:
    return Location(name, file=file, interpreter=is_standard_library(file))


def _is_interpreter(name: str, spec: ModuleSpec | None) -> bool:
    return name in sys.builtin_module_names or (spec is not None and spec.origin in {"built-in", "frozen"})


def _strings(values: object) -> tuple[str, ...]:
    """The folders of a ``__path__``, which may be any iterable or, in odd modules, anything at all."""
    try:
        return tuple(value for value in values if isinstance(value, str))  # type: ignore[attr-defined]
    except TypeError:
        return ()
