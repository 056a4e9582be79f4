"""Imports from folders that are listed once give what Python's own give."""

from __future__ import annotations

import importlib
import importlib.util
import py_compile
import sys
from collections.abc import Iterator
from importlib.machinery import FileFinder
from pathlib import Path
from types import ModuleType

import pytest

from nb2svc.runtime.imports import listed_once

SEEN = ("name", "origin", "cached", "has_location", "parent", "submodule_search_locations")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder to import from; what was imported from it is gone afterwards."""
    root = tmp_path / "packages"
    root.mkdir()
    monkeypatch.syspath_prepend(str(root))
    before = set(sys.modules)
    yield root
    for name in set(sys.modules) - before:
        del sys.modules[name]


def write(root: Path, **files: str) -> None:
    for name, text in files.items():
        path = root / (name.replace("__", "/") + ".py").replace("/init", "/__init__")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def imported(name: str) -> ModuleType:
    for each in [each for each in sys.modules if each.partition(".")[0] == name.partition(".")[0]]:
        del sys.modules[each]
    return importlib.import_module(name)


def described(module: ModuleType) -> dict[str, object]:
    spec = module.__spec__
    assert spec is not None
    seen: dict[str, object] = {each: getattr(spec, each) for each in SEEN}
    if spec.submodule_search_locations is not None:
        seen["submodule_search_locations"] = list(spec.submodule_search_locations)
    return {**seen, "file": getattr(module, "__file__", None), "package": module.__package__}


@pytest.mark.parametrize("name", ["plain", "package", "package.inner", "package.deep.leaf", "spread.one", "compiled"])
def test_modules_are_those_that_python_finds(folder: Path, name: str) -> None:
    write(folder, plain="X = 1", package__init="from . import inner", package__inner="X = 2", package__deep__leaf="")
    write(folder, spread__one="X = 3", compiled="X = 4")
    py_compile.compile(str(folder / "compiled.py"), str(folder / "compiled.pyc"))
    (folder / "compiled.py").unlink()
    expected = described(imported(name))
    with listed_once():
        found = imported(name)
    assert described(found) == expected


def test_a_namespace_package_has_all_its_parts(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, spread__one="X = 1")
    write(tmp_path / "more", spread__two="X = 2")
    monkeypatch.syspath_prepend(str(tmp_path / "more"))
    with listed_once():
        assert (imported("spread.one").X, importlib.import_module("spread.two").X) == (1, 2)


def test_a_package_comes_before_a_module_of_its_name(folder: Path) -> None:
    write(folder, twice="X = 'module'", twice__init="X = 'package'")
    with listed_once():
        assert imported("twice").X == "package"


def test_extension_modules_are_found() -> None:
    with listed_once():
        spec = importlib.util.find_spec("numpy.linalg._umath_linalg")
    assert spec is not None
    assert type(spec.loader).__name__ == "ExtensionFileLoader"


def test_unchecked_bytecode_is_taken_as_it_is_and_any_other_is_checked(folder: Path) -> None:
    write(folder, frozen="X = 'as compiled'", checked="X = 'as compiled'")
    modes = py_compile.PycInvalidationMode
    py_compile.compile(str(folder / "frozen.py"), invalidation_mode=modes.UNCHECKED_HASH)
    py_compile.compile(str(folder / "checked.py"), invalidation_mode=modes.CHECKED_HASH)
    write(folder, frozen="X = 'edited'", checked="X = 'edited'")
    with listed_once():
        assert (imported("frozen").X, imported("checked").X) == ("as compiled", "edited")


def test_code_says_where_it_is_also_when_its_folder_was_moved(folder: Path, tmp_path: Path) -> None:
    write(folder, moved="def f(): pass")
    py_compile.compile(str(folder / "moved.py"), invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    other = tmp_path / "elsewhere"
    folder.rename(other)
    sys.path.insert(0, str(other))
    try:
        with listed_once():
            assert imported("moved").f.__code__.co_filename == str(other / "moved.py")
    finally:
        sys.path.remove(str(other))


def test_what_is_not_there_is_an_error_and_may_come_later(folder: Path) -> None:
    with listed_once():
        with pytest.raises(ModuleNotFoundError, match="late"):
            imported("late")
        write(folder, late="X = 1")
        importlib.invalidate_caches()
        assert imported("late").X == 1


def test_afterwards_imports_are_pythons_own(folder: Path) -> None:
    hooks = list(sys.path_hooks)
    write(folder, early="")
    with listed_once():
        imported("early")
    assert sys.path_hooks == hooks
    assert all(type(each) is FileFinder for each in sys.path_importer_cache.values() if isinstance(each, FileFinder))
    write(folder, later="X = 1")
    assert imported("later").X == 1
