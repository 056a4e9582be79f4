"""Modules find their distributions by files: whatever the import name, however it was installed."""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path

import pytest

from nb2svc.freeze import cache, installed_owners, owners
from nb2svc.freeze.installed import Origin


@pytest.mark.parametrize(
    ("module", "distribution"),
    [
        ("PIL.Image", "pillow"),
        ("bs4", "beautifulsoup4"),
        ("dateutil.parser", "python-dateutil"),
        ("sklearn.ensemble", "scikit-learn"),
        ("sklearn.ensemble._forest", "scikit-learn"),
        ("yaml", "pyyaml"),
        ("_yaml", "pyyaml"),
        ("six.moves.urllib", "six"),
        ("numpy.linalg.norm", "numpy"),
        ("typing_extensions", "typing-extensions"),
    ],
)
def test_import_names_that_are_not_distribution_names(module: str, distribution: str) -> None:
    assert [one.name for one in installed_owners().of_module(module)] == [distribution]


def test_looking_for_an_owner_imports_nothing(site) -> None:
    site.install("fab-unused", files={"fabunused/__init__.py": "raise SystemExit", "fabunused/part.py": ""})
    found = installed_owners()
    assert [one.name for one in found.of_module("fabunused.part")] == ["fab-unused"]
    assert [one.name for one in found.of_module("fabunused.part.Attribute")] == ["fab-unused"]
    assert "fabunused" not in sys.modules


@pytest.mark.parametrize("module", ["json", "sys", "_json", "os.path", "unittest.mock", "no_such_module", "math"])
def test_the_standard_library_and_the_unknown_have_none(module: str) -> None:
    assert installed_owners().of_module(module) == ()


def test_files_beside_a_package_that_its_record_does_not_list_are_not_its_own(site) -> None:
    site.install("fab-listed", files={"fab_listed/__init__.py": ""})
    (site.folder / "fab_listed" / "added_by_hand.py").write_text("")
    (site.folder / "fab_stray.py").write_text("")
    found = installed_owners()
    assert [one.name for one in found.of_module("fab_listed")] == ["fab-listed"]
    assert found.of_module("fab_listed.added_by_hand") == ()
    assert found.of_module("fab_stray") == ()


def test_of_two_distributions_with_one_file_the_last_installed_owns_it(site) -> None:
    older = site.install("fab-cv", files={"fabcv/__init__.py": "# full"})
    newer = site.install("fab-cv-headless", files={"fabcv/__init__.py": "# headless"})
    os.utime(older, (1_000, 1_000))
    os.utime(newer, (2_000, 2_000))
    assert [one.name for one in installed_owners().of_module("fabcv")] == ["fab-cv-headless"]


def test_the_parts_of_a_namespace_package_have_their_own_distributions(site) -> None:
    site.install("fab-storage", files={"fabcloud/storage/__init__.py": ""})
    site.install("fab-compute", files={"fabcloud/compute/__init__.py": ""})
    found = installed_owners()
    assert [one.name for one in found.of_module("fabcloud.storage")] == ["fab-storage"]
    assert [one.name for one in found.of_module("fabcloud.compute")] == ["fab-compute"]
    assert found.of_module("fabcloud") == (), "nothing of it is in use"
    importlib.import_module("fabcloud.compute")
    assert [one.name for one in found.of_module("fabcloud")] == ["fab-compute"]


def test_a_namespace_package_of_one_distribution_is_its_own(site) -> None:
    site.install("fab-alone", files={"fabalone/part/__init__.py": ""})
    assert [one.name for one in installed_owners().of_module("fabalone")] == ["fab-alone"]


