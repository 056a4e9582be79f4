"""A package upgraded under the running kernel is refused, and nothing else is."""

from __future__ import annotations

import importlib
import os
import sys
import time

import pytest

from nb2svc.errors import FreezeError
from nb2svc.freeze import installed_owners, running
from nb2svc.freeze.running import process_started, refuse_upgraded


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


def test_this_environment_raises_no_false_alarm(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if all of it had been installed after the process began."""
    assert process_started() < time.time()
    monkeypatch.setattr(running, "process_started", lambda: 0.0)
    for name in ("sklearn", "pandas", "numpy", "PIL", "yaml", "dateutil", "matplotlib", "jupyterlab"):
        importlib.import_module(name)
    found = installed_owners()
    refuse_upgraded(found.installed, found)
