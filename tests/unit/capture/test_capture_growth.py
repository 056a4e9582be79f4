"""What capture does grows with the notebook, not with its square: counted in calls, which no other load changes."""

from __future__ import annotations

import sys

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from nb2svc.capture.cells import CellLog
from nb2svc.capture.hidden import hidden_names
from nb2svc.capture.located import find_in
from nb2svc.capture.names import names_of
from nb2svc.capture.registry import MarkedStartup, Registry
from nb2svc.capture.spec import LiveKernel, closure_of
from nb2svc.values import Where

pytestmark = pytest.mark.once  # how work grows

HEAD = """
import functools, math
from dataclasses import dataclass

def timed(function):
    @functools.wraps(function)
    def inner(*arguments):
        return function(*arguments)
    return inner
"""
STEP = """
FACTOR_{n} = {n}.5
SCALE_{n} = math.sqrt(FACTOR_{n})
TABLE_{n} = {{"a": [{n}]}}

@dataclass
class Point{n}:
    x: float = FACTOR_{n}
    def size(self):
        return abs(self.x) + FACTOR_{n}

Point{n}.unit = "m"

@timed
def step_{n}(x, scale=SCALE_{n}):
    key = lambda value: value + FACTOR_{n}
    return before_{n}(Point{n}(x).size() * scale) + TABLE_{n}["a"][0] + key(x)

before_{next} = lambda x: step_{n}(x) if x > 100 else x
"""


@pytest.fixture
def shell(tmp_path):
    config = Config({"HistoryManager": {"hist_file": str(tmp_path / "history.sqlite"), "enabled": True}})
    made = InteractiveShell(config=config)
    yield made
    made.history_manager.end_session()


def calls(shell, count, *, in_one_cell):
    """How many calls the capture of ``count`` functions, each with classes and constants of its own, takes."""
    shell.reset()
    log = CellLog()
    log.attach(shell)
    steps = ["before_0 = lambda x: x", *(STEP.format(n=n, next=n + 1) for n in range(count))]
    for cell in [HEAD, "\n".join(steps)] if in_one_cell else [HEAD, *steps]:
        shell.run_cell(cell, store_history=True).raise_error()
    log.detach()
    kernel = LiveKernel(log=log, namespace=shell.user_ns, is_distributed=lambda _: False)
    source = f"print(step_{count - 1}(1.0))"
    mark = MarkedStartup(handler="startup", source=source, names=(), where=Where(cell=99, name="startup"))
    counted = 0

    def count_calls(_frame, event, _argument):
        nonlocal counted
        counted += event in {"call", "c_call"}

    names_of.cache_clear()
    hidden_names.cache_clear()
    before = sys.getprofile()
    sys.setprofile(count_calls)
    try:
        found = closure_of(Registry((mark,)), kernel)
        definitions = found.with_fingerprints(find_in(log), {})
    finally:
        sys.setprofile(before)
    assert found.problems == []
    assert len([one for one in definitions if one.name.startswith(("step_", "Point"))]) >= 2 * count
    return counted


@pytest.mark.parametrize("in_one_cell", [False, True])
def test_capture_of_twice_as_much_takes_twice_the_work(shell, in_one_cell):
    calls(shell, 3, in_one_cell=in_one_cell)  # what is imported and cached once
    half, whole = (calls(shell, count, in_one_cell=in_one_cell) for count in (30, 60))
    assert whole < 2.2 * half
