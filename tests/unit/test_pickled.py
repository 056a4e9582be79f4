from __future__ import annotations

import copyreg
import pickle
from collections import Counter
from fractions import Fraction

import pytest

from nb2svc import pickled


class Prices:
    def __init__(self, rate):
        self.rate, self.seen = rate, []

    def __reduce__(self):
        return Prices, (self.rate,)


class Bag(Counter):
    pass


class Listed(list):
    def __reduce__(self):
        return Listed, ()


class Plain:
    def __init__(self, n):
        self.n = n


class Registered(Plain):
    pass


def held(value, also=()):
    return pickled.held(value, lambda _: None, {__name__}, also)


def differing(value, also=()):
    """What is not as it was once the value has been pickled and read again."""
    there = held(value, also)
    here = held(pickle.loads(pickle.dumps(value)), there)
    return {what: (text, here.get(what, "")) for what, text in there.items() if here.get(what) != text}


def test_what_an_own_reducer_leaves_out_differs_wherever_it_lies():
    prices = Prices(3)
    assert differing({"deep": [prices]}) == {}
    prices.seen.append(5)
    assert differing({"deep": [prices]}) == {"Prices.seen": ("list(5)", "list()")}


def test_attributes_that_the_reducer_of_a_library_s_class_does_not_know():
    bag, listed = Bag("aab"), Listed([1])
    bag.note = "by hand"
    assert differing([bag, listed]) == {"Bag.note": ("'by hand'", ""), "Listed.its items": ("list(1)", "list()")}


def test_copyreg_and_causes_of_exceptions(monkeypatch):
    monkeypatch.setitem(copyreg.dispatch_table, Registered, lambda one: (Registered, (0,)))
    assert differing(Registered(4)) == {"Registered.n": ("4", "0")}
    error = ValueError("v")
    error.__cause__ = KeyError("k")
    assert differing(error) == {"ValueError.__cause__": ("a builtins.KeyError", "None")}


def test_of_libraries_only_what_cells_set_is_looked_at():
    class_known = Fraction(1, 3)
    counter = Counter("ab")
    counter.note = 4
    assert held([class_known, counter, Plain(1)]) == {}
    assert differing(counter, {"Counter.note"}) == {"Counter.note": ("4", "")}


def test_many_objects_of_a_class_are_compared_together():
    several = [Prices(1), Prices(2)]
    several[0].seen.append(1)
    assert differing(several) == {"Prices.seen": ("list() · list(1)", "list() · list()")}


@pytest.mark.parametrize("value", [lambda: 0, [Prices(1), iter([]), (one for one in ())]])
def test_what_cannot_be_pickled_ends_the_walk(value):
    assert set(held(value)) <= {"Prices.rate", "Prices.seen"}
