from __future__ import annotations

from nb2svc.capture.found import Found
from nb2svc.capture.ordering import Node
from nb2svc.capture.state import written_globals
from nb2svc.values import Definition

COUNT = Definition(name="count", kind="function", source="def count():\n    global calls, last\n    calls += 1")
STARTUP = Definition(name="startup", kind="startup", source="def startup():\n    global pool\n    pool = []")


def test_a_global_that_a_function_assigns_is_told_and_that_of_a_startup_cell_is_not():
    found = Found(nodes={one.name: Node(one, (1, 1)) for one in (COUNT, STARTUP)})
    told = [problem.message.partition(": ")[0] for problem in written_globals(found)]
    assert told == ["calls is changed by count", "last is changed by count"]
