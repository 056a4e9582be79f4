"""Helper modules: which are copied, what they import, what of them is needed."""

from __future__ import annotations

import ast
import importlib
import sys
import textwrap
import types

import pytest

from nb2svc.capture.importable import folders_of, locate
from nb2svc.capture.module_imports import imports_of
from nb2svc.capture.modules import HelperModules, in_site_packages
from nb2svc.capture.reach import names_in_sources, reached
from nb2svc.values import Where


@pytest.fixture
def beside(tmp_path, monkeypatch):
    """Writes files into a folder on ``sys.path``."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    before = set(sys.modules)

    def beside(**files):
        for name, text in files.items():
            path = tmp_path / name.replace("__dot__", ".").replace("__in__", "/")
            path = path if path.suffix else path.with_suffix(".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
        importlib.invalidate_caches()

    yield beside
    for name in set(sys.modules) - before:
        del sys.modules[name]


def gathered(*names):
    helpers = HelperModules(in_site_packages, Where())
    for name in names:
        helpers.need(name, Where(cell=3, name="handler"))
    return helpers


def test_a_package_comes_with_what_it_imports_in_any_way(beside):
    beside(
        kit__in____init__="from . import near\nfrom .far import thing as other\n",
        kit__in__near="import importlib as i\ni.import_module('kit.named')\ni.import_module('.beside', __package__)",
        kit__in__far="def thing():\n    from kit.lazy import later\n    import numpy.linalg\n    return later",
        kit__in__lazy="__import__('kit.old')\nlater = 1",
        kit__in__named="",
        kit__in__beside="",
        kit__in__old="from .. import beyond",
        kit__in__unused="",
    )
    found = gathered("kit")
    assert sorted(found.found) == ["kit", "kit.beside", "kit.far", "kit.lazy", "kit.named", "kit.near", "kit.old"]
    assert found.found["kit"].path == "lib/kit/__init__.py"
    assert found.distributed == {"numpy.linalg"}
    assert found.problems == []
    assert "kit" not in sys.modules  # nothing was imported to find that out


def test_what_does_not_run_in_a_service_is_not_imported():
    tree = ast.parse(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import pandas\nelse:\n    import json\n"
        "if __name__ == '__main__':\n    import argparse\n"
    )
    assert imports_of(tree, "m", is_package=False) == {"typing", "json"}


def test_modules_named_only_at_run_time_are_those_that_were_loaded(beside):
    beside(plugins__in____init__="", plugins__in__a="", plugins__in__b="")
    importlib.import_module("plugins.b")
    tree = ast.parse("import importlib\ndef load(name):\n    return importlib.import_module(f'plugins.{name}')")
    assert imports_of(tree, "m", is_package=False) == {"importlib", "plugins", "plugins.b"}
    tree = ast.parse("import pkgutil\nALL = [one.name for one in pkgutil.iter_modules(__path__)]")
    assert imports_of(tree, "plugins", is_package=True) == {"pkgutil", "plugins.b"}


def test_a_namespace_package_has_no_file_of_its_own(beside):
    beside(space__in__part="X = 1")
    found = gathered("space.part")
    assert list(found.found) == ["space.part"]
    importlib.import_module("space.part")
    found = gathered("space", "space.part")
    assert list(found.found) == ["space.part"]
    assert found.problems == []
    assert found.distributed == set()


def test_what_is_not_installed_is_passed_over(beside):
    beside(careful="try:\n    import no_such_module\nexcept ImportError:\n    no_such_module = None")
    found = gathered("careful", "no_such_module.either")
    assert (list(found.found), found.problems, found.distributed) == (["careful"], [], set())


def test_names_that_a_helper_may_not_have(beside):
    beside(service="", uvicorn="", sched="", runtime="")
    for name in ("uvicorn", "sched"):
        sys.modules.pop(name, None)
    messages = [problem.message for problem in gathered("service", "uvicorn", "sched", "runtime").problems]
    assert messages == [
        "a helper module may not be called service: the exported project's own package has that name",
        "a helper module may not be called uvicorn: the service itself needs the package of that name",
        "a helper module may not be called sched: a module of Python itself has that name",
    ]


def test_code_that_cannot_be_copied(beside, monkeypatch):
    beside(legacy="print 'x'", asks="import __main__\nimport legacy")
    monkeypatch.setitem(sys.modules, "made_up", type(sys)("made_up"))
    found = gathered("asks", "made_up")
    assert [(str(one.where), one.message.partition(",")[0]) for one in found.problems] == [
        ("cell [3] › asks", "__main__ is imported"),
        ("cell [3] › asks", "legacy.py"),
        ("cell [3] › handler", "the module made_up was made in memory: it has no file"),
    ]


def test_only_what_is_reached_counts():
    module = ast.parse(
        "import os\nfrom other import load as fetch\nROOT = base()\n"
        "def base():\n    return 1\n"
        "def used():\n    return fetch()\n"
        "def train():\n    return secret()\n"
        "class Model:\n    def fit(self):\n        return train()\n"
    )
    other = ast.parse("def load():\n    return parse()\ndef parse():\n    pass\ndef secret():\n    pass")
    used = names_in_sources(["def handler():\n    return helpers.used()"])

    def names(nodes):
        return sorted(node.name for node in nodes if hasattr(node, "name"))

    found = reached({"helpers": module, "other": other}, used)
    assert names(found["helpers"]) == ["base", "used"]
    assert names(found["other"]) == ["load", "parse"]
    whole = reached({"helpers": module, "other": other}, used, {"helpers"})
    assert names(whole["helpers"]) == ["Model", "base", "train", "used"]
    assert names(whole["other"]) == ["load", "parse", "secret"]


def test_a_module_whose_path_is_no_list_has_no_folders(monkeypatch):
    class Odd(types.ModuleType):
        __path__ = property(lambda self: object())  # as that of torch.classes

    odd = Odd("odd")
    assert folders_of(odd) == ()
    monkeypatch.setitem(sys.modules, "odd", odd)
    assert locate("odd").folders == ()
    assert folders_of(importlib) == tuple(importlib.__path__)
