"""Medians, ratios, goals and the tables that tell them."""

from __future__ import annotations

import dataclasses
import math

import pytest
from figures import (
    Goal,
    Missing,
    Point,
    Start,
    at_fault,
    faults,
    goals,
    least_busy,
    medians,
    memory,
    percentile,
    start_seconds,
)
from load import Sample
from plot import draw
from results import Results
from roster import BY_NAME, FLOOR, OURS, PLAIN, TUNED
from tables import BEGIN, END, goals_table, milliseconds, missing_list, page_with, results, table

pytestmark = pytest.mark.once


def point(server, rate, connections=64, *, workload="forest", target="", p99=0.01, wrong=0, lost=0, trouble=""):
    return Point(server, workload, target, connections, rate, 0.005, p99, 0.1, 1.0, 100, wrong, lost, trouble)


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([1, 2, 3, 4], 0.5, 2), ([1, 2, 3], 0.5, 2), ([7], 0.9, 7), (range(1, 201), 0.99, 198)],
)
def test_a_percentile_is_one_of_the_values(values, share, expected):
    assert percentile(list(values), share) == expected


def test_nothing_has_no_percentile():
    assert math.isnan(percentile([], 0.5))


def test_a_point_is_told_by_its_sample():
    sample = Sample(
        8, seconds=2.0, latencies=[0.3, 0.1, 0.2], generator=0.5, server=1.5, answered=9, lost=1, trouble="x"
    )
    made = Point.of("flask", "frame", "", sample)
    assert (made.rate, made.p50, made.p99, made.generator, made.busy) == (1.5, 0.2, 0.3, 0.25, 0.75)
    assert (made.connections, made.answered, made.wrong, made.lost, made.trouble) == (8, 9, 0, 1, "x")


def test_rounds_become_medians_and_their_faults_add_up():
    rounds = [point("flask", rate, wrong=wrong, trouble=trouble) for rate, wrong, trouble in
              [(100, 0, ""), (300, 2, "first"), (110, 1, "second")]]  # fmt: skip
    (one, other) = medians([*rounds, point("flask", 50, 1)])
    assert (one.rate, one.wrong, one.trouble, one.answered) == (110, 3, "first", 300)
    assert (other.connections, other.rate) == (1, 50)
    assert faults([one, other]) == [one]
    assert faults([point("flask", 1, lost=1)])


def test_a_wrong_first_answer_is_a_fault_as_well():
    refused = Missing("flask", "forest", "", "request 0 got 1", wrong=True)
    assert at_fault([], [refused])
    assert not at_fault([point("flask", 1)], [dataclasses.replace(refused, wrong=False)])
    assert at_fault([point("flask", 1, lost=1)], [])


def goal(found, what, connections):
    (one,) = [each for each in found if (each.what, each.connections) == (what, connections)]
    return one


def test_ratios_are_those_to_the_server_that_the_goal_names():
    points = [
        point(OURS, 4000, target="handler"),
        point(TUNED, 160),
        point(PLAIN, 9000),
        point("litserve", 500),
        point("mlserver", 800),
        point(FLOOR, 30000),
    ]
    found = goals(points, [])
    tuned = goal(found, "W1 against tuned FastAPI", 64)
    assert (tuned.ratio, tuned.met, tuned.against) == (25.0, True, BY_NAME[TUNED].title)
    batching = goal(found, "W1 against the best batching peer", 64)
    assert (batching.ratio, batching.met, batching.against) == (5.0, True, BY_NAME["mlserver"].title)
    assert goal(found, "W1 against tuned FastAPI", 256).ratio is None
    assert goal(found, "W1 against tuned FastAPI", 256).met is None


def test_a_goal_that_is_missed_says_so():
    found = goals([point(OURS, 100, 1, target="handler"), point(TUNED, 200, 1)], [])
    assert goal(found, "W1 against tuned FastAPI", 1).met is False


def test_the_best_peer_of_all_is_never_the_floor_nor_ourselves():
    points = [
        point(OURS, 220, workload="boosting", target="model route"),
        point(OURS, 900, workload="boosting", target="model route, x-npy"),
        point(TUNED, 200, workload="boosting"),
        point(FLOOR, 1500, workload="boosting"),
    ]
    assert goal(goals(points, []), "W3, JSON, against the best peer", 64).ratio == pytest.approx(1.1)
    assert goal(goals(points, []), "W3, x-npy, against the best peer", 64).ratio == pytest.approx(4.5)


