from __future__ import annotations

import math

from nb2svc.runtime.pace import Pace


def measured(seconds, *, most=None, calls=400, noise=lambda call: 1.0):
    """A pace after calls with as many rows as it proposes, each taking ``seconds(rows)``."""
    pace = Pace(most)
    for call in range(calls):
        pace.measure(pace.rows, seconds(pace.rows) * noise(call))
    return pace


def test_before_the_first_call_nothing_is_known() -> None:
    pace = Pace()
    assert pace.rows == 1
    assert pace.expected(1) == math.inf


def test_batches_grow_while_more_rows_cost_little() -> None:
    assert measured(lambda rows: 0.004 + rows * 1e-6, calls=11).rows == 1024
    assert measured(lambda rows: 0.004 + rows * 1e-6, most=64).rows == 64


def test_batches_stay_small_where_each_row_costs_as_much() -> None:
    pace = measured(lambda rows: rows * 0.01, calls=100)
    assert pace.rows == 1


def test_batches_end_where_doubling_them_stops_paying() -> None:
    pace = measured(lambda rows: 0.01 + max(0, rows - 31) * 0.01, calls=100)
    assert pace.rows == 31


def test_a_machine_at_work_does_not_make_batches_small() -> None:
    pace = measured(lambda rows: 0.004, noise=lambda call: 8.0 if call % 3 else 1.0)
    assert pace.rows == 1024
    assert pace.expected(1024) < 0.01


def test_what_did_not_pay_is_tried_again() -> None:
    slow = True
    pace = Pace(64)
    for call in range(400):
        slow = call < 60
        pace.measure(pace.rows, pace.rows * 0.01 if slow else 0.01)
    assert pace.rows == 64


def test_a_larger_call_is_expected_to_take_longer_in_proportion_at_most() -> None:
    pace = Pace()
    pace.measure(1, 0.004)
    assert pace.expected(1) == 0.004
    assert pace.expected(2) == 0.008
    assert pace.expected(64) == 0.256
    pace.measure(64, 0.005)
    assert pace.expected(64) == 0.005


def test_a_method_that_becomes_slow_is_noticed() -> None:
    pace = Pace()
    pace.measure(1, 0.001)
    for _ in range(40):
        pace.measure(1, 0.2)
    assert pace.expected(1) > 0.1
