"""What is asked of every server: three models, the rows sent to them, and the answers that the models give here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

SEED = 20240511
ROWS = 512  # distinct requests of one row: more than are under way at once, so that swapped answers show
BATCHES = 64  # distinct requests of 500 rows
FLOWER = ("sepal_length", "sepal_width", "petal_length", "petal_width")
CITIES = ("Bergen", "Graz", "Lund", "Porto", "Tartu")
PLANS = ("free", "plus", "team")
BATCH_SHAPE = (500, 30)

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Asked:
    """The requests of a workload, before any server's form, and the model's own answers to them.

    An item is an object of one row's features, or a matrix as a list of lists.
    """

    items: Sequence[Any]
    expected: Sequence[Array]


@dataclass(frozen=True)
class Workload:
    """One model and what it is asked; its notebook is ``notebooks/<name>.ipynb``."""

    name: str
    number: str  # as the tables say it
    title: str
    asked: Callable[[Any], Asked]

    @property
    def notebook(self) -> Path:
        return Path(__file__).parent / "notebooks" / f"{self.name}.ipynb"


def forest(model: Any) -> Asked:
    """Flowers within the range of those that the forest knows; all with different answers."""
    low, high = np.array([4.3, 2.0, 1.0, 0.1]), np.array([7.9, 4.4, 6.9, 2.5])
    values = np.random.default_rng(SEED).uniform(low, high, (20 * ROWS, 4)).round(2)
    answers = model.predict_proba(values)
    chosen = distinct(answers)
    items = [dict(zip(FLOWER, row.tolist(), strict=True)) for row in values[chosen]]
    return Asked(items, answers[chosen])


def frame(model: Any) -> Asked:
    """Customers with numbers and words; all with different answers."""
    import pandas as pd

    customers = customer_table(np.random.default_rng(SEED), 2 * ROWS)
    answers = model.predict_proba(pd.DataFrame(customers))
    chosen = distinct(answers)
    items = [{name: column[number] for name, column in customers.items()} for number in chosen]
    return Asked(items, answers[chosen])


def customer_table(generator: np.random.Generator, count: int) -> dict[str, list[Any]]:
    """Made-up customers by column, as the notebook ``frame`` makes its own."""
    return {
        "age": generator.integers(18, 90, count).tolist(),
        "income": generator.normal(40_000, 12_000, count).round(2).tolist(),
        "visits": generator.integers(0, 60, count).tolist(),
        "city": generator.choice(CITIES, count).tolist(),
        "plan": generator.choice(PLANS, count).tolist(),
    }


def boosting(model: Any) -> Asked:
    """Matrices of 500 rows and 30 columns, four decimals each."""
    matrices = np.random.default_rng(SEED).normal(size=(BATCHES, *BATCH_SHAPE)).round(4)
    return Asked([matrix.tolist() for matrix in matrices], [model.predict(matrix) for matrix in matrices])


def distinct(answers: Array) -> list[int]:
    """The first 512 rows whose answers differ from one another, by number. Raises ValueError where there are fewer."""
    _, first = np.unique(answers.round(6), axis=0, return_index=True)
    chosen = sorted(int(number) for number in first)[:ROWS]
    if len(chosen) < ROWS:
        raise ValueError(f"only {len(chosen)} rows have answers of their own; {ROWS} are wanted")
    return chosen


WORKLOADS = (
    Workload("forest", "W1", "RandomForest(100) on iris, one JSON row a request", forest),
    Workload("frame", "W2", "ColumnTransformer + LogisticRegression, one pandas row a request", frame),
    Workload("boosting", "W3", "500 rows × 30 floats in one JSON request to HistGradientBoosting", boosting),
)
