"""A loaded helper module against its file: what differs is told, what does not is left alone."""

from __future__ import annotations

import importlib
import os
import sys
import types
from pathlib import Path
from unittest import mock

import pytest

from nb2svc.capture import executed
from nb2svc.capture.drift import drift_of
from nb2svc.capture.modules import drift_of_distributions

SOURCE = '''
"""Prices."""
import math
import os.path
from functools import lru_cache, wraps

RATE = 2
SIZES = {"a": [1, 2.0]}
_CACHE = {}
KINDS = frozenset({"a", "b"})
TABLE = sorted([3, 1])
total = 0


def logged(function):
    @wraps(function)
    def inner(*arguments):
        return function(*arguments)

    return inner


def scale(x, factor=2, *, more=(1, 2)):
    """Scale it."""
    return [math.floor(one * RATE * factor) for one in (x, *more)]


@logged
def hidden(x):
    return x + 1


@lru_cache
def cached(x):
    return x


def fill(key):
    global total
    total += 1
    _CACHE[key] = total


class Limits:
    most = 3
    __least = 1

    def inside(self, x):
        return self.__least <= x <= self.most

    @property
    def name(self):
        return "limits"

    @staticmethod
    def kind():
        return "plain"

    class Inner:
        def deep(self):
            return 1


HANDLERS = {"double": lambda x: 2 * x}
'''


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Imports text as a module: of a new name each time, from a file beside the notebook."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = set(sys.modules)

    def load(source=SOURCE, name="prices"):
        (tmp_path / f"{name}.py").write_text(source)
        importlib.invalidate_caches()
        return importlib.import_module(name)

    yield load
    for name in set(sys.modules) - before:
        del sys.modules[name]


@pytest.fixture(params=["seen", "unseen"])
def module(load, request, monkeypatch):
    """The module, imported with nb2svc loaded or before it was."""
    executed.record()
    loaded = load()
    if request.param == "unseen":
        monkeypatch.delitem(executed._ran, loaded.__file__)
    return loaded


def drift(module, *edits, used=(), replayed=()):
    text = SOURCE
    for before, after in edits:
        assert before in text, before
        text = text.replace(before, after)
    return drift_of(module, text.encode(), used, replayed)


def test_what_is_as_it_was_differs_in_nothing(module):
    assert not drift(module)
    for harmless in [("\n\nclass", "\n\n# words\n\nclass"), ('"""Scale it."""', '"""  Scale it."""')]:
        assert not drift(module, harmless)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("x + 1", "x + 2", "hidden"),
        ("return x\n", "return -x\n", "cached"),
        ("math.floor(", "math.ceil(", "scale"),
        ("self.most\n", "self.most + 1\n", "Limits.inside"),
        ('"limits"', '"bounds"', "Limits.name"),
        ('"plain"', '"fancy"', "Limits.kind"),
        ("return 1\n", "return 7\n", "Limits.Inner.deep"),
        ("2 * x", "3 * x", "<lambda>"),
        ("RATE = 2", "RATE = 4", "RATE (is 2, but the file says 4)"),
        ("[1, 2.0]", "[1, 2]", "SIZES (is {'a': [1, 2.0]}, but the file says {'a': [1, 2]})"),
        ('{"a", "b"}', '{"a", "c"}', "KINDS"),
        ("factor=2", "factor=3", "scale(factor=…) (is 2, but the file says 3)"),
        ("more=(1, 2)", "more=(1, 3)", "scale(more=…) (is (1, 2), but the file says (1, 3))"),
        ("most = 3", "most = 5", "Limits.most (is 3, but the file says 5)"),
    ],
)
def test_an_edit_is_told_by_name(module, before, after, told):
    found = drift(module, (before, after))
    assert any(one.startswith(told) for one in (*found.edited, *found.changed)), found


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("sorted([3, 1])", "sorted([3, 2])", "line 11 (TABLE = sorted([3, 2]))"),
        ("@lru_cache\n", "@lru_cache(maxsize=3)\n", "cached"),
        ("import math\n", "import math, cmath\n", "import of cmath"),
        ("total = 0\n", "total = 0\nprint(total)\n", "line 13 (print(total))"),
    ],
)
def test_statements_are_compared_with_the_text_that_ran(load, before, after, told):
    executed.record()
    assert told in drift(load(), (before, after)).edited


def test_statements_are_compared_with_the_byte_code_of_the_last_import(load, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    module = load()
    monkeypatch.delitem(executed._ran, module.__file__, raising=False)
    edited = SOURCE.replace("sorted([3, 1])", "sorted([3, 1], reverse=True)")
    Path(module.__file__).write_text(edited)
    assert drift_of(module, edited.encode()).edited == ("its top level",)
    longer = SOURCE + "# only a comment\n"
    Path(module.__file__).write_text(longer)
    assert not drift_of(module, longer.encode())


def test_what_the_notebook_changed_is_told(load):
    executed.record()
    module = load()
    module.RATE = 3
    module.Limits.most = 4
    module.Limits.inside = lambda self, x: True
    module.math = types.SimpleNamespace(floor=int)
    module.added = 1
    module.TABLE = None  # made by a call: what it was is not known
    found = drift(module, used={"added"})
    assert found.changed == (
        "Limits.inside was replaced",
        "Limits.most is 4, but the file says 3",
        "RATE is 3, but the file says 2",
        "math is no longer what the file imports",
        "added was set from outside the file",
    )
    assert not found.edited
    with mock.patch.object(module, "scale", lambda x: x):
        assert "scale was replaced" in drift(module).changed
    replayed = {(id(module), "RATE"), (id(module), "math"), (id(module.Limits), "most"), (id(module.Limits), "inside")}
    assert not drift(module, replayed=replayed)


def test_state_that_the_module_changes_itself_is_no_edit(module):
    module.fill("a")
    module.fill("b")
    found = drift(module)
    assert set(found.state) == {"_CACHE", "total"}
    assert (found.edited, found.changed) == ((), ())


def test_a_module_loaded_again_is_as_its_file(load):
    executed.record()
    module = load()
    edited = SOURCE.replace("x + 1", "x + 2").replace("def fill", "def refill")
    Path(module.__file__).write_text(edited)
    os.utime(module.__file__, (0, 0))
    importlib.reload(module)
    assert not drift_of(module, edited.encode())  # ``fill`` is still there, and of no use
    assert drift_of(module, edited.encode(), used={"fill"}).edited == ("fill",)


def test_a_definition_that_is_gone_from_the_kernel_is_told(load):
    executed.record()
    module = load()
    del module.scale
    assert drift(module).changed == ("scale was deleted",)
    assert not drift(module, ("def fill", "def unfill"), used=()).changed[1:]


def test_a_file_that_is_no_python_any_more(load):
    with pytest.raises(SyntaxError):
        drift_of(load(), b"def f(:\n")


def test_editable_installs_are_compared_with_their_files(load):
    module = load("def of(x):\n    return x\n", "nb2svc_editable_example")
    assert drift_of_distributions({"nb2svc_editable_example"}) == []
    Path(module.__file__).write_text("def of(x):\n    return -x\n")
    (problem,) = drift_of_distributions({"nb2svc_editable_example.part"})
    assert problem.message.endswith(
        "nb2svc_editable_example.py was edited since nb2svc_editable_example was loaded: of"
    )
