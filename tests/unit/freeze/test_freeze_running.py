"""A package upgraded under the running kernel is refused, and nothing else is."""

from __future__ import annotations

import base64
import hashlib
import importlib
import os
import shutil
import sys
import time

import pytest

from nb2svc.errors import FreezeError
from nb2svc.freeze import installed_owners, running
from nb2svc.freeze.roots import find_roots
from nb2svc.freeze.running import process_started, refuse_edited, refuse_upgraded
from nb2svc.freeze.target import Target


def check(*names: str) -> None:
    found = installed_owners()
    refuse_upgraded([found.named(name) for name in names], found)


def upgrade(site, name: str, old: str, new: str, **files: str) -> None:
    """Install ``old``, import it, and put ``new`` in its place."""
    module = name.replace("-", "_")
    info = site.install(name, old, files={f"{module}/__init__.py": f'__version__ = "{old}"\n'})
    importlib.invalidate_caches()
    importlib.import_module(module)
    for path in sorted(info.iterdir()):
        path.unlink()
    info.rmdir()
    site.install(name, new, files={f"{module}/__init__.py": f'__version__ = "{new}"\n', **files})


def test_an_upgrade_names_both_versions(site) -> None:
    upgrade(site, "fab-upgraded", "1.0", "2.0")
    with pytest.raises(FreezeError) as caught:
        check("fab-upgraded")
    (problem,) = caught.value.problems
    assert problem.message == ("fab-upgraded was replaced under the running kernel: loaded 1.0, installed 2.0")
    assert "restart the kernel" in problem.hint


def test_a_downgrade_is_one_too(site) -> None:
    upgrade(site, "fab-downgraded", "2.0", "1.5")
    with pytest.raises(FreezeError, match=r"fab-downgraded was replaced .*: loaded 2\.0, installed 1\.5"):
        check("fab-downgraded")


def test_an_uninstalled_one_says_so(site, make_spec) -> None:
    info = site.install("fab-gone", "1.0", files={"fab_gone.py": ""})
    importlib.invalidate_caches()
    importlib.import_module("fab_gone")
    shutil.rmtree(info)
    (site.folder / "fab_gone.py").unlink()
    with pytest.raises(FreezeError) as caught:
        find_roots(make_spec("fab_gone"), installed_owners(), Target.of(make_spec().python))
    assert "was uninstalled under the running kernel" in caught.value.problems[0].message


@pytest.mark.parametrize("origin", ["index", "directory"])
def test_an_edited_library_is_refused_unless_it_ships_as_it_is(site, origin: str) -> None:
    name = f"fab-edited-{origin}"
    module = name.replace("-", "_")
    direct = {"url": "file:///here", "dir_info": {}} if origin == "directory" else None
    info = site.install(name, "1.0", files={f"{module}.py": "X = 1\n"}, direct_url=direct)
    digest = base64.urlsafe_b64encode(hashlib.sha256(b"X = 1\n").digest()).rstrip(b"=").decode()
    (info / "RECORD").write_text(f"{module}.py,sha256={digest},6\n")
    importlib.invalidate_caches()
    importlib.import_module(module)
    later = time.time() + 60
    file = site.folder / f"{module}.py"
    os.utime(file, (later, later))
    owners = installed_owners()
    refuse_edited([owners.named(name)], owners)  # touched, and the same
    file.write_text("X = 2\n")
    os.utime(file, (later, later))
    if origin == "directory":
        refuse_edited([owners.named(name)], owners)
        return
    with pytest.raises(FreezeError) as caught:
        refuse_edited([owners.named(name)], owners)
    (problem,) = caught.value.problems
    assert problem.message == f"{name} 1.0 was edited where it is installed: {module}.py"
    assert f"--no-deps {name}==1.0" in problem.hint


def test_each_module_of_a_distribution_is_looked_at(site) -> None:
    upgrade(site, "fab-several", "1.0", "2.0")
    sys.modules["fab_several_more"] = sys.modules["fab_several"]
    try:
        with pytest.raises(FreezeError, match="fab-several was replaced"):
            check("fab-several")
    finally:
        del sys.modules["fab_several_more"]


def test_the_same_version_again_is_no_upgrade(site) -> None:
    upgrade(site, "fab-again", "1.0", "1.0")
    upgrade(site, "fab-spelt", "1.0", "1.0.0")
    check("fab-again", "fab-spelt")


def test_installed_after_the_start_and_then_imported_is_no_upgrade(site) -> None:
    site.install("fab-fresh", "3.1", files={"fab_fresh.py": '__version__ = "3.1"\n'})
    importlib.invalidate_caches()
    importlib.import_module("fab_fresh")
    check("fab-fresh")


def test_a_module_numbered_unlike_its_distribution_is_no_upgrade(site) -> None:
    files = {"fab_odd/__init__.py": "from .about import __version__\n", "fab_odd/about.py": "__version__ = '0.9'\n"}
    site.install("fab-odd", "2024.1", files=files)
    importlib.invalidate_caches()
    importlib.import_module("fab_odd")
    assert sys.modules["fab_odd"].__version__ == "0.9"
    check("fab-odd")


@pytest.mark.parametrize("version", ["'unknown'", "(1, 0)", "None"])
def test_a_module_that_says_no_version_is_believed(site, version: str) -> None:
    name = f"fab-silent-{len(version)}"
    site.install(name, "2.0", files={f"fab_silent_{len(version)}.py": f"__version__ = {version}\n"})
    importlib.invalidate_caches()
    importlib.import_module(name.replace("-", "_"))
    check(name)


def test_what_was_installed_before_the_process_began_is_not_looked_at(site) -> None:
    upgrade(site, "fab-before", "1.0", "2.0")
    (info,) = site.folder.glob("fab_before-*.dist-info")
    earlier = process_started() - 60
    os.utime(info, (earlier, earlier))
    check("fab-before")


@pytest.mark.once
def test_this_environment_raises_no_false_alarm(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if all of it had been installed after the process began."""
    assert process_started() < time.time()
    monkeypatch.setattr(running, "process_started", lambda: 0.0)
    for name in ("sklearn", "pandas", "numpy", "PIL", "yaml", "dateutil", "matplotlib", "jupyterlab"):
        importlib.import_module(name)
    found = installed_owners()
    refuse_upgraded(found.installed, found)
    monkeypatch.setattr(
        running, "_digest", lambda file: pytest.fail(f"{file} was read, though it is as old as the rest")
    )
    refuse_edited(found.installed, found)
