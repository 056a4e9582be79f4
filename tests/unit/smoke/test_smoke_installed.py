from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from nb2svc.smoke.installed import locate, normalized


@pytest.fixture
def site(tmp_path) -> Path:
    path = tmp_path / "site"
    path.mkdir()
    return path


def install(site: Path, folder: str, **files: str) -> Path:
    info = site / folder
    info.mkdir(parents=True)
    for name, text in files.items():
        (info / {"record": "RECORD", "top": "top_level.txt", "url": "direct_url.json"}[name]).write_text(text)
    return info


EDITABLE = json.dumps({"url": "file:///src", "dir_info": {"editable": True}})


def test_a_wheel_is_found_by_its_record(site):
    install(site, "Ruamel.Yaml-1.0.dist-info", record="ruamel/yaml/__init__.py,,\n")
    found = locate({"ruamel-yaml"}, [str(site)])
    assert found.sites == (str(site),)
    assert found.records == ((str(site), str(site / "Ruamel.Yaml-1.0.dist-info" / "RECORD")),)
    assert found.trees == ()


def test_what_is_not_asked_for_or_not_there_admits_nothing(site):
    install(site, "other-1.0.dist-info", record="other.py,,\n")
    found = locate({"absent"}, [str(site), str(site / "gone")])
    assert (found.sites, found.records, found.trees) == ((), (), ())


def test_the_first_along_the_path_counts(site, tmp_path):
    second = tmp_path / "second"
    install(site, "a-2.0.dist-info", record="a.py,,\n")
    install(second, "a-1.0.dist-info", record="a.py,,\n")
    assert locate({"a"}, [str(site), str(second)]).sites == (str(site),)


def test_without_a_record_the_top_levels_count(site):
    install(site, "Old_Style-1.0-py3.11.egg-info", top="old_style\n_old\n")
    install(site, "bare.egg-info")
    found = locate({"old-style", "bare"}, [str(site)])
    assert set(found.trees) == {str(site / "old_style"), str(site / "_old"), str(site / "bare")}


def test_an_editable_install_by_path(site, tmp_path):
    (site / "__editable__.mine-1.0.pth").write_text(f"# comment\nimport os\n{tmp_path}/src\n")
    install(site, "mine-1.0.dist-info", record="__editable__.mine-1.0.pth,,\n", url=EDITABLE, top="mine\n")
    install(site, "plain-1.0.dist-info", record="__editable__.mine-1.0.pth,,\n", url=EDITABLE)
    assert locate({"mine"}, [str(site)]).trees == (f"{tmp_path}/src/mine",)
    assert locate({"plain"}, [str(site)]).trees == (f"{tmp_path}/src",)


def test_an_editable_install_by_finder(site):
    finder = "__editable___mine_1_0_finder.py"
    (site / finder).write_text("MAPPING: dict[str, str] = {'mine': '/src/lib/mine'}\nNAMESPACES = {}\n")
    install(site, "mine-1.0.dist-info", record=f"{finder},,\n", url=EDITABLE)
    assert locate({"mine"}, [str(site)]).trees == ("/src/lib/mine",)


def test_an_archive_on_the_path_is_passed_over(tmp_path):
    archive = tmp_path / "python.zip"
    archive.write_bytes(b"PK")
    assert locate({"a"}, [str(archive)]).sites == ()


def test_in_this_interpreter():
    found = locate({"FastAPI", "scikit_learn"}, sys.path)
    assert len(found.records) == 2


@pytest.mark.parametrize(("name", "form"), [("Ruamel.Yaml", "ruamel-yaml"), ("a__b--c", "a-b-c"), ("X", "x")])
def test_normalized_names(name, form):
    assert normalized(name) == form
