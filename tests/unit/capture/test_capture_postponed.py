"""Definitions from before and after ``from __future__ import annotations``, in one module."""

from __future__ import annotations
import __future__

import pytest

from nb2svc.capture.found import Found
from nb2svc.capture.ordering import Node
from nb2svc.capture.postponed import quoted, settle
from nb2svc.fingerprint import differences, fingerprint, in_file
from nb2svc.values import Definition, Where

CLASS = """\
class A(list[int]):
    x: int = 1
    y: dict[str, "A"]
    def f(self, *args: tuple[int, ...], z: 'B' = 2, **more: ~C) -> (  # over
            X[lambda y: "it's"]):
        here: Undefined[1:2, ...] = 1
        self.there: Undefined = f"{1!r:>{z}}"
        async def g(a: {"k": [-1j, 1e400]} = 3) -> A: ...
        return g.__annotations__, g
"""


def run(source: str, flags: int = 0) -> dict:
    namespace = {"__name__": "__main__"}
    exec(compile(source, "<test>", "exec", flags, dont_inherit=True), namespace)
    return namespace


def test_quoted_annotations_are_what_the_import_makes_of_them():
    postponed, written = (
        run(CLASS, __future__.annotations.compiler_flag)["A"],
        run(quoted(CLASS))["A"],
    )
    assert written.__annotations__ == postponed.__annotations__ == {"x": "int", "y": "dict[str, 'A']"}
    assert written.f.__annotations__ == postponed.f.__annotations__
    assert written().f()[0] == postponed().f()[0] == {"a": "{'k': [-1j, 1e309]}", "return": "A"}


def test_the_drift_check_reads_both_the_same_but_no_other():
    expected = fingerprint(run(CLASS, __future__.annotations.compiler_flag)["A"], in_file(CLASS))

    def differing(source: str) -> list[str]:
        got = fingerprint(run(source)["A"], in_file(source))
        return [what for what, _, _ in differences(expected, got)]

    assert differing(quoted(CLASS)) == []
    assert differing(quoted(CLASS).replace("1e309", "2e309")) == ["method f code"]


def found(**sources: tuple[str, bool]) -> Found:
    nodes = {
        name: Node(Definition(name=name, kind="function", source=source, where=Where()), (1, 1), postponed=postponed)
        for name, (source, postponed) in sources.items()
    }
    return Found(nodes=nodes)


BARE, ANNOTATED, QUOTED = "def f(x): ...", "def f(x: int): ...", "def f(x: 'int'): ..."


@pytest.mark.parametrize(
    ("early", "late", "imported", "becomes"),
    [
        (BARE, ANNOTATED, True, ANNOTATED),
        (ANNOTATED, ANNOTATED, False, QUOTED),
        (ANNOTATED, BARE, False, BARE),
        (BARE, BARE, False, BARE),
    ],
)
def test_the_import_is_written_only_where_it_holds_for_all(early, late, imported, becomes):
    both = found(early=(early, False), late=(late, True))
    settle(both)
    assert bool(both.imports) == imported
    assert [both.nodes[name].definition.source for name in ("early", "late")] == [early, becomes]
