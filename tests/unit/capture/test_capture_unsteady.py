from __future__ import annotations

import random

import numpy as np
import pandas as pd
import pytest
from sklearn.utils import shuffle

from nb2svc.capture.unsteady import unsteady

LIBRARIES = {"table": pd.DataFrame({"a": range(9)}), "shuffle": shuffle}

VALUES = {
    "LENGTHS": np.array([1, 2]),
    "WORDS": {"a", "b"},
    "NUMBERS": {1, 2},
    "LIST": ["a"],
    "MIXED": frozenset({1, ("a",)}),
}


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
        "return list(set(x.split()))",
        "return list({w.upper() for w in x})",
        "return list(WORDS | {1})",
        "return list(WORDS.union(x))",
        "return list(set(x) - {1})",
        "return dict.fromkeys(WORDS)",
        "return WORDS.copy().pop()",
        "return f'{WORDS}'",
        "return str(WORDS)",
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
        "return len(list(set(x)))",
        "return sorted(set(x.split()))",
        "return list(set(range(3)))",
        "return list(set([1, 2]))",
        "return list(set(LENGTHS))",
        "return list({int(w) for w in x})",
        "return list({len(w) + 1 for w in x})",
        "return x.pop()",
        "hash = len\n    return hash(x)",
    ],
)
def test_what_is_the_same_in_every_process(body):
    assert not unsteady(f"def f(x):\n    {body}", VALUES)


@pytest.mark.parametrize(("annotation", "told"), [("list[int]", 0), ("list[float | None]", 1), ("list[str]", 1)])
def test_an_annotation_says_what_a_set_holds(annotation, told):
    assert len(unsteady(f"def f(x: {annotation}):\n    return list(set(x))", {})) == told


def test_hash():
    ((what, step),) = unsteady("def f(x):\n    return hash(x) % 100", {})
    assert what == "hash() of a text is another number in every process"
    assert "hashlib" in step


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def f(x):\n    return id(x)", "id() of an object is another number in every process"),
        ("def f(x):\n    return sorted(x, key=id)", "id() of an object is another number in every process"),
        ("def f(x):\n    return sorted(x, key=len)", ""),
        ("def f():\n    return random.random()", "random.random() draws from a generator"),
        ("def f():\n    return np.random.rand(2)", "np.random.rand() draws from a generator"),
        ("def f():\n    return choice([1])", "choice() draws from a generator"),
        ("def f(rng=np.random.default_rng(0)):\n    return rng.random()", ""),
        ("def f():\n    np.random.seed(0)\n    return np.random.rand(2)", ""),
        ("def f():\n    return own.random()", ""),
        ("def f():\n    return table.sample(3)", "table.sample() draws from a generator"),
        ("def f():\n    return table.sample(3, random_state=1)", ""),
        ("def f(x):\n    return shuffle(x)", "shuffle() draws from a generator"),
        ("def f(x, **more):\n    return shuffle(x, **more)", ""),
        ("def f(x):\n    return table.head(3)", ""),
    ],
)
def test_what_every_process_seeds_for_itself(source, said):
    values = {"random": random, "np": np, "choice": random.choice, "own": random.Random(0)} | LIBRARIES  # noqa: S311 - nothing secret
    told = [what for what, _ in unsteady(source, values)]
    assert [what.startswith(said) for what in told] == ([True] if said else [])


class Flower:
    __module__ = "__main__"


class Named(Flower):
    __module__ = "__main__"

    def __str__(self):
        return "named"

    __repr__ = __str__


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("repr(Flower)", True),
        ("str(flower)", True),
        ("f'{type(flower)}'", True),
        ("f'{flower.__class__}'", True),
        ("str(type(named))", True),
        ("str(named)", False),
        ("type(flower).__name__", False),
        ("str(type(x))", False),
        ("f'{one}'", False),
    ],
)
def test_texts_that_name_the_module_of_a_class(expression, told):
    values = {"Flower": Flower, "flower": Flower(), "named": Named(), "one": 1}
    found = unsteady(f"def f(x):\n    return {expression}", values)
    assert [what.endswith("names its module, which is service.notebook in the service") for what, _ in found] == (
        [True] if told else []
    )


@pytest.mark.parametrize(("expression", "told"), [("A is B", 1), ("A is not B", 1), ("A is None", 0), ("x is A", 0)])
def test_whether_equal_constants_are_one(expression, told):
    assert len(unsteady(f"def f(x):\n    return {expression}", {"A": (1, 2), "B": (1, 2)})) == told
