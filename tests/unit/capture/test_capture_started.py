from __future__ import annotations

from nb2svc.capture.registry import MarkedStartup, Registry
from nb2svc.capture.started import Started, problems, warnings
from nb2svc.capture.startup import function_source, read_first
from nb2svc.values import Where

MARK = MarkedStartup(handler="startup", source="cache = {}", names=("cache",), where=Where(cell=1))
REGISTRY = Registry((MARK,))


def test_what_a_cell_changes_is_noted_and_what_examples_change_is_not():
    started, namespace = Started(), {"cache": {}}
    started.rest(REGISTRY, namespace, ran=[MARK])
    started.look(namespace)
    namespace["cache"]["asked by an example"] = 1  # between look and rest
    started.rest(REGISTRY, namespace)
    started.look(namespace)
    assert not started.changed
    namespace["cache"]["set by a cell"] = 1
    started.look(namespace)
    started.rest(REGISTRY, namespace)
    assert started.changed == {"cache"}
    assert [one.message for one in warnings(REGISTRY.startups, started.changed, {"cache"})] == [
        "cache was changed by a cell since this startup cell ran: the service begins without that"
    ]


def test_the_startup_cell_run_again_makes_it_as_it_will_be():
    started, namespace = Started(), {"cache": {}}
    started.rest(REGISTRY, namespace, ran=[MARK])
    namespace["cache"]["set by a cell"] = 1
    started.look(namespace)
    namespace["cache"] = {}
    started.rest(REGISTRY, namespace, ran=[MARK])
    started.look(namespace)
    assert not started.changed


def test_what_cannot_be_pickled_is_not_compared():
    started, namespace = Started(), {"cache": (one for one in [1, 2])}
    started.rest(REGISTRY, namespace, ran=[MARK])
    next(namespace["cache"])
    started.look(namespace)
    assert not started.changed


def mark(handler, source, *names):
    return MarkedStartup(handler=handler, source=source, names=names, where=Where(cell=1))


def test_what_a_startup_cell_read_and_a_cell_changed_since_is_told():
    one = mark("startup", "pool = [0] * size", "pool")
    started, namespace = Started(), {"pool": [0, 0], "size": 2}
    started.rest(Registry((one,)), namespace, ran=[one])
    namespace["size"] = 3
    started.look(namespace)
    assert [one.message for one in warnings([one], started.changed, set())] == [
        "size was changed by a cell since this startup cell ran: the service runs it with the size of now"
    ]


def test_a_startup_cell_reads_only_what_is_there_before_it():
    first, second = mark("startup", "a = b", "a"), mark("startup_2", "b = 1\nc = a\nc = c + b", "b", "c")
    assert [one.message for one in problems(Registry((first, second)))] == [
        "this startup cell reads b, which no startup cell before it binds"
    ]
    assert read_first(second.source) == {"a"}
    assert read_first("def f(k=[i + a for i in b]):\n    return c\nclass A:\n    d = d") == {"a", "b"}
    tried = mark(
        "startup", "try:\n    cache\nexcept NameError:\n    cache = {}\nfor i in [1]:\n    cache[i] = i", "cache"
    )
    assert not problems(Registry((tried,)))


def test_annotations_of_what_a_startup_cell_binds_stay_out_of_its_function():
    source = "rate: float = 1.5  # why\nname: str\nif rate:\n    both: int = (1 +\n        2)\nclass A:\n    v: int = 1"
    namespace = {}
    exec(function_source("startup", source) + "\nstartup()", namespace)
    assert (namespace["rate"], namespace["both"], namespace["A"].v) == (1.5, 3, 1)
    assert "# why" in function_source("startup", source)
