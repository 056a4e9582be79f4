from __future__ import annotations

from collections import namedtuple

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from nb2svc.runtime.stacking import AmbiguousError, inputs_of, split

Pair = namedtuple("Pair", "left right")  # noqa: PYI024 - as notebooks write it


def frame(**columns):
    return pd.DataFrame({name: [value] for name, value in columns.items()})


def same(left, right):
    if isinstance(left, (pd.DataFrame, pd.Series)):
        kind = pd.testing.assert_frame_equal if isinstance(left, pd.DataFrame) else pd.testing.assert_series_equal
        kind(left, right)
    elif scipy.sparse.issparse(left):
        assert type(left) is type(right)
        assert (left.toarray() == right.toarray()).all()
    elif isinstance(left, np.ndarray):
        assert left.dtype == right.dtype
        assert np.array_equal(left, right)
    elif isinstance(left, dict):
        assert list(left) == list(right)
        [same(left[key], right[key]) for key in left]
    elif isinstance(left, (list, tuple)):
        assert type(left) is type(right)
        [same(one, other) for one, other in zip(left, right, strict=True)]
    else:
        assert type(left) is type(right)
        assert left == right


# --- inputs -------------------------------------------------------------------------------------

ALIKE = {
    "lists": ([[1.5, 2.0]], [[3.5, 4.0], [5.0, 6.0]], [[1.5, 2.0], [3.5, 4.0], [5.0, 6.0]]),
    "whole numbers among floats": ([[1, 2.5]], [[3.5, 4.0]], [[1, 2.5], [3.5, 4.0]]),
    "texts": (["a"], ["long", "longer"], ["a", "long", "longer"]),
    "objects": ([{"a": 1, "b": "x"}], [{"a": 2, "b": "y"}], [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]),
    "images": ([[[1, 2], [3, 4]]], [[[5, 6], [7, 8]]], [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]),
    "arrays": (np.ones((1, 3)), np.zeros((2, 3)), np.array([[1.0] * 3, [0.0] * 3, [0.0] * 3])),
    "arrays of one dimension": (np.array([1, 2]), np.array([3]), np.array([1, 2, 3])),
    "series": (pd.Series([1.5], name="a"), pd.Series([2.5], name="a"), pd.Series([1.5, 2.5], name="a", index=[0, 0])),
    "frames": (frame(a=1, b="x"), frame(a=2, b="y"), pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}, index=[0, 0])),
    "sparse": (
        scipy.sparse.csr_matrix([[1.0, 0.0]]),
        scipy.sparse.csr_matrix([[0.0, 2.0]]),
        scipy.sparse.csr_matrix([[1.0, 0.0], [0.0, 2.0]]),
    ),
}


@pytest.mark.parametrize(("one", "other", "both"), ALIKE.values(), ids=ALIKE)
def test_inputs_of_one_kind_are_stacked(one, other, both) -> None:
    left, right = inputs_of(one), inputs_of(other)
    assert left.key is not None
    assert left.key == right.key
    assert hash(left.key) == hash(right.key)
    assert left.rows + right.rows == (both.shape[0] if hasattr(both, "shape") else len(both))
    same(left.stack([one, other]), both)  # noqa: PD013 - ours, not pandas'


UNLIKE = {
    "whole numbers and floats": ([[1, 2]], [[1.5, 2.5]]),
    "truth values and numbers": ([[True]], [[1]]),
    "another width": ([[1.0, 2.0]], [[1.0]]),
    "lists and tuples": ([[1.0]], [(1.0,)]),
    "text and numbers": ([["a"]], [[1.0]]),
    "other keys": ([{"a": 1}], [{"b": 1}]),
    "keys in another order": ([{"a": 1, "b": 1}], [{"b": 1, "a": 1}]),
    "null and numbers": ([[None]], [[1.0]]),
    "arrays of other dtypes": (np.ones((1, 2)), np.ones((1, 2), "float32")),
    "arrays of another width": (np.ones((1, 2)), np.ones((1, 3))),
    "arrays and lists": (np.ones((1, 1)), [[1.0]]),
    "frames of other dtypes": (frame(a=1), frame(a=1.5)),
    "dtypes of other columns": (frame(a=1, b=1.5), frame(a=1.5, b=1)),
    "frames of other columns": (frame(a=1), frame(b=1)),
    "columns in another order": (frame(a=1, b=1), frame(b=1, a=1)),
    "other categories": (
        frame(a=1).astype({"a": pd.CategoricalDtype([1])}),
        frame(a=1).astype({"a": pd.CategoricalDtype([1, 2])}),
    ),
    "another index": (frame(a=1), frame(a=1).set_index(pd.Index(["row"]))),
    "a named index": (frame(a=1), frame(a=1).rename_axis("id")),
    "series of other names": (pd.Series([1], name="a"), pd.Series([1], name="b")),
    "sparse of another format": (scipy.sparse.csr_matrix([[1.0]]), scipy.sparse.csc_matrix([[1.0]])),
}


