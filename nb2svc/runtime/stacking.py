"""Inputs of several calls as those of one, and its answer as theirs.

Inputs are stacked only where the stack holds for each row what the row's own call would have been given: rows of one
type, shape and dtype, columns of the same names and dtypes. An answer is split only where it says row by row what it
is; anything else counts as an answer to all rows together.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise
from typing import Any

_LARGE = 1 << 63  # from here on numpy holds whole numbers otherwise
_TOGETHER = frozenset({int, float})  # numpy makes floats of both


@dataclass(frozen=True, slots=True)
class Inputs:
    """What one call gives a method. Those of one ``key`` may be stacked; None: never with others.

    ``stack`` gives what is alone back as it is, where it came as the method takes it.
    """

    value: Any
    rows: int
    key: Hashable
    stack: Callable[[Sequence[Any]], Any]


def inputs_of(value: Any) -> Inputs:
    """A list of rows, an array, a sparse matrix, a DataFrame or a Series with its key; anything else alone."""
    if type(value) is list:
        return Inputs(value, len(value), _list_key(value), _unless_alone(_lists))
    read = {"numpy": _array, "pandas": _labelled, "scipy": _sparse}.get(type(value).__module__.partition(".")[0])
    return _alone(value) if read is None else read(value)


def _alone(value: Any) -> Inputs:
    return Inputs(value, 1, None, _first)


def _unless_alone(stack: Callable[[Sequence[Any]], Any]) -> Callable[[Sequence[Any]], Any]:
    """A copy of a single one might lie otherwise in memory, and its last digits come out otherwise."""
    return lambda values: values[0] if len(values) == 1 else stack(values)


def _first(values: Sequence[Any]) -> Any:
    return values[0]


# --- kinds of inputs ----------------------------------------------------------------------------


def _list_key(rows: list[Any]) -> Hashable:
    kinds = {_kind(row) for row in rows}
    return None if not rows or None in kinds else ("list", frozenset(kinds))


def _kind(value: Any) -> Hashable:
    """What numpy and pandas would make of a row, as far as its values say: their types, their number, their names."""
    if type(value) in (list, tuple):
        types = frozenset(map(type, value))
        if not types.isdisjoint((list, tuple, dict)):
            kinds = frozenset(map(_kind, value))
            return None if None in kinds else (type(value), len(value), kinds)
        return _leaves((type(value), len(value)), types, value)
    if type(value) is dict:
        each = tuple(map(_kind, value.values()))
        return None if None in each else (dict, tuple(value), each)
    return _leaves((), frozenset((type(value),)), (value,))


def _leaves(shape: tuple[Any, ...], types: frozenset[type], values: Sequence[Any]) -> Hashable:
    if types == _TOGETHER:
        types = frozenset((float,))
    elif int in types and any(type(each) is int and abs(each) >= _LARGE for each in values):
        return None
    return (*shape, types)


def _lists(values: Sequence[list[Any]]) -> list[Any]:
    return list(chain.from_iterable(values))


def _array(value: Any) -> Inputs:
    import numpy as np

    if type(value) is not np.ndarray or not value.ndim:
        return _alone(value)
    return Inputs(value, len(value), ("array", value.dtype, value.shape[1:]), _unless_alone(_arrays))


def _arrays(values: Sequence[Any]) -> Any:
    import numpy as np

    return np.concatenate(values)


def _labelled(value: Any) -> Inputs:
    import pandas as pd

    columns: tuple[Hashable, ...]
    if type(value) is pd.DataFrame:
        columns = (*value.columns, value.columns.name, *value.dtypes)
    elif type(value) is pd.Series:
        columns = (value.name, value.dtype)
    else:
        return _alone(value)
    index = value.index
    key = (type(value), columns, type(index), index.dtype, *index.names)
    return _alone(value) if value.attrs else Inputs(value, len(value), key, _unless_alone(pd.concat))


def _sparse(value: Any) -> Inputs:
    import scipy.sparse

    if not scipy.sparse.issparse(value) or value.ndim != 2:  # noqa: PLR2004 - rows and columns
        return _alone(value)
    return Inputs(value, value.shape[0], (type(value), value.dtype, value.shape[1]), _unless_alone(_sparse_rows))


def _sparse_rows(values: Sequence[Any]) -> Any:
    import scipy.sparse

    return scipy.sparse.vstack(values, format=values[0].format)


# --- answers ------------------------------------------------------------------------------------


def split(answer: Any, rows: Sequence[int]) -> list[Any] | None:
    """The answer's parts for calls of so many rows each; None where it is not one of each row.

    Arrays, sparse matrices, frames, series and lists are cut; of tuples, dicts and lists of arrays each member is.
    Raises AmbiguousError where a list might be meant in two ways.
    """
    if type(answer) is dict:
        return _split_members(list(answer.values()), rows, lambda parts: dict(zip(answer, parts, strict=True)))
    if isinstance(answer, tuple):
        return _split_members(answer, rows, getattr(answer, "_make", tuple))
    if isinstance(answer, list):
        return _split_list(answer, rows)
    if not _is_table(answer) or answer.shape[0] != sum(rows):
        return None
    return _cut(getattr(answer, "iloc", answer), rows)


class AmbiguousError(ValueError):
    """As many arrays as rows, each as long: one a row, or one an output?"""


def _cut(table: Any, rows: Sequence[int]) -> list[Any]:
    return [table[start:end] for start, end in pairwise(accumulate(rows, initial=0))]


def _is_table(answer: Any) -> bool:
    return bool(getattr(answer, "shape", ())) and hasattr(answer, "__getitem__")


def _split_members(
    members: Sequence[Any], rows: Sequence[int], make: Callable[[Sequence[Any]], Any]
) -> list[Any] | None:
    columns = [split(each, rows) for each in members]
    if not columns or None in columns:
        return None
    return [make(parts) for parts in zip(*columns, strict=True)]


def _split_list(answer: list[Any], rows: Sequence[int]) -> list[Any] | None:
    """A list is one item a row, or one array for each of several outputs."""
    total = sum(rows)
    outputs = bool(answer) and all(_is_table(each) and each.shape[0] == total for each in answer)
    if outputs and len(answer) == total and len(rows) > 1:
        message = f"a list of {total} arrays of {total} rows"
        raise AmbiguousError(message)
    if outputs and len(answer) != total:
        return _split_members(answer, rows, list)
    return _cut(answer, rows) if len(answer) == total else None
