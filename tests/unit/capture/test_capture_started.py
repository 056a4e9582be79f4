from __future__ import annotations

from nb2svc.capture.registry import MarkedStartup, Registry
from nb2svc.capture.started import Started, warnings
from nb2svc.values import Where

MARK = MarkedStartup(handler="startup", source="cache = {}", names=("cache",), where=Where(cell=1))
REGISTRY = Registry((MARK,))


def test_what_a_cell_changes_is_noted_and_what_examples_change_is_not():
    started, namespace = Started(), {"cache": {}}
    started.rest(REGISTRY, namespace, again=["cache"])
    started.look(namespace)
    namespace["cache"]["asked by an example"] = 1  # between look and rest
    started.rest(REGISTRY, namespace)
    started.look(namespace)
    assert not started.changed
    namespace["cache"]["set by a cell"] = 1
    started.look(namespace)
    started.rest(REGISTRY, namespace)
    assert started.changed == {"cache"}
    assert [one.message for one in warnings(REGISTRY.startups, started.changed)] == [
        "cache was changed by a cell since this startup cell ran: the service begins without that"
    ]


def test_the_startup_cell_run_again_makes_it_as_it_will_be():
    started, namespace = Started(), {"cache": {}}
    started.rest(REGISTRY, namespace, again=["cache"])
    namespace["cache"]["set by a cell"] = 1
    started.look(namespace)
    namespace["cache"] = {}
    started.rest(REGISTRY, namespace, again=["cache"])
    started.look(namespace)
    assert not started.changed


def test_what_cannot_be_pickled_is_not_compared():
    started, namespace = Started(), {"cache": (one for one in [1, 2])}
    started.rest(REGISTRY, namespace, again=["cache"])
    next(namespace["cache"])
    started.look(namespace)
    assert not started.changed
