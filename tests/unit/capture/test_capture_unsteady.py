from __future__ import annotations

import pytest

from nb2svc.capture.unsteady import unsteady

VALUES = {"WORDS": {"a", "b"}, "NUMBERS": {1, 2}, "LIST": ["a"], "MIXED": frozenset({1, ("a",)})}


@pytest.mark.parametrize(
    "body",
    [
        "return list(WORDS)",
        "return [w for w in WORDS]",
        "return {w: 1 for w in WORDS}",
        "for w in WORDS: x = x.replace(w, '')",
        "return ','.join(WORDS)",
        "return dict(enumerate(MIXED))",
        "return next(iter(WORDS))",
        "return [*WORDS]",
        "return [w for w in {'a', 'b'}]",
        "known = {'a', x}\n    return list(known)",
        "return max(list(x), key=lambda one: [w in one for w in WORDS])",
    ],
)
def test_the_order_of_texts_in_sets(body):
    ((what, step),) = unsteady(f"def f(x):\n    {body}", VALUES)
    assert "is another one in every process" in what
    assert step.startswith("write sorted(")


@pytest.mark.parametrize(
    "body",
    [
        "return x in WORDS",
        "return sorted(WORDS)",
        "return sorted(w.upper() for w in WORDS)",
        "return any(w in x for w in WORDS)",
        "return sum([len(w) for w in WORDS])",
        "return {w.upper() for w in WORDS}",
        "return len(WORDS)",
        "return list(NUMBERS)",
        "return list(LIST)",
        "return [w for w in {1, 2}]",
        "WORDS = ['a']\n    return list(WORDS)",
        "return list(unknown)",
        "hash = len\n    return hash(x)",
    ],
)
def test_what_is_the_same_in_every_process(body):
    assert not unsteady(f"def f(x):\n    {body}", VALUES)


def test_hash():
    ((what, step),) = unsteady("def f(x):\n    return hash(x) % 100", {})
    assert what == "hash() of a text is another number in every process"
    assert "hashlib" in step