@pytest.mark.parametrize(("one", "other"), UNLIKE.values(), ids=UNLIKE)
def test_inputs_that_would_change_each_other_are_not_stacked(one, other) -> None:
    assert inputs_of(one).key != inputs_of(other).key


class Subclass(pd.DataFrame):
    @property
    def _constructor(self):
        return Subclass


def noted():
    noted = frame(a=1)
    noted.attrs["source"] = "here"
    return noted


@pytest.mark.parametrize(
    "value",
    [
        [],
        [[1 << 63]],
        [1.5, [2.5, object()]][:0],
        "text",
        ((1.0,),),
        {"a": [1]},
        np.float64(1),
        np.array(1.0),
        np.ma.array([1.0]),
        Subclass({"a": [1]}),
        noted(),
        scipy.sparse.csr_array(np.array([1.0, 2.0])),
    ],
    ids=repr,
)
def test_whatever_is_not_known_stays_alone(value) -> None:
    alone = inputs_of(value)
    assert alone.key is None
    assert isinstance(value, list) or alone.stack([value]) is value  # noqa: PD013 - ours, not pandas'


# --- answers ------------------------------------------------------------------------------------

ROWS = [2, 1]
ANSWERS = {
    "array": (np.array([1, 2, 3]), [np.array([1, 2]), np.array([3])]),
    "matrix": (np.eye(3), [np.eye(3)[:2], np.eye(3)[2:]]),
    "list": (["a", "b", "c"], [["a", "b"], ["c"]]),
    "series": (
        pd.Series([1, 2, 3], index=[0, 1, 0]),
        [pd.Series([1, 2], index=[0, 1]), pd.Series([3], index=[0])],
    ),
    "frame": (
        pd.DataFrame({"a": [1, 2, 3]}, index=[0, 1, 0]),
        [pd.DataFrame({"a": [1, 2]}, index=[0, 1]), pd.DataFrame({"a": [3]}, index=[0])],
    ),
    "sparse": (
        scipy.sparse.csr_matrix(np.eye(3)),
        [scipy.sparse.csr_matrix(np.eye(3)[:2]), scipy.sparse.csr_matrix(np.eye(3)[2:])],
    ),
    "tuple": ((np.array([1, 2, 3]), ["a", "b", "c"]), [(np.array([1, 2]), ["a", "b"]), (np.array([3]), ["c"])]),
    "named tuple": (Pair([1, 2, 3], [4, 5, 6]), [Pair([1, 2], [4, 5]), Pair([3], [6])]),
    "dict": ({"a": np.array([1, 2, 3])}, [{"a": np.array([1, 2])}, {"a": np.array([3])}]),
    "one array an output": (
        [np.array([1, 2, 3]), np.eye(3)],
        [[np.array([1, 2]), np.eye(3)[:2]], [np.array([3]), np.eye(3)[2:]]],
    ),
}


@pytest.mark.parametrize(("answer", "parts"), ANSWERS.values(), ids=ANSWERS)
def test_answers_are_split_by_rows(answer, parts) -> None:
    got = split(answer, ROWS)
    assert got is not None
    same(got, parts)


@pytest.mark.parametrize(
    "answer",
    [5, "abc", None, np.array(3), np.array([1, 2]), [1, 2], (1, 2, 3), {}, {"a": [1, 2]}, {"a": [1, 2, 3], "b": 1}, ()],
    ids=repr,
)
def test_what_is_not_an_answer_of_each_row_is_not_split(answer) -> None:
    assert split(answer, ROWS) is None


def test_as_many_arrays_as_rows_may_mean_two_things() -> None:
    with pytest.raises(AmbiguousError):
        split([np.eye(3)] * 3, ROWS)
    assert split([np.eye(1)], [1]) == [[np.eye(1)]]  # of one call alone it does not matter
