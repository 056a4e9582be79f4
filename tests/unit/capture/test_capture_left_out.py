from __future__ import annotations

import sys
import threading
from types import ModuleType

import pytest

from nb2svc.capture.left_out import told
from nb2svc.capture.objects import probe

NOTEBOOK = """
import threading
class Plain:
    def __init__(self):
        self.v = 1
class Counter:
    def __init__(self, start):
        self.start, self.lock, self.handlers = start, threading.Lock(), {"made": lambda: start}
    def __getstate__(self):
        return {"start": self.start}
    def __setstate__(self, state):
        self.__init__(**state)
class Cached(Counter):
    def __init__(self, start):
        super().__init__(start)
        self.seen = []
class Rounded(Counter):
    def __getstate__(self):
        return {"start": round(self.start)}
class Sliced:
    __slots__ = ("a", "b")
    def __getstate__(self):
        return {"a": self.a}
    def __setstate__(self, state):
        self.a = state["a"]
class Registered:
    every = []
    def __init__(self):
        self.every.append(self)
    def __reduce__(self):
        return Registered, ()
"""


@pytest.fixture
def notebook(monkeypatch):
    main = ModuleType("__main__")
    exec(NOTEBOOK, main.__dict__)
    monkeypatch.setitem(sys.modules, "__main__", main)
    return main


def test_what_is_made_anew_and_is_the_same_is_not_told(notebook):
    assert told(notebook.Plain()) is None
    assert told(notebook.Counter(2)) is None
    assert told(notebook.Cached(2)) is None
    assert told(notebook.Rounded(2)) is None
    assert told(threading.Event()) is None


def test_what_is_left_out_or_made_otherwise_is_told_by_name(notebook):
    cached = notebook.Cached(2)
    cached.seen.append(3)
    cached.more = 1
    assert told(cached) == (
        "its Cached leaves out .seen, .more, or makes it anew, when it is pickled",
        "keep in Cached what answers depend on, or work it out anew from what is kept",
    )
    sliced = notebook.Sliced()
    sliced.a = sliced.b = 1
    assert "leaves out .b," in told(sliced)[0]
    assert "leaves out .start," in told(notebook.Rounded(2.5))[0]


def test_a_reduction_of_its_own_is_told_and_not_tried(notebook):
    one = notebook.Registered()
    assert told(one)[0] == "its Registered is made anew by Registered.__reduce__ when the service starts"
    assert notebook.Registered.every == [one]


def test_a_probe_finds_such_objects_however_deep(notebook):
    inner = notebook.Counter(1)
    assert probe([{"a": (inner, notebook.Plain())}], "x").by_hand == [inner]
