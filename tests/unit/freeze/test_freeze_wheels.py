"""Local wheels: the installed files again, byte for byte, or what an editable's tree builds."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from nb2svc.errors import FreezeError
from nb2svc.freeze import installed_owners
from nb2svc.freeze.resolve import find_uv
from nb2svc.freeze.target import Target
from nb2svc.freeze.wheelfile import found_wheel, sha256_of
from nb2svc.freeze.wheels import editable_wheel, installed_wheel
from nb2svc.package_index import user_index

pytestmark = pytest.mark.once  # what uv builds

TARGET = Target(f"{sys.version_info[0]}.{sys.version_info[1]}", "linux/amd64")


def wheel_of(name: str, target: Target = TARGET):
    return installed_wheel(installed_owners().named(name), target)


def names(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return archive.namelist()


def test_installed_files_are_packed_as_their_wheel_was(site) -> None:
    site.install(
        "fab-pack",
        "1.2",
        files={"fab_pack/__init__.py": "X = 1\n", "fab_pack/data.txt": "data", "fab_pack/__pycache__/x.pyc": ""},
        metadata={"entry_points.txt": "[console_scripts]\nfab = fab_pack:main\n", "REQUESTED": ""},
        direct_url={"url": "https://user:secret@host/r", "vcs_info": {"vcs": "git", "commit_id": "0123456789abcdef"}},
    )
    wheel = wheel_of("fab-pack")
    assert wheel.path.name == "fab_pack-1.2-py3-none-any.whl"
    assert wheel.note == "from git commit 0123456789ab"
    assert names(wheel.path) == [
        "fab_pack/__init__.py",
        "fab_pack/data.txt",
        *(f"fab_pack-1.2.dist-info/{name}" for name in ("METADATA", "WHEEL", "entry_points.txt", "RECORD")),
    ]
    assert b"secret" not in wheel.path.read_bytes()
    assert wheel.holds("fab_pack.part")
    assert not wheel.holds("fab")


def test_the_same_files_give_the_same_bytes(site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    site.install("fab-same", files={f"fab_same/m{number}.py": str(number) for number in range(5)})
    first = wheel_of("fab-same")
    for path in (site.folder / "fab_same").iterdir():
        path.touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other"))
    again = wheel_of("fab-same")
    assert again.path != first.path
    assert again.path.read_bytes() == first.path.read_bytes()
    assert again.sha256 == first.sha256 == sha256_of(first.path)


def test_a_packed_wheel_installs_to_the_same_files(site, tmp_path: Path) -> None:
    site.install("fab-there", files={"fab_there/__init__.py": "ANSWER = 42\n", "fab_there/tables/a.csv": "1,2\n"})
    wheel = wheel_of("fab-there")
    to = tmp_path / "to"
    command = [find_uv(), "pip", "install", "--offline", "--no-deps", "--target", str(to), str(wheel.path)]
    subprocess.run(command, check=True, capture_output=True)
    assert (to / "fab_there" / "__init__.py").read_text() == "ANSWER = 42\n"
    assert (to / "fab_there" / "tables" / "a.csv").read_text() == "1,2\n"


def test_scripts_and_data_files_go_where_wheels_keep_them(
    site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()
    (tmp_path / "share").mkdir()
    (tmp_path / "bin" / "fab-tool").write_text("#!/home/me/venv/bin/python3\nprint()\n")
    (tmp_path / "bin" / "fab-made").write_text("made by the installer")
    (tmp_path / "share" / "fab.1").write_text("manual")
    site.install(
        "fab-data",
        metadata={"entry_points.txt": "[console_scripts]\nfab-made = fab:main\n"},
        also_recorded=("../bin/fab-tool", "../bin/fab-made", "../share/fab.1"),
    )
    wheel = wheel_of("fab-data")
    inside = [name for name in names(wheel.path) if ".data/" in name]
    assert inside == ["fab_data-1.0.data/data/share/fab.1", "fab_data-1.0.data/scripts/fab-tool"]
    with zipfile.ZipFile(wheel.path) as archive:
        assert archive.read(inside[1]) == b"#!python\nprint()\n"


def test_compiled_files_only_for_the_platform_they_are_for(site) -> None:
    tag = f"cp{TARGET.python.replace('.', '')}-cp{TARGET.python.replace('.', '')}-linux_x86_64"
    site.install("fab-native", files={"fab_native.so": "elf"}, tag=tag)
    assert wheel_of("fab-native").path.name == f"fab_native-1.0-{tag}.whl"
    with pytest.raises(FreezeError, match=f"built for {tag}, not for linux/arm64"):
        wheel_of("fab-native", Target(TARGET.python, "linux/arm64"))


def test_what_cannot_be_packed_is_refused(site) -> None:
    site.install("fab-torn", files={"fab_torn.py": ""})
    (site.folder / "fab_torn.py").unlink()
    with pytest.raises(FreezeError, match=r"lacks a file that it was installed with: fab_torn\.py"):
        wheel_of("fab-torn")
    info = site.install("fab-old", files={"fab_old.py": ""})
    (info / "WHEEL").unlink()
    with pytest.raises(FreezeError, match="which files are its own"):
        wheel_of("fab-old")


def test_a_wheel_of_a_folder_is_taken_as_it_is(site, tmp_path: Path) -> None:
    site.install("fab-found", files={"fab_found.py": ""})
    path = tmp_path / "fab_found-1.0-py3-none-any.whl"
    path.write_bytes(wheel_of("fab-found").path.read_bytes())
    wheel = found_wheel(path)
    assert (wheel.path, wheel.sha256) == (path, sha256_of(path))
    assert found_wheel(path) == wheel, "its digest is remembered"


# --- editable installs --------------------------------------------------------------------------

PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "fab-tree"
version = "0.3"
[tool.hatch.build.targets.wheel]
packages = ["fabtree"]
"""


