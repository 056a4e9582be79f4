from __future__ import annotations

from nb2svc.capture.changing import differing, state, written_globals
from nb2svc.capture.found import Found
from nb2svc.capture.ordering import Node
from nb2svc.values import Artifact, Definition, LiveObjects


def definition(name, kind, source, **fields):
    return Definition(name=name, kind=kind, source=source, **fields)


COUNT = definition("count", "function", "def count():\n    global calls, last\n    calls += 1")
STARTUP = definition("startup", "startup", "def startup():\n    global pool\n    pool = []")


def objects(sha256):
    artifact = Artifact(path="models/a.pkl", format="pickle", sha256=sha256, size=10, type="list", why="")
    return (LiveObjects(names=("a", "b"), artifact=artifact),)


def test_a_global_that_a_function_assigns_is_told_and_that_of_a_startup_cell_is_not():
    found = Found(nodes={one.name: Node(one, (1, 1)) for one in (COUNT, STARTUP)})
    assert [problem.message for problem in written_globals(found)] == [
        "calls is changed, in each worker for itself, by count",
        "last is changed, in each worker for itself, by count",
    ]


def test_what_differs_after_the_calls():
    seen = definition("seen", "constant", "seen = []")
    bump = definition("bump", "function", "", fingerprint={"closure count": "1"})
    same = definition("same", "constant", "same = 1")
    before = state({"seen": [], "same": 1}, [seen, bump, same], objects("x"))
    bumped = definition("bump", "function", "", fingerprint={"closure count": "2"})
    assert differing(before, state({"seen": ["a"], "same": 1}, [seen, bumped, same], objects("y"))) == [
        "seen",
        "bump",
        "a",
        "b",
    ]
    assert differing(before, before) == []
