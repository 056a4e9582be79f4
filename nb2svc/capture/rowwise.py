"""Whether a model answers many rows as it answers each: only then may the service join concurrent calls into one.

Asked with the rows of the example: each by itself, then beside the others in several orders, places and numbers, and
beside rows that are nearly the same. The rows are stacked and the answers split by the very code of the service.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle, islice
from types import FunctionType
from typing import Any

from .json_form import json_form, same
from .likeness import difference
from .tolerance import quiet

_ROWS = 5  # of the example that are asked for by themselves
_MANY = 64  # rows of the largest batch
_STEADY = {
    *("catboost", "imblearn", "keras", "lightgbm", "onnxruntime", "sklearn", "spacy", "statsmodels", "tensorflow"),
    *("torch", "transformers", "xgboost"),
}  # libraries whose predictions change nothing


def reasons_against(model: Any, methods: Sequence[str], example: Any) -> tuple[tuple[str, str], ...]:
    """(method, why) of each method whose calls must stay apart."""
    own = _has_own_code(model)
    rows = [] if example is None else [_row(example, place) for place in range(min(_ROWS, len(example)))]
    if not rows:
        why = "there is no example to compare its answers to several rows with"
        return tuple((method, why) for method in methods) if own else ()
    if own and not any(difference(rows[0], one) for one in rows[1:]):
        why = (
            "it has code of the notebook, and the example no two different rows to try that with: --example X_test[:3]"
        )
        return tuple((method, why) for method in methods)
    return tuple((method, why) for method in methods if (why := _reason(model, method, rows, own=own)))


def _reason(model: Any, method: str, rows: Sequence[Any], *, own: bool) -> str:
    """Why concurrent calls of the method must stay apart; "" where nothing speaks against joining them."""
    with quiet():
        try:
            asked = copy.deepcopy(model) if own else model  # it may count its calls
        except Exception:  # noqa: BLE001 - whatever an object raises when it is copied
            return "it cannot be copied, and being asked so often might change it"
        try:
            return _difference(getattr(asked, method), rows)
        except Exception as error:  # noqa: BLE001 - a model fails in whatever way it likes
            return f"it fails on several rows of the example ({type(error).__name__}: {error})"


def _difference(call: Callable[[Any], Any], rows: Sequence[Any]) -> str:
    alone = []
    for row in rows:
        before = copy.deepcopy(row)
        answer = call(row)
        if difference(before, row):
            return "it changes the rows that it is given"
        alone.append(json_form(answer))
        if _parts(answer, [1]) is None:
            return "its answer has not one part for each row"
    if not all(same(json_form(call(row)), answer) for row, answer in zip(rows, alone, strict=True)):
        return "it answers the same row otherwise each time"
    for places, batch in _batches(rows):
        answers = _parts(call(_stacked(batch)), [1] * len(batch))
        if answers is None:
            return "its answer has not one part for each row"
        if not all(
            same(json_form(answer), alone[place])
            for place, answer in zip(places, answers, strict=True)
            if place is not None
        ):
            return "it answers a row otherwise beside other rows"
    return ""


def _batches(rows: Sequence[Any]) -> Iterator[tuple[list[int | None], list[Any]]]:
    """Rows to be asked together, each with its place in ``rows``; None for those that are only there."""
    places = list(range(len(rows)))
    yield [*places], list(rows)
    yield [*reversed(places)], list(reversed(rows))
    many = list(islice(cycle(places), _MANY))
    yield [*many], [rows[place] for place in many]
    near = [_nearly(row) for row in rows]
    beside = [each for pair in zip(near, rows, strict=True) for each in pair]
    yield [each for place in places for each in (None, place)], beside
    alike: list[int | None] = [None] * (_MANY - 1)
    yield [*alike, 0], [near[-1]] * (_MANY - 1) + [rows[0]]


def _row(example: Any, place: int) -> Any:
    return getattr(example, "iloc", example)[place : place + 1]


def _stacked(rows: Sequence[Any]) -> Any:
    from ..runtime.stacking import inputs_of

    return inputs_of(rows[0]).stack(rows)


def _parts(answer: Any, rows: Sequence[int]) -> list[Any] | None:
    from ..runtime.stacking import split

    return split(answer, rows)


def _nearly(row: Any) -> Any:
    """The row with all floats a little larger."""
    if hasattr(row, "select_dtypes"):
        floats = row.select_dtypes("float")
        return row.assign(**{name: floats[name] * 1.01 for name in floats})
    if getattr(getattr(row, "dtype", None), "kind", "") == "f":
        return row * row.dtype.type(1.01)
    return [_larger(each) for each in row] if isinstance(row, list) else row


def _larger(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return type(value)(map(_larger, value))
    return value * 1.01 if type(value) is float else value


def _has_own_code(model: Any) -> bool:
    """Whether the model, or a part that it tells of, is of the notebook or of a library that is not known."""
    parts = [model]
    if callable(getattr(model, "get_params", None)):
        parts += model.get_params(deep=True).values()
    return any(_is_own(part) for part in parts)


def _is_own(part: Any) -> bool:
    named = part if isinstance(part, (type, FunctionType)) else type(part)
    return named.__module__.partition(".")[0] not in _STEADY | {"builtins", "numpy", "pandas", "scipy"}