@pytest.fixture
def tree(site, tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    (root / "fabtree").mkdir(parents=True)
    (root / "fabtree" / "__init__.py").write_text("X = 1\n")
    (root / "pyproject.toml").write_text(PYPROJECT)
    direct = {"url": root.as_uri(), "dir_info": {"editable": True}}
    (site.folder / "_fab_tree.pth").write_text(f"{root}\n")
    site.install("fab-tree", "0.3", direct_url=direct, also_recorded=("_fab_tree.pth",))
    return root


def build():
    return editable_wheel(installed_owners().named("fab-tree"), TARGET, find_uv(), user_index())


def git(root: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@t", "-c", "init.defaultBranch=main"]
    run = subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True, text=True)
    return run.stdout.strip()


def test_an_editable_tree_is_built_once_per_state(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(tree, "init", "-q")
    git(tree, "add", ".")
    git(tree, "commit", "-qm", "one")
    commit = git(tree, "rev-parse", "--short=12", "HEAD")
    first = build()
    assert names(first.path)[0] == "fabtree/__init__.py"
    assert first.note == f"from an editable install, git commit {commit}"
    with monkeypatch.context() as patch:
        patch.setattr("nb2svc.freeze.wheels._built", lambda *_: pytest.fail("built again"))
        assert build() == first
    (tree / "fabtree" / "__init__.py").write_text("X = 20\n")
    second = build()
    assert second.sha256 != first.sha256
    assert second.note == f"from an editable install, git commit {commit} with uncommitted changes"
    (tree / "fabtree" / "__init__.py").write_text("X = 1\n")
    assert build().sha256 == first.sha256, "the same tree, the same bytes"


def test_a_tree_that_does_not_build_shows_the_log_without_addresses(tree: Path) -> None:
    broken = PYPROJECT.replace('packages = ["fabtree"]', 'packages = ["https://user:secret@host/nothing"]')
    (tree / "pyproject.toml").write_text(broken.replace('build-backend = "hatchling.build"', 'build-backend = "gone"'))
    with pytest.raises(FreezeError, match="does not build") as caught:
        build()
    assert "gone" in caught.value.log
    assert "secret" not in str(caught.value)


def test_a_tree_that_is_gone(tree: Path) -> None:
    tree.rename(tree.with_name("elsewhere"))
    with pytest.raises(FreezeError, match="a folder that is gone"):
        build()
