"""Which models' concurrent calls may become one."""

from __future__ import annotations

import random
import threading
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from nb2svc.capture.rowwise import reasons_against

data, target = load_iris(return_X_y=True)
table = pd.DataFrame({"size": [1.5, 2.5, 3.5, 4.5], "kind": ["a", "b", "a", "c"]})
ROWS = [[1.0, 2.0], [3.0, 5.0], [8.0, 1.0]]


def why(model: Any, example: Any, method: str = "predict") -> str:
    return dict(reasons_against(model, [method], example)).get(method, "")


GOOD = {
    "a forest": (RandomForestClassifier(5).fit(data, target), data[::50]),
    "rows as lists": (LogisticRegression(max_iter=500).fit(data, target), data[:3].tolist()),
    "a single row": (LogisticRegression(max_iter=500).fit(data, target), data[:1]),
    "a frame": (
        make_pipeline(
            make_column_transformer((StandardScaler(), ["size"]), (OneHotEncoder(), ["kind"])), LogisticRegression()
        ).fit(table, [0, 1, 0, 1]),
        table,
    ),
    "texts": (
        make_pipeline(CountVectorizer(), LogisticRegression()).fit(["a word", "b word"], [0, 1]),
        ["a word", "b"],
    ),
    "no example": (LogisticRegression(), None),
}


@pytest.mark.parametrize(("model", "example"), GOOD.values(), ids=GOOD)
def test_models_of_libraries_answer_row_by_row(model, example) -> None:
    assert reasons_against(model, ["predict", "predict_proba"], example) == ()


class Own:
    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.calls = 0

    def predict(self, rows: Any) -> Any:
        self.calls += 1
        return self.answer(self, np.asarray(rows, dtype=float))


def counting(model: Own, rows: Any) -> Any:
    return [model.calls] * len(rows)


def spoiling(model: Own, rows: Any) -> Any:
    return rows


class Spoiling:
    def predict(self, rows: Any) -> Any:
        rows[0][0] = 0.0
        return [1] * len(rows)


class Uncopyable(Own):
    def __init__(self) -> None:
        super().__init__(lambda model, rows: rows[:, 0])
        self.lock = threading.Lock()


OWN = {
    "row by row": (Own(lambda model, rows: rows[:, 0] * 2), ROWS, ""),
    "the mean of all": (Own(lambda model, rows: rows[:, 0] - rows[:, 0].mean()), ROWS, "otherwise beside other rows"),
    "ranks": (Own(lambda model, rows: rows[:, 0].argsort()), ROWS, "otherwise beside other rows"),
    "the row before": (Own(lambda model, rows: np.roll(rows[:, 0], 1)), ROWS, "otherwise beside other rows"),
    "one number": (Own(lambda model, rows: rows.sum()), ROWS, "not one part for each row"),
    "one row": (Own(lambda model, rows: rows.sum(axis=0)[:1]), ROWS, "not one part for each row"),
    "chance": (Own(lambda model, rows: rows[:, 0] + random.random()), ROWS, "otherwise each time"),  # noqa: S311
    "numpy's chance": (Own(lambda model, rows: rows[:, 0] + np.random.rand()), ROWS, "otherwise each time"),  # noqa: NPY002
    "a count of calls": (Own(counting), ROWS, "otherwise each time"),
    "one row only": (Own(lambda model, rows: [float(rows.reshape(2)[0])]), ROWS, "fails on several rows"),
    "changed rows": (Spoiling(), ROWS, "changes the rows"),
    "a lock": (Uncopyable(), ROWS, "cannot be copied"),
    "a single row": (Own(lambda model, rows: rows[:, 0]), ROWS[:1], "no two different rows"),
    "the same rows": (Own(lambda model, rows: rows[:, 0]), ROWS[:1] * 3, "no two different rows"),
    "no example": (Own(lambda model, rows: rows[:, 0]), None, "no example"),
    "a function in a pipeline": (
        make_pipeline(FunctionTransformer(lambda rows: rows - rows.mean(axis=0)), LogisticRegression()).fit(
            data, target
        ),
        data[::40],
        "otherwise beside other rows",
    ),
}


@pytest.mark.parametrize(("model", "example", "reason"), OWN.values(), ids=OWN)
def test_own_code_is_tried(model, example, reason) -> None:
    found = why(model, example, "predict_proba" if hasattr(model, "predict_proba") else "predict")
    assert reason in found
    assert bool(found) == bool(reason)


def test_the_model_and_the_random_numbers_stay_as_they_were() -> None:
    model = Own(lambda model, rows: rows[:, 0])
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    why(model, ROWS)
    assert model.calls == 0
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # noqa: NPY002
