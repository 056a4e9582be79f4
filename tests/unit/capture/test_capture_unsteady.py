from __future__ import annotations

import random

import numpy as np
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


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def f(x):\n    return id(x)", "id() of an object is another number in every process"),
        ("def f():\n    return random.random()", "random.random() draws from a generator"),
        ("def f():\n    return np.random.rand(2)", "np.random.rand() draws from a generator"),
        ("def f():\n    return choice([1])", "choice() draws from a generator"),
        ("def f(rng=np.random.default_rng(0)):\n    return rng.random()", ""),
        ("def f():\n    np.random.seed(0)\n    return np.random.rand(2)", ""),
        ("def f():\n    return own.random()", ""),
    ],
)
def test_what_every_process_seeds_for_itself(source, said):
    values = {"random": random, "np": np, "choice": random.choice, "own": random.Random(0)}  # noqa: S311 - nothing secret
    told = [what for what, _ in unsteady(source, values)]
    assert [what.startswith(said) for what in told] == ([True] if said else [])
