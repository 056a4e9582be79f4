"""The notebook's own values and definitions, as texts that the kernel and the clean room compare."""

from __future__ import annotations

import collections
import itertools
import random

import numpy as np
import pytest

from nb2svc.fingerprint import differences, fingerprint


def own(source):
    """The names of a notebook that ran ``source``."""
    namespace = {"__name__": "__main__"}
    exec(compile(source, "cell", "exec"), namespace)
    return namespace


def of(value):
    return fingerprint(value, lambda function: None)


class Library:
    def __init__(self):
        self.address = id(self)


THING = """
class Thing:
    __slots__ = ("a", "b")
    def __init__(self, a):
        self.a = a
thing = Thing([1])
"""
DROPPING = """
class Thing:
    def __init__(self, a):
        self.a = a
    def __getstate__(self):
        return {}
thing = Thing(%d)
"""


@pytest.mark.parametrize(
    ("there", "here", "what"),
    [
        ({"a": [1, 2]}, {"a": [1, 2, 2]}, "['a']"),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, "keys"),
        ([4], [4, 4], "value"),
        ({1, 2}, {1, 3}, "value"),
        (collections.deque([1]), collections.deque([2]), "value"),
        (collections.Counter("ab"), collections.Counter("abb"), "value"),
        (itertools.count(3), itertools.count(4), "value"),
        (random.Random(1), random.Random(2), "value"),  # noqa: S311
        (np.arange(3), np.arange(3.0), "value"),
        (np.arange(3), np.array([0, 1, 3]), "value"),
        (np.array([{}], object), np.array([{1: 2}], object), "value"),
        (["x" * 500 + "a"], ["x" * 500 + "b"], "value"),
        (list(range(2000)), list(range(2001)), "value"),
        (own(THING)["thing"], own(THING.replace("[1]", "[2]"))["thing"], "attribute a"),
        ([own(THING)["thing"]], [own(THING.replace("[1]", "[2]"))["thing"]], "value"),
    ],
)
def test_another_value_is_told_by_what_differs(there, here, what):
    assert of(there) != of(here)
    assert [one for one, _, _ in differences(of(there), of(here))] == [what]


@pytest.mark.parametrize(
    ("there", "here"),
    [
        ({"a", "b", "c", 1, 2}, {2, 1, "c", "b", "a"}),
        ([Library()], [Library()]),  # what a library's objects hold is their own matter
        (own(DROPPING % 1)["thing"], own(DROPPING % 2)["thing"]),  # which says itself what a pickle has of it
        (np.arange(6).reshape(2, 3), np.asfortranarray(np.arange(6).reshape(2, 3))),
        (np.zeros(2_000_000), np.ones(2_000_000)),  # too large to be read twice
    ],
)
def test_what_need_not_be_the_same_is_not_told(there, here):
    assert of(there) == of(here)


def test_what_holds_itself_comes_to_an_end():
    ring = [1]
    ring.append(ring)
    assert of(ring) == {"value": "list(1, seen a builtins.list)"}