def test_latency_and_start_are_to_be_low():
    points = [point(OURS, 1, target="handler", p99=0.02), point("flask", 1, p99=0.03), point(TUNED, 1, p99=0.025)]
    starts = [Start(OURS, "forest", seconds, 10) for seconds in (1.0, 3.0, 1.4)] + [Start(PLAIN, "forest", 2.8, 30)]
    found = goals(points, starts)
    latency = goal(found, "W1, handler: p99 against the lowest of the peers", 64)
    assert (latency.ratio, latency.met, latency.against) == (pytest.approx(0.8), True, BY_NAME[TUNED].title)
    start = goal(found, "W1: process start to first answer, against hand-written FastAPI", None)
    assert (start.ratio, start.met) == (pytest.approx(0.5), True)
    assert start_seconds(starts, "flask", "forest") is None
    assert memory(starts, OURS, "forest") == 10
    assert Goal("", 64, 1.0, 1.1, at_most=True).met is False


def test_a_table_shows_the_best_in_bold_and_the_floor_never():
    points = [point(OURS, 1234.5, target="handler"), point("flask", 200), point(FLOOR, 30000)]
    text = results(points, [Start("flask", "forest", 1.5, 2_000_000)], goals(points, []), [])
    assert "| nb2svc: handler | **1,234** |" in text
    assert "| raw ASGI, no model | 30,000 |" in text
    assert "| Flask + gunicorn | 1.50 | 2 |" in text
    assert "Not measured" not in text


def test_what_was_not_measured_is_a_gap_with_its_reason():
    points = [point(OURS, 10, 1, target="handler"), point("flask", 20, 64)]
    missing = [
        Missing("bentoml", "forest", "", "it ended with 1"),
        Missing(OURS, "boosting", "x-npy", "it answers 415"),
    ]
    text = results(points, [], goals(points, []), missing)
    assert "| nb2svc: handler | **10** | - |" in text
    assert "- BentoML, batching, W1: it ended with 1" in text
    assert missing_list(missing[1:]) == "- nb2svc, W3, x-npy: it answers 415"


def test_goals_are_told_with_what_was_wanted():
    text = goals_table([Goal("fast", 64, 20, 25.04, "Flask"), Goal("light", None, 0.7, 0.9, "Flask", at_most=True)])
    assert "| fast | 64 | ≥ 20× | 25.04× | Flask | yes |" in text
    assert "| light |  | ≤ 0.7× | 0.90× | Flask | no |" in text
    assert "| not measured |" in goals_table([Goal("fast", 1, 20, None)])


def test_times_have_three_digits():
    assert [milliseconds(value) for value in (0.00123, 0.0456, 1.5, math.nan)] == ["1.23", "45.6", "1,500", "-"]


def test_a_table_is_markdown():
    assert table(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | ---: |\n| 1 | 2 |"


def test_a_page_keeps_what_is_outside_of_its_marks():
    page = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    assert page_with(page, "new\n") == f"before\n{BEGIN}\nnew\n{END}\nafter\n"
    with pytest.raises(ValueError, match="has no lines"):
        page_with("no marks", "new")


def test_results_come_back_from_their_file(tmp_path):
    found = Results({"python": "3.11"}, {"rounds": 3}, [point("flask", 1)], [Start("flask", "forest", 1.0, 2)],
                    [Missing("ray", "frame", "", "no")])  # fmt: skip
    found.save(tmp_path / "deep" / "results.json")
    assert dataclasses.asdict(Results.load(tmp_path / "deep" / "results.json")) == dataclasses.asdict(found)


def test_runs_are_told_together():
    def run(rate):
        return Results(
            {"python": "3.11"}, {"rounds": 1}, [point("flask", rate)], [], [Missing("ray", "frame", "", "no")]
        )

    found = Results.merged([run(1), run(3), run(2)])
    assert [one.rate for one in medians(found.points)] == [2]
    assert found.run == {"rounds": 3}
    assert len(found.missing) == 1


def test_the_picture_is_small(tmp_path):
    names = [name for name in BY_NAME if name != FLOOR]
    points = [
        point(name, 100 + number, count, workload=workload, target=name)
        for workload in ("forest", "boosting")
        for number, name in enumerate(names)
        for count in (1, 64)
    ]
    draw(points, tmp_path / "picture.png")
    picture = (tmp_path / "picture.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) < 200_000  # as docs/images asks


def test_a_busy_machine_shows_in_what_a_server_under_full_load_could_have():
    points = [point(TUNED, 1), dataclasses.replace(point(PLAIN, 1), busy=0.4), point("litserve", 1)]
    assert least_busy(points) == 0.4
    assert least_busy([dataclasses.replace(points[1], connections=1)]) is None
