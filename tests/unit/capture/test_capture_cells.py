"""The cell log: which cell bound what, found without going through all cells."""

from __future__ import annotations

import ast

import pytest
from effort import lines_of
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from nb2svc.capture.cells import CellLog
from nb2svc.capture.codes import is_postponed


@pytest.fixture
def shell(tmp_path):
    config = Config({"HistoryManager": {"hist_file": str(tmp_path / "history.sqlite"), "enabled": True}})
    made = InteractiveShell(config=config)
    yield made
    made.history_manager.end_session()


@pytest.fixture
def log(shell):
    log = CellLog()
    log.attach(shell)
    yield log
    log.detach()


def run(shell, *cells):
    for cell in cells:
        shell.run_cell(cell, store_history=True).raise_error()


def test_the_newest_statement_that_gave_a_name_its_object(shell, log):
    run(
        shell,
        "class A: pass\na = A()",
        "b = a",
        "a = A()\na = a\nif True:\n    a = A()",
        "c = [d := A()]",
        "for e in [A()]: pass",
        "f: A = A()",
    )
    ns = shell.user_ns
    found = {name: log.binding(name, ns[name]) for name in "Aabcdef"}
    assert {name: (one.logged.cell.number, one.node.lineno) for name, one in found.items()} == {
        "A": (1, 1), "a": (3, 4), "b": (2, 1), "c": (4, 1), "d": (4, 1), "e": (5, 1), "f": (6, 1),
    }  # fmt: skip
    assert log.binding("a", ns["b"]).logged.cell.number == 1  # what b holds was bound to a long ago
    assert log.binding("a", object()) is None
    assert log.binding("nothing", None) is None


def test_imports_newest_first_and_only_those_that_may_bind_the_name(shell, log):
    run(shell, "import os.path\nimport json as j, re", "from os import *", "import os\nfrom json import loads as j")
    assert [ast.unparse(node) for node in log.imports("os")] == ["import os", "from os import *", "import os.path"]
    names = [ast.unparse(node) for node in log.imports("j")]
    assert names == ["from json import loads as j", "from os import *", "import json as j, re"]


def test_the_import_that_postpones_annotations_holds_for_all_that_follows_it(shell):
    run(shell, "def a(): pass\nfrom __future__ import annotations\ndef b(): pass")
    log = CellLog()
    log.attach(shell)  # what ran before is read from the history
    run(shell, "def c(): pass")
    log.detach()
    for name, postponed in {"a": False, "b": True, "c": True}.items():
        function = shell.user_ns[name]
        found = log.binding(name, function)
        assert found.logged.postpones(found.node) == is_postponed(function) == postponed


def test_the_cell_that_is_running_is_the_newest_with_its_names_as_they_are(shell, log):
    seen = []

    def look():
        binding = log.binding("x", shell.user_ns["x"])
        seen.append((binding.logged.cell.number, binding.node.lineno, log.current.cell.number))
        seen.append(log.by_filename(look_here.__code__.co_filename).cell.number)

    run(shell, "x = object()")
    shell.user_ns["look"] = look
    run(shell, "def look_here(): pass")
    look_here = shell.user_ns["look_here"]
    run(shell, "y = look()\nx = object()\nlook()")
    assert seen == [(3, 2, 3), 2, (3, 2, 3), 2]
    assert log.current is None


def test_cells_that_ran_before_are_taken_in(shell):
    run(shell, "import json", "x = object()", "def f(): pass")
    log = CellLog()
    log.attach(shell)
    try:
        f = shell.user_ns["f"]
        assert log.binding("f", f).logged is log.by_filename(f.__code__.co_filename)
        assert log.binding("x", shell.user_ns["x"]).logged.cell.number == 2
        assert len(list(log.imports("json"))) == 1
    finally:
        log.detach()


def test_neither_a_cell_nor_a_search_is_more_work_in_a_long_notebook(shell, log):
    """In milliseconds: ``bench/notebook.py``."""
    hooks = {"pre_run_cell": log._before, "post_run_cell": log._after}
    work = {event: [] for event in hooks}

    def counted(event):
        return lambda argument: work[event].append(lines_of(lambda: hooks[event](argument)))

    counting = {event: counted(event) for event in hooks}
    for event, hook in hooks.items():
        shell.events.unregister(event, hook)
        shell.events.register(event, counting[event])
    body = "\n".join(f"def f_{{0}}_{line}(x):\n    return [x * n for n in range({line})]" for line in range(5))
    run(shell, *(f"x = object()\n{body.replace('{0}', str(cell))}" for cell in range(100)))
    for event, hook in hooks.items():
        shell.events.unregister(event, counting[event])
        shell.events.register(event, hook)  # for ``detach``
    for event, lines in work.items():
        assert lines[10:] == [lines[10]] * 90, event

    def search(cell):
        value = shell.user_ns[f"f_{cell}_3"]
        assert log.binding(f"f_{cell}_3", value).node.name == f"f_{cell}_3"
        assert log.by_filename(value.__code__.co_filename) is log.cells[cell]

    assert len({lines_of(lambda cell=cell: search(cell)) for cell in range(100)}) == 1
