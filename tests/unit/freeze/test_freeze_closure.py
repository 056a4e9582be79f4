"""The closure: all that the roots require on the target, nothing else, and no version but the kernel's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nb2svc.errors import FreezeError
from nb2svc.freeze import Owners
from nb2svc.freeze.closure import Needed, walk
from nb2svc.freeze.installed import Installed
from nb2svc.freeze.roots import Root
from nb2svc.freeze.target import Target

AMD64 = Target("3.11", "linux/amd64")
ARM64 = Target("3.11", "linux/arm64")


def one(name: str, version: str = "1.0", *requires: str) -> Installed:
    return Installed(name=name, version=version, metadata=f"/site/{name}.dist-info", changed=0.0, requires=requires)


def closure(*installed: Installed, roots: tuple[str, ...] = (), extras=(), target: Target = AMD64) -> Needed:
    owners = Owners(installed, {})
    names = roots or (installed[0].name,)
    return walk([Root(owners.named(name), "why", tuple(extras)) for name in names], owners, target)


def test_it_follows_requirements_and_leaves_the_rest() -> None:
    needed = closure(one("a", "1", "B>=0.5", "c_d"), one("b"), one("c-d", "1", "b"), one("plotting", "1", "a"))
    assert list(needed.members) == ["a", "b", "c-d"]
    assert needed.missing == {}


def test_extras_only_where_asked_for() -> None:
    installed = (
        one("a", "1", "b[fast]"),
        one("b", "1", "c; extra == 'fast'", "d; extra == 'slow'"),
        one("c"),
        one("d"),
    )
    assert list(closure(*installed).members) == ["a", "b", "c"]
    both = closure(*installed, roots=("b",), extras=("slow",))
    assert list(both.members) == ["b", "d"]


def test_extras_that_name_extras_of_the_same_distribution() -> None:
    installed = (one("a", "1", "a[x,y]; extra == 'all'", "b; extra == 'x'", "c; extra == 'y'"), one("b"), one("c"))
    assert list(closure(*installed, extras=("all",)).members) == ["a", "b", "c"]


def test_markers_are_those_of_the_target() -> None:
    installed = (one("a", "1", "b; platform_machine == 'aarch64'", "c; sys_platform == 'win32'"), one("b"), one("c"))
    assert list(closure(*installed).members) == ["a"]
    assert list(closure(*installed, target=ARM64).members) == ["a", "b"]


def test_what_only_the_target_needs_is_named() -> None:
    needed = closure(one("a", "1", "not-here; sys_platform == 'linux'"), one("b"))
    assert needed.missing == {"not-here": ("a",)}


def test_circles_end() -> None:
    assert list(closure(one("a", "1", "b"), one("b", "1", "a")).members) == ["a", "b"]


def test_every_conflict_is_shown_with_both_versions() -> None:
    with pytest.raises(FreezeError) as caught:
        closure(one("a", "3.2", "b>=2", "c<1"), one("b", "1.9"), one("c", "1.0"))
    assert [problem.message for problem in caught.value.problems] == [
        "a 3.2 needs b>=2, the kernel has b 1.9",
        "a 3.2 needs c<1, the kernel has c 1.0",
    ]
    assert all("restart the kernel" in problem.hint for problem in caught.value.problems)


@pytest.mark.parametrize(("specifier", "version"), [("==2.1", "2.1+cpu"), (">=2", "2.1rc1"), (">=1.0,<2", "1.5.post1")])
def test_local_labels_and_prereleases_meet_what_they_should(specifier: str, version: str) -> None:
    assert list(closure(one("a", "1", f"b{specifier}"), one("b", version)).members) == ["a", "b"]


def test_nothing_may_require_nb2svc() -> None:
    with pytest.raises(FreezeError, match="a requires nb2svc"):
        closure(one("a", "1", "nb2svc"), one("nb2svc"))


def test_metadata_that_cannot_be_read_is_left_to_uv() -> None:
    assert list(closure(one("a", "1", "b (>=1.*)", "b"), one("b")).members) == ["a", "b"]


NAMES = [f"n{number}" for number in range(8)]
GRAPHS = st.dictionaries(st.sampled_from(NAMES), st.sets(st.sampled_from(NAMES)), min_size=1)


@given(GRAPHS, st.data())
def test_it_is_what_can_be_reached(graph: dict[str, set[str]], data: st.DataObject) -> None:
    roots = data.draw(st.sets(st.sampled_from(sorted(graph)), min_size=1))
    needed = closure(*(one(name, "1", *sorted(to)) for name, to in graph.items()), roots=tuple(sorted(roots)))
    reached = set(roots)
    for _ in NAMES:
        reached |= {to for name in reached for to in graph.get(name, ())}
    assert set(needed.members) == reached & set(graph)
    assert set(needed.missing) == reached - set(graph)
    assert list(needed.members) == sorted(needed.members)
