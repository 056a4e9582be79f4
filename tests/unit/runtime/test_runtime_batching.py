"""Any interleaving of arrivals, ends, failures and cancellations: every caller gets its own answer, in order."""

from __future__ import annotations

import asyncio
import contextvars
import logging
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, precondition, rule
from prometheus_client import CollectorRegistry

from nb2svc.runtime.batching import Batcher
from nb2svc.runtime.meters import ModelMeters
from nb2svc.runtime.pace import Pace
from nb2svc.runtime.stacking import inputs_of


class Machinery:
    """A batcher on a loop that turns only when told, whose calls end when told."""

    def __init__(self, function: Any, max_rows: int | None = None) -> None:
        self.loop = asyncio.new_event_loop()
        self.registry = CollectorRegistry()
        meter = ModelMeters(self.registry).of("model", "predict")
        self.batcher = Batcher("model.predict", self._run, meter, max_rows)
        self.function = function
        self.calls: list[tuple[asyncio.Future[None], list[Any]]] = []  # that have begun, and who waits for them
        self.begun: list[int] = []  # rows of each call

    async def _run(self, call: Any, _context: contextvars.Context, _expected: float) -> Any:
        assert not self.running, "two calls at once"
        begun = asyncio.get_running_loop().create_future(), self.batcher._batch
        self.calls.append(begun)
        try:
            await begun[0]
        finally:
            self.calls.remove(begun)
        return call()

    @property
    def running(self) -> bool:
        """Whether there is a call for which anybody waits."""
        return any(not waiting.answer.done() for _, batch in self.calls for waiting in batch)

    def _call(self, rows: Any) -> Any:
        self.begun.append(len(rows))
        return self.function(rows)

    def ask(self, rows: Any) -> asyncio.Task[Any]:
        return self.loop.create_task(self.batcher.ask(inputs_of(rows), self._call))

    def turn(self) -> None:
        """Until nothing moves by itself."""
        for _ in range(8):
            self.loop.run_until_complete(asyncio.sleep(0))

    def end(self) -> None:
        """Let the call that began first return."""
        self.calls[0][0].set_result(None)
        self.turn()

    def finish(self) -> None:
        self.turn()
        while self.calls:
            self.end()

    def sample(self, name: str) -> float | None:
        return self.registry.get_sample_value(name, {"model": "model", "method": "predict"})


class Steady(Pace):
    """That of a method for which rows cost nothing."""

    def measure(self, *_):
        self.rows = self._most

    def __init__(self, most=None):
        super().__init__(most)
        self.rows = self._most


@pytest.fixture
def machinery():
    made = []

    def make(function, max_rows=None):
        made.append(Machinery(function, max_rows))
        return made[-1]

    yield make
    for one in made:
        one.finish()
        one.loop.close()


def doubled(rows):
    if any(row < 0 for row in rows):
        raise ValueError(f"negative: {rows}")
    return [row * 2 for row in rows]


def trusted(machinery, function=doubled, max_rows=None):
    """After its first call: by now it is known that there is one answer a row."""
    made = machinery(function, max_rows)
    made.ask([0])
    made.finish()
    made.batcher._pace = Steady(max_rows)
    made.begun.clear()
    return made


@dataclass(eq=False)
class Asked:
    rows: list[float]
    task: asyncio.Task[Any]
    cancelled: bool = False
    kinds: list[type] = field(default_factory=list)


class AnyInterleaving(RuleBasedStateMachine):
    """Rows are numbers; a negative one makes its call fail. Whole numbers and floats are not stacked."""

    waiting = Bundle("waiting")

    def __init__(self) -> None:
        super().__init__()
        self.machinery = Machinery(doubled)
        self.machinery.batcher._pace = Steady(7)
        self.asked: list[Asked] = []

    @rule(
        target=waiting,
        rows=st.lists(st.integers(0, 99), min_size=1, max_size=4),
        floats=st.booleans(),
        bad=st.integers(0, 5),
    )
    def arrive(self, rows, floats, bad):
        rows = [float(row) for row in rows] if floats else rows
        rows = [-1 - row for row in rows] if not bad else rows
        self.asked.append(Asked(rows, self.machinery.ask(rows)))
        return self.asked[-1]

    @rule()
    def turn(self):
        self.machinery.turn()

    @precondition(lambda self: self.machinery.calls)
    @rule()
    def end(self):
        self.machinery.end()

    @rule(one=consumes(waiting))
    def go_away(self, one):
        one.cancelled = one.task.cancel()

    @invariant()
    def answers_are_their_own(self):
        for one in self.asked:
            if one.task.done() and not one.cancelled:
                check(one)

    @invariant()
    def batches_are_bounded(self):
        assert max(self.machinery.begun, default=0) <= 7

    def teardown(self):
        self.machinery.finish()
        for one in self.asked:
            assert one.task.done()
            if not one.task.cancelled():
                check(one)
            else:
                assert one.cancelled
        assert not self.machinery.batcher._queue
        assert self.machinery.batcher._worker is None
        self.machinery.loop.close()


def check(one):
    if min(one.rows) < 0:
        assert str(one.task.exception()) == f"negative: {one.rows}"  # its own rows, no one else's
    else:
        answer = one.task.result()
        assert answer == doubled(one.rows)
        assert list(map(type, answer)) == list(map(type, one.rows))


TestAnyInterleaving = AnyInterleaving.TestCase
TestAnyInterleaving.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)


# --- the rule -----------------------------------------------------------------------------------


