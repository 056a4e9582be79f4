"""Imports that ask the file system once: what an installed service reads never changes while it starts.

Python's own finder asks for the time of a folder at each look-up in it, for the kind of what it found, and for the
source of each module that it has as bytecode: some ten thousand calls of the system for a scikit-learn service.
"""

from __future__ import annotations

import marshal
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import (
    BYTECODE_SUFFIXES,
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    ModuleSpec,
    SourceFileLoader,
    SourcelessFileLoader,
)
from importlib.util import MAGIC_NUMBER, spec_from_file_location
from types import CodeType, ModuleType

_UNCHECKED = MAGIC_NUMBER + (1).to_bytes(4, "little")  # bytecode that holds without a look at its source: PEP 552
_HEADER = 16  # bytes before the code


@contextmanager
def listed_once() -> Iterator[None]:
    """Within it, each folder that is imported from is listed once. Afterwards imports are Python's own again.

    Whoever writes modules and imports them calls ``importlib.invalidate_caches()``, as Python asks for anyway.
    """
    sys.path_hooks.insert(0, _finder)
    sys.path_importer_cache.clear()  # what is in it was made by other hooks
    try:
        yield
    finally:
        sys.path_hooks.remove(_finder)
        for path, finder in list(sys.path_importer_cache.items()):
            if isinstance(finder, _Finder):
                del sys.path_importer_cache[path]


def _finder(path: str) -> _Finder:
    if not os.path.isabs(path) or sys.pycache_prefix or sys.flags.optimize or not os.path.isdir(path):  # noqa: PTH112, PTH117
        raise ImportError(path)  # the next hook has it
    return _Finder(path)


class _Loader(SourceFileLoader):
    """Takes unchecked bytecode as it is; any other as ever."""

    def get_code(self, fullname: str) -> CodeType | None:
        folder, _, file = self.path.rpartition("/")
        try:
            with open(f"{folder}/__pycache__/{file[:-3]}.{sys.implementation.cache_tag}.pyc", "rb", 0) as bytecode:  # noqa: PTH123
                content = memoryview(bytecode.read())
        except OSError:
            return super().get_code(fullname)
        if content[: len(_UNCHECKED)] == _UNCHECKED:
            code: CodeType = marshal.loads(content[_HEADER:])  # noqa: S302 - what Python itself would do
            if code.co_filename == self.path:
                return code
        return super().get_code(fullname)


class _Finder(FileFinder):
    """A folder, by its listing; what is no plain module or package is left to Python's own finder."""

    def __init__(self, path: str) -> None:
        super().__init__(
            path,
            (ExtensionFileLoader, EXTENSION_SUFFIXES),
            (_Loader, SOURCE_SUFFIXES),
            (SourcelessFileLoader, BYTECODE_SUFFIXES),
        )
        self._stems: dict[str, set[str]] | None = None

    def find_spec(self, fullname: str, target: ModuleType | None = None) -> ModuleSpec | None:
        if self._stems is None:
            self._stems = _listed(self.path)
        name = fullname.rpartition(".")[2]
        found = self._stems.get(name)
        if found is None:
            return None
        if found == {f"{name}.py"}:
            path, inside = f"{self.path}/{name}.py", None
        elif found == {name} and os.path.isfile(path := f"{self.path}/{name}/__init__.py"):  # noqa: PTH113
            inside = [f"{self.path}/{name}"]
        else:
            return super().find_spec(fullname, target)
        loader = _Loader(fullname, path)
        return spec_from_file_location(fullname, path, loader=loader, submodule_search_locations=inside)

    def invalidate_caches(self) -> None:
        super().invalidate_caches()
        self._stems = None


def _listed(path: str) -> dict[str, set[str]]:
    """What stands in a folder, by the names to import it by; in an unreadable one, as for Python, nothing."""
    stems: dict[str, set[str]] = {}
    try:
        entries = os.listdir(path)  # noqa: PTH208 - a path object each would cost what this saves
    except OSError:
        return stems
    for entry in entries:
        stems.setdefault(entry.partition(".")[0], set()).add(entry)
    return stems
