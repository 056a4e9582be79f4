from __future__ import annotations

import array
import importlib
import io
import pickle
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest
from requirement import need

from nb2svc.capture.artifacts import dump_objects
from nb2svc.capture.objects import probe
from nb2svc.capture.sharing import sharing


def saved(values, tmp_path):
    """The values as a project loads them, and what is said of how they share memory."""
    found = sharing(values, {})
    artifact = dump_objects(
        values,
        target=tmp_path / "values.pkl",
        others={},
        references=probe(values, "values"),
        why="a test",
        views=found.views,
    )
    assert artifact.format == "pickle"
    return pickle.loads(artifact.staged.read_bytes()), found


def grid():
    return np.arange(12.0).reshape(3, 4)


@pytest.mark.parametrize(
    "view",
    [
        lambda one: one[:],
        lambda one: one.T,
        lambda one: one[::-1, ::2],
        lambda one: one.reshape(2, 6)[1],
        lambda one: one.view("i8"),
        lambda one: np.broadcast_to(one[0], (5, 4)),
    ],
)
def test_views_stay_views_of_one_memory(tmp_path, view):
    whole = grid()
    loaded, found = saved({"whole": whole, "view": view(whole)}, tmp_path)
    assert found.groups == (("view", "whole"),)
    for name, one in {"whole": whole, "view": view(whole)}.items():
        assert loaded[name].dtype == one.dtype
        assert loaded[name].flags.writeable == one.flags.writeable
        np.testing.assert_array_equal(loaded[name], one)
    loaded["whole"][:] = whole[:] = 7
    np.testing.assert_array_equal(loaded["view"], view(whole))


@pytest.mark.parametrize("buffer", [bytearray(16), array.array("d", [0, 0])])
def test_arrays_over_a_buffer_of_python_stay_over_it(tmp_path, buffer):
    numbers = np.frombuffer(buffer)
    loaded, _ = saved({"buffer": buffer, "numbers": numbers, "second": numbers[1:]}, tmp_path)
    loaded["numbers"][1] = 2
    assert loaded["second"].tolist() == [2]
    assert bytes(loaded["buffer"]) == np.array([0.0, 2.0]).tobytes()
    assert type(loaded["buffer"]) is type(buffer)


def test_what_no_one_can_notice_is_left_as_it_is():
    whole, fixed, frame = grid(), grid(), pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
    fixed.flags.writeable = False
    values = {
        "first": whole[:2],
        "others": whole[2:],
        "fixed": fixed[:],
        "again": fixed[:],
        "text": np.frombuffer(b"abcd", "u1"),
        "empty": whole[:0],
    }
    assert not sharing(values, {}).views
    if int(pd.__version__[0]) > 2:  # before, a column is a view that follows
        assert not sharing({"frame": frame, "column": frame["a"], "part": frame[["a"]]}, {}).views


def test_what_cannot_be_made_anew_is_told():
    items, large = np.array([{}, 1], dtype=object), np.zeros((2000, 1000))
    assert sharing({"items": items, "turned": items[::-1]}, {}).copied == (frozenset({"items", "turned"}),)
    ends = {"column": large[:, 0], "same": large[:, :1]}  # 16 kB of 16 MB
    assert sharing(ends, {}).copied == (frozenset(ends),)


def test_a_model_and_what_sees_its_coefficients_share_a_file():
    from sklearn.linear_model import LinearRegression

    model = LinearRegression().fit([[1.0], [2.0]], [2.0, 4.0])
    assert sharing({"slope": model.coef_[:]}, {"model": model}).groups == (("model", "slope"),)
    assert sharing({"slope": model.coef_[:]}, {"model": model}, ["model"]).apart == (("model", "slope"),)


def test_bytes_of_a_buffer_of_io_are_told():
    buffer = io.BytesIO(bytes(8))
    found = sharing({"buffer": buffer, "seen": np.frombuffer(buffer.getbuffer(), "u1")}, {})
    assert found.copied == (frozenset({"buffer", "seen"}),)


@pytest.fixture
def torch():
    need("torch", "" if find_spec("torch") else "torch is not installed")
    return importlib.import_module("torch")


@pytest.mark.once  # PyTorch is installed for one interpreter only
def test_tensors_of_one_storage_stay_that(torch, tmp_path):
    whole = torch.zeros(4)
    held, _ = saved({"whole": whole, "held": {"part": whole[1:3], "all": whole.detach()}}, tmp_path)
    held["held"]["part"][0] = 7
    assert held["whole"].tolist() == [0, 7, 0, 0]
    assert held["held"]["all"].tolist() == [0, 7, 0, 0]


@pytest.mark.once
def test_tensors_of_one_storage_are_in_one_file_and_those_of_arrays_are_told(torch):
    whole, array = torch.zeros(4), np.zeros(3)
    values = {"whole": whole, "part": whole[1:], "alone": torch.ones(2), "array": array}
    assert sharing(values, {}).groups == (("alone",), ("array",), ("part", "whole"))
    copied = sharing(values | {"tensor": torch.from_numpy(array)}, {}).copied
    assert copied == (frozenset({"array", "tensor"}),)