def test_an_idle_method_is_called_at_once(machinery) -> None:
    made = trusted(machinery)
    task = made.ask([1])
    made.turn()
    assert made.running
    made.end()
    assert task.result() == [2]


def test_what_comes_while_it_runs_becomes_one_call_in_order(machinery) -> None:
    seen = []

    def function(rows):
        seen.append(list(rows))
        return rows

    made = trusted(machinery, function)
    first = made.ask([1])
    made.turn()
    others = [made.ask([row]) for row in (2, 3, 4)]
    made.finish()
    assert seen[1:] == [[1], [2, 3, 4]]
    assert [task.result() for task in (first, *others)] == [[1], [2], [3], [4]]


def test_what_has_arrived_at_once_becomes_one_call(machinery) -> None:
    made = trusted(machinery)
    tasks = [made.ask([row]) for row in range(5)]
    made.finish()
    assert made.begun == [5]
    assert [task.result() for task in tasks] == [[0], [2], [4], [6], [8]]


def test_the_first_call_is_made_alone(machinery) -> None:
    made = machinery(doubled)
    tasks = [made.ask([row]) for row in range(4)]
    made.finish()
    assert made.begun == [1, 3]
    assert [task.result() for task in tasks] == [[0], [2], [4], [6]]


def test_no_batch_has_more_rows_than_it_may(machinery) -> None:
    made = trusted(machinery, max_rows=4)
    tasks = [made.ask([row, row]) for row in range(5)]
    tasks.append(made.ask(list(range(9))))  # more than that by itself
    made.finish()
    assert made.begun == [4, 4, 2, 9]
    assert all(task.done() for task in tasks)


def test_a_bad_call_fails_alone(machinery) -> None:
    made = trusted(machinery)
    tasks = [made.ask([row]) for row in (1, 2, -3, 4, 5)]
    made.finish()
    assert [task.result() for task in tasks if task is not tasks[2]] == [[2], [4], [8], [10]]
    assert str(tasks[2].exception()) == "negative: [-3]"
    assert made.sample("model_errors_total") == 3  # the batch, a half of it, and the call itself


def test_who_goes_away_disturbs_nobody(machinery) -> None:
    made = trusted(machinery)
    running = made.ask([1])
    made.turn()
    waiting, other = made.ask([2]), made.ask([3])
    made.turn()
    waiting.cancel()
    made.finish()
    assert made.begun == [1, 1]  # the cancelled one was not asked for any more
    assert (running.result(), other.result()) == ([2], [6])


def test_a_call_for_which_nobody_waits_any_more_holds_up_no_other(machinery) -> None:
    made = trusted(machinery)
    hanging = [made.ask([1]), made.ask([2])]
    made.turn()
    others = [made.ask([3]), made.ask([4])]
    hanging[0].cancel()
    made.turn()
    assert len(made.calls) == 1  # the other one still waits
    hanging[1].cancel()
    made.turn()
    assert len(made.calls) == 2
    made.calls[1][0].set_result(None)
    made.turn()
    assert [one.result() for one in others] == [[6], [8]]
    late = made.ask([5])
    made.turn()
    made.calls[1][0].set_result(None)
    made.turn()
    assert late.result() == [10]  # while the first one hangs on
    made.end()
    assert made.begun == [2, 1, 2]


def test_an_answer_without_one_part_a_row_ends_all_stacking(machinery, caplog) -> None:
    made = trusted(machinery, lambda rows: [sum(rows)])
    with caplog.at_level(logging.WARNING):
        tasks = [made.ask([row]) for row in range(4)]
        made.finish()
    assert [task.result() for task in tasks] == [[0], [1], [2], [3]]
    assert "model.predict are made one by one from now on" in caplog.text
    made.begun.clear()
    assert made.ask([1, 2]) is not None
    made.finish()
    assert made.begun == [2]


def test_a_first_answer_without_one_part_a_row_ends_it_too(machinery) -> None:
    made = machinery(sum)
    task = made.ask([1, 2])
    made.finish()
    assert task.result() == 3
    assert made.batcher._joins is False


def test_a_method_that_fails_on_batches_only_is_left_alone(machinery, caplog) -> None:
    def one_by_one(rows):
        if len(rows) > 1:
            raise RuntimeError("one row, please")
        return rows

    made = trusted(machinery, one_by_one)
    with caplog.at_level(logging.WARNING):
        tasks = [made.ask([row]) for row in range(8)]
        made.finish()
    assert [task.result() for task in tasks] == [[row] for row in range(8)]
    assert "it fails on rows that it answers one by one (RuntimeError: one row, please)" in caplog.text
    assert made.batcher._joins is False


def test_an_error_that_no_future_holds_leaves_no_caller_waiting(machinery) -> None:
    made = machinery(lambda rows: next(iter(())))
    task = made.ask([1])
    made.finish()
    assert isinstance(task.exception(), RuntimeError)


def test_a_loop_that_ends_leaves_nobody_waiting(machinery) -> None:
    made = trusted(machinery)
    running = made.ask([1])
    made.turn()
    waiting = made.ask([2])
    made.turn()
    made.batcher._worker.cancel()
    made.turn()
    assert running.cancelled()
    assert waiting.cancelled()


def test_the_meters_count_rows_waits_and_calls(machinery) -> None:
    made = trusted(machinery)
    for row in (1, 2, 3):
        made.ask([row])
    made.finish()
    assert made.sample("model_batch_rows_sum") == 4
    assert made.sample("model_batch_rows_count") == 2
    assert made.sample("model_queue_seconds_count") == 4
    assert made.sample("model_call_seconds_count") == 2
