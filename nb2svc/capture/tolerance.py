"""What a live model takes beside its example, found by asking it: missing values, and categories it was not fitted on.

Only models of well-known libraries are asked, whose predictions change nothing. At most ``_MOST_COLUMNS`` columns are
tried one by one; of the others only what the example shows is taken.
"""

from __future__ import annotations

import contextlib
import io
import random
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import nan
from typing import Any

from .columns import Known

_LIBRARIES = {"sklearn", "imblearn", "xgboost", "lightgbm", "catboost"}
_MOST_COLUMNS = 64
_UNKNOWN_TEXT = "nb2svc: a category that nobody has"


def known_columns(
    model: Any, methods: Sequence[str], frame: Any, categories: Mapping[str, list[Any]]
) -> dict[str, Known]:
    """What is known of the example's columns by the model and its encoders."""
    asked, row = Asked(model, methods), frame.head(1)
    if not len(row) or not asked.takes(row):
        return {}
    known = {name: Known() for name in frame.columns}
    for name in list(known)[:_MOST_COLUMNS]:
        column = frame[name]
        fitted = categories.get(name, [])
        if fitted and set(column.dropna()) <= set(fitted):
            known[name] = Known(categories=fitted)
        if (unknown := _unknown(column.head(1), known[name].categories)) is not None:
            known[name] = replace(known[name], open=asked.takes(row.assign(**{name: unknown})))
    for name, missing in _missing(asked, row):
        known[name] = replace(known[name], null=True, missing=missing)
    return known


def takes_missing(model: Any, methods: Sequence[str], array: Any) -> bool:
    """Whether the model takes an array of floats with nothing but NaN in a row."""
    asked = Asked(model, methods)
    if array.dtype.kind != "f" or not len(array) or not asked.takes(array[:1]):
        return False
    row = array[:1].copy()
    row[...] = nan
    return asked.takes(row)


class Asked:
    """A model that is called with rows of ours, quietly."""

    def __init__(self, model: Any, methods: Sequence[str]) -> None:
        self._calls = [getattr(model, method) for method in methods]
        self._may_be = type(model).__module__.partition(".")[0] in _LIBRARIES

    def takes(self, inputs: Any) -> bool:
        """Whether no method raises. False for models that must not be asked."""
        return self._may_be and self._all_answer(inputs)

    def _all_answer(self, inputs: Any) -> bool:
        with quiet():
            try:
                for call in self._calls:
                    call(inputs)
            except Exception:  # noqa: BLE001 - a model refuses in whatever way it likes
                return False
        return True


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """No output, no warning, and the random numbers of the notebook as they were."""
    numpy, own = sys.modules.get("numpy"), random.getstate()
    state = numpy.random.get_state() if numpy else None
    try:
        with (
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        random.setstate(own)
        if numpy:
            numpy.random.set_state(state)


# --- missing values -----------------------------------------------------------------------------


def _missing(asked: Asked, row: Any) -> Iterator[tuple[str, Any]]:
    """Each column in which the model takes a missing value, with that value."""
    able = [name for name in row.columns if row[name].dtype.kind != "b"]
    if asked.takes(row.assign(**{name: _without(row[name], nan) for name in able})):
        yield from ((name, nan) for name in able)
        return
    for name in able[:_MOST_COLUMNS]:
        for value in (nan, None) if row[name].dtype == object else (nan,):
            if asked.takes(row.assign(**{name: _without(row[name], value)})):
                yield name, value
                break


def _without(series: Any, missing: Any) -> Any:
    """The one-row column with nothing in it, as a request's null makes it."""
    import pandas as pd

    whole = series.dtype.kind in "iu" and not pd.api.types.is_extension_array_dtype(series.dtype)
    dtype = "float64" if whole else series.dtype
    return pd.Series([missing], index=series.index, dtype=dtype)


# --- categories ---------------------------------------------------------------------------------


def _unknown(series: Any, categories: Sequence[Any]) -> Any:
    """The one-row column with a category that the model has not seen; None where it has no categories."""
    import pandas as pd

    is_categorical = str(series.dtype) == "category"
    known = list(series.dtype.categories) if is_categorical else list(categories)
    if not known:
        return None
    value = _UNKNOWN_TEXT if isinstance(known[0], str) else max(known) + 1
    if not is_categorical:
        return pd.Series([value], index=series.index, dtype=series.dtype)
    dtype = pd.CategoricalDtype([*known, value], ordered=series.dtype.ordered)
    return pd.Series([value], index=series.index, dtype=dtype)