def test_an_editable_install_by_path_file(site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "work" / "src"
    (source / "fabedit").mkdir(parents=True)
    (source / "fabedit" / "__init__.py").write_text("")
    direct = {"url": source.parent.as_uri(), "dir_info": {"editable": True}}
    (site.folder / "_fab_edit.pth").write_text(f"{source}\n")
    site.install("fab-edit", direct_url=direct, also_recorded=("_fab_edit.pth",))
    monkeypatch.syspath_prepend(str(source))
    (one,) = installed_owners().of_module("fabedit")
    assert one.name == "fab-edit"
    assert one.origin == Origin("editable", path=str(source.parent))
    assert one.size is None


def test_an_editable_install_by_import_finder(site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "work"
    (source / "lib" / "fabfind").mkdir(parents=True)
    (source / "lib" / "fabfind" / "__init__.py").write_text("")
    (source / "unrelated.py").write_text("")
    finder = "__editable___fab_find_1_0_finder.py"
    mapping = {"fabfind": str(source / "lib" / "fabfind")}
    (site.folder / finder).write_text(
        f"from typing import Dict\nMAPPING: Dict[str, str] = {mapping!r}\nNAMESPACES = {{}}\n"
    )
    direct = {"url": source.as_uri(), "dir_info": {"editable": True}}
    site.install("fab-find", direct_url=direct, also_recorded=(finder,))
    monkeypatch.syspath_prepend(str(source / "lib"))
    monkeypatch.syspath_prepend(str(source))
    found = installed_owners()
    assert [one.name for one in found.of_module("fabfind")] == ["fab-find"]
    assert found.of_module("unrelated") == (), "only what the finder maps belongs to it"


def test_a_legacy_develop_install(site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "legacy"
    (source / "fablegacy.egg-info").mkdir(parents=True)
    (source / "fablegacy.egg-info" / "PKG-INFO").write_text("Metadata-Version: 1.0\nName: fablegacy\nVersion: 2.0\n")
    (source / "fablegacy.egg-info" / "top_level.txt").write_text("fablegacy\n")
    (source / "setup.py").write_text("")
    (source / "fablegacy.py").write_text("")
    (source / "notes.py").write_text("")
    monkeypatch.syspath_prepend(str(source))
    found = installed_owners()
    (one,) = found.of_module("fablegacy")
    assert (one.name, one.origin.kind, one.origin.path) == ("fablegacy", "editable", str(source))
    assert found.of_module("notes") == ()


@pytest.mark.parametrize(
    ("direct", "origin"),
    [
        (None, Origin()),
        ({"url": "https://host/x", "vcs_info": {"vcs": "git", "commit_id": "abc"}}, Origin("vcs", commit="abc")),
        ({"url": "file:///some/a%20b", "dir_info": {}}, Origin("directory", path="/some/a b")),
        ({"url": "file:///w/x.whl", "archive_info": {"hashes": {"sha256": "ff"}}}, Origin("archive", sha256="ff")),
        ({"url": "file:///w/x.whl", "archive_info": {"hash": "sha256=ee"}}, Origin("archive", sha256="ee")),
        ({"url": "file:///w/x.whl", "archive_info": {}}, Origin("archive")),
        ({"nonsense": 1}, Origin()),
    ],
)
def test_where_a_distribution_came_from(site, direct: object, origin: Origin) -> None:
    site.install("fab-origin", direct_url=direct)
    found = installed_owners().named("fab-origin")
    assert found is not None
    assert found.origin == origin


def test_what_conda_notes_is_not_where_it_came_from(site) -> None:
    direct = {"url": "file:///home/conda/feedstock_root/build_artifacts/x/work", "dir_info": {}}
    site.install("fab-conda", direct_url=direct, metadata={"INSTALLER": "conda\n"})
    found = installed_owners().named("fab-conda")
    assert found is not None
    assert found.origin == Origin("conda")


def test_sizes_are_the_records_sums(site) -> None:
    site.install("fab-sized", files={"fabsized/__init__.py": "x" * 1000})
    found = installed_owners().named("fab-sized")
    assert found is not None
    assert found.size is not None
    assert 1000 < found.size < 1400


@pytest.mark.once
def test_the_index_is_remembered_until_something_is_installed(site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.install("fab-first", files={"fabfirst.py": ""})
    built = []
    monkeypatch.setattr(owners, "_build", lambda folders, real=owners._build: built.append(1) or real(folders))
    first = installed_owners()
    assert installed_owners() is first
    owners._indexes.clear()  # as in another process
    again = installed_owners()
    assert (again is first, len(built)) == (False, 1)
    assert again.installed == first.installed
    assert [one.name for one in again.of_module("fabfirst")] == ["fab-first"]
    site.install("fab-second", files={"fabsecond.py": ""})
    importlib.invalidate_caches()
    assert [one.name for one in installed_owners().of_module("fabsecond")] == ["fab-second"]
    assert len(built) == 2


@pytest.mark.once
def test_a_spoilt_index_on_disk_is_built_again(site) -> None:
    site.install("fab-spoilt", files={"fabspoilt.py": ""})
    installed_owners()
    (stored,) = (cache.cache_folder() / "owners").glob("*.json")
    for text in ("{", json.dumps({"installed": 3}), json.dumps([1])):
        stored.write_text(text)
        owners._indexes.clear()
        assert [one.name for one in installed_owners().of_module("fabspoilt")] == ["fab-spoilt"]


def test_an_interrupted_install_is_no_distribution(site) -> None:
    (site.folder / "fab_half-1.0.dist-info").mkdir()
    assert installed_owners().named("fab-half") is None
