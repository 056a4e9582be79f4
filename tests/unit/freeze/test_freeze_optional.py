"""What libraries take where it is installed: which of it the service has to have, and which of it says nothing."""

from __future__ import annotations

import importlib
import sys

import pytest

from nb2svc.freeze import freeze, installed_owners
from nb2svc.freeze.optional import further_roots, remember, remembered
from nb2svc.values import Sought

pytestmark = pytest.mark.once  # what uv answers


@pytest.fixture
def fabricated(site):
    """``fab-lib`` offers some extras; the modules of the others are loaded in this process."""
    extras = {
        "fab-fast": "performance", "fab-all": "all", "fab-test": "test", "fab-both": "test", "fab-plot": "plotting",
        "fab-shell": "cli", "fab-absent": "performance", "rich": "performance", "joblib": "performance",
        "pandas": "performance",
    }  # fmt: skip
    requires = [f'{name}; extra == "{extra}"' for name, extra in extras.items()] + ['fab-both; extra == "io"']
    site.install("fab-lib", files={"fab_lib.py": ""}, requires=tuple(requires))
    for name in [*extras, "fab-undeclared", "fab-plugin", "fab-idle"]:
        if name.startswith("fab"):
            points = "[fab.readers]\nx = " + name.replace("-", "_") + "\n[console_scripts]\nx = x:y\n"
            metadata = {"entry_points.txt": points} if name in {"fab-plugin", "fab-idle"} else {}
            site.install(name, files={f"{name.replace('-', '_')}.py": ""}, metadata=metadata)
    importlib.invalidate_caches()
    for name in ("all", "both", "fast", "plot", "plugin", "shell", "test", "undeclared"):
        importlib.import_module(f"fab_{name}")
    import joblib  # noqa: F401 - may be loaded already, as pandas and rich may
    import pandas as pd  # noqa: F401
    import rich  # noqa: F401

    return str(site.folder / "fab_lib.py")


def names_of(modules=(), groups=(), *, by, locked=()) -> set[str]:
    sought = Sought.of(dict.fromkeys(modules, (by,)), dict.fromkeys(groups, (by,)))
    return set(further_roots(sought, locked, installed_owners()))


def test_what_a_library_offers_as_an_extra_and_the_kernel_has_loaded(fabricated: str) -> None:
    asked = ["fab_fast", "fab_all", "fab_both", "fab_undeclared"]
    assert names_of(asked, by=fabricated) == {"fab-fast", "fab-all", "fab-both", "fab-undeclared"}
    assert names_of(asked, by=fabricated, locked=["fab-fast", "fab-all"]) == {"fab-both", "fab-undeclared"}
    why = further_roots(Sought.of({"fab_fast": (fabricated,)}, {}), (), installed_owners())
    assert why == {"fab-fast": "fab-lib uses it where it is installed, as in the notebook"}


def test_what_says_nothing_about_answers(fabricated: str) -> None:
    assert not names_of(["fab_test", "fab_plot", "fab_shell"], by=fabricated), "extras for working on it, or looking"
    assert not names_of(["fab_absent"], by=fabricated), "never loaded here"
    assert not names_of(["pandas", "rich"], by=fabricated), "a kind of data; for looking at"
    assert not names_of(["psutil", "IPython", "nb2svc", "fab_lib"], by=fabricated), "of the notebook; itself"
    assert names_of(["joblib"], by=fabricated) == set(), "the runtime's own table decides"


def test_the_notebooks_own_code_gets_what_it_looks_for(fabricated: str, tmp_path) -> None:
    own = str(tmp_path / "service" / "notebook.py")
    assert names_of(["pandas", "rich", "fab_test", "IPython"], by=own) == {"pandas", "rich", "fab-test"}
    assert not names_of(["fab_test"], by=""), "nobody who matters"


def test_a_plugin_whose_entry_point_was_loaded(fabricated: str) -> None:
    assert names_of(groups=["fab.readers"], by=fabricated) == {"fab-plugin"}
    assert names_of(groups=[""], by=fabricated) == {"fab-plugin"}, (
        "all groups were looked through, and this one bears its name"
    )
    assert not names_of(groups=["fab.writers"], by=fabricated)
    assert not names_of(groups=["fab.readers"], by=fabricated, locked=["fab-plugin"])


def test_the_lock_holds_them_and_says_why(only_this_site, package_index, fabricated: str, make_spec) -> None:
    for name in ("fab-lib", "fab-fast"):
        package_index.add(name, "1.0")
    sought = Sought.of({"fab_fast": (fabricated,)}, {})
    lock = freeze(make_spec("fab_lib"), sought=sought)
    assert lock.requirements_in.splitlines() == [
        "fab-fast==1.0  # fab-lib uses it where it is installed, as in the notebook",
        "fab-lib==1.0  # imported by the notebook's code",
    ]
    del sys.modules["fab_fast"]
    assert [one.name for one in freeze(make_spec("fab_lib"), sought=sought).distributions] == ["fab-lib"]


def test_it_is_remembered_by_code_and_environment(fabricated: str, make_spec) -> None:
    owners = installed_owners()
    sought = Sought.of({"fab_fast": (fabricated,)}, {"": ()})
    assert remembered(make_spec("fab_lib"), owners) == Sought()
    remember(make_spec("fab_lib"), owners, sought)
    assert remembered(make_spec("fab_lib"), owners) == sought
    assert remembered(make_spec("fab_other"), owners) == Sought()


def test_two_findings_are_one() -> None:
    one, other = Sought.of({"a": ("x",)}, {"g": ("x",)}), Sought.of({"a": ("y", "x"), "b": ()}, {})
    assert one | other == Sought.of({"a": ("x", "y"), "b": ()}, {"g": ("x",)})
