"""The categories that encoders inside a fitted model know, by the name of the column that they get."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

_WRAPPED = ("best_estimator_", "regressor_", "estimator")  # of a search, a transformed target, a calibration
_SAME_COLUMNS = {"SimpleImputer"}  # steps that hand each column on under its number, with values of the same kind


def fitted_categories(model: Any, features: Sequence[str]) -> dict[str, list[Any]]:
    """The categories of each column that an encoder gets as it comes in the request; missing ones left out.

    Where several encoders get one column, what all of them know.
    """
    found: dict[str, list[Any]] = {}
    for name, categories in _walk(model, list(features)):
        known = [_plain(each) for each in categories if not _is_missing(each)]
        found[name] = [each for each in found.get(name, known) if each in known]
    return found


def _walk(estimator: Any, columns: list[str]) -> Iterator[tuple[str, Any]]:
    """(column, categories) of every encoder that is reached with the columns unchanged."""
    steps = getattr(estimator, "steps", None)
    if isinstance(steps, list):
        yield from _walk_pipeline([step for _, step in steps], columns)
    elif hasattr(estimator, "transformers_"):
        for _, transformer, chosen in estimator.transformers_:
            names = _chosen(columns, chosen)
            if names and not isinstance(transformer, str):
                yield from _walk(transformer, names)
    elif isinstance(getattr(estimator, "transformer_list", None), list):
        for _, transformer in estimator.transformer_list:
            yield from _walk(transformer, columns)
    elif isinstance(getattr(estimator, "categories_", None), list):
        if len(estimator.categories_) == len(columns):
            yield from zip(columns, estimator.categories_, strict=True)
    else:
        inner = next((getattr(estimator, name) for name in _WRAPPED if hasattr(estimator, name)), None)
        if inner is not None and not isinstance(inner, str):
            yield from _walk(inner, columns)


def _walk_pipeline(steps: list[Any], columns: list[str]) -> Iterator[tuple[str, Any]]:
    for step in steps:
        yield from _walk(step, columns)
        if not (step in (None, "passthrough") or _hands_on(step, columns)):
            return


def _hands_on(step: Any, columns: list[str]) -> bool:
    if type(step).__name__ not in _SAME_COLUMNS or not type(step).__module__.startswith("sklearn."):
        return False
    statistics = getattr(step, "statistics_", ())
    return len(statistics) == len(columns) and not getattr(step, "add_indicator", False)


def _chosen(columns: list[str], chosen: Any) -> list[str]:
    """The names of a ColumnTransformer's columns: given by name, position, slice or mask; [] for another way."""
    if isinstance(chosen, (str, int)):
        chosen = [chosen]
    if isinstance(chosen, slice):
        return columns[chosen] if not isinstance(chosen.start or chosen.stop, str) else []
    chosen = list(chosen) if not callable(chosen) else []
    if chosen and all(isinstance(each, bool) or type(each).__name__ == "bool" for each in chosen):
        return [name for name, taken in zip(columns, chosen, strict=False) if taken]
    if all(isinstance(each, str) for each in chosen):
        return chosen if set(chosen) <= set(columns) else []
    positions = [int(each) for each in chosen if hasattr(each, "__index__")]
    return [columns[each] for each in positions] if len(positions) == len(chosen) and positions else []


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def _is_missing(value: Any) -> bool:
    return value is None or type(value).__name__ == "NAType" or (isinstance(value, float) and value != value)  # noqa: PLR0124
