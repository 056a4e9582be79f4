from __future__ import annotations

import dataclasses
import datetime as dt
import ipaddress
import json
import uuid
from collections import OrderedDict, deque, namedtuple
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fastapi.encoders import jsonable_encoder
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from scipy import sparse

from nb2svc.runtime.encoding import encode, to_json
from nb2svc.runtime.foreign import plain


class Color(Enum):
    RED = "red"


class Level(IntEnum):
    LOW = 1


Point = namedtuple("Point", "x y")  # noqa: PYI024


@dataclasses.dataclass
class Box:
    width: Any
    tags: list[str] = dataclasses.field(default_factory=list)


class Inner(BaseModel):
    value: float = Field(alias="theValue")


class Loose(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True, frozen=True, extra="allow")
    array: Any
    inner: Inner | None = None


class Bag:
    def __init__(self) -> None:
        self.one = 1
        self.two = Decimal("2.5")


def written(value: Any) -> Any:
    return json.loads(to_json(encode(value)))


AS_FASTAPI = [
    1, 1.5, True, None, "é", b"bytes", [1, "a", None], (1, 2), Point(1, 2), deque([1]), {"b": 1, "a": 2},
    {1: "int", 2.5: "float", False: "bool"}, {None: 0}, OrderedDict(z=1, y=2), {3}, frozenset({"a"}),
    dt.date(2024, 1, 2), dt.datetime(2024, 1, 2, 3, 4, 5, 6, tzinfo=dt.timezone.utc), dt.time(1, 2),
    dt.timedelta(minutes=1.5), Decimal(10), Decimal("1.50"), Color.RED, Level.LOW, {Color.RED: Level.LOW},
    Path("a/b"), PurePosixPath("c"), uuid.UUID(int=7), ipaddress.ip_address("10.0.0.1"), SecretStr("hidden"),
    Box(1, ["a"]), [Box(Box(2))], Inner(theValue=1), {"in": Inner(theValue=2)}, Bag(), {"_sa_state": 1, "kept": 2},
    (each for each in (1, 2)),
]  # fmt: skip


@pytest.mark.parametrize("value", AS_FASTAPI, ids=lambda value: type(value).__name__)
def test_plain_values_are_what_fastapi_gives(value: Any) -> None:
    if not hasattr(value, "__next__"):
        assert json.dumps(encode(value)) == json.dumps(jsonable_encoder(value))
    else:
        assert encode(value) == [1, 2]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
    | st.decimals(allow_nan=False, allow_infinity=False, places=2) | st.datetimes() | st.timedeltas(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="ascii")), inner),
)  # fmt: skip


@given(json_values)
def test_any_nesting_is_what_fastapi_gives(value: Any) -> None:
    assert json.dumps(encode(value)) == json.dumps(jsonable_encoder(value))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.int64(3), 3),
        (np.float32(0.5), 0.5),
        (np.bool_(True), True),
        (np.str_("a"), "a"),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (np.array(5.0), 5.0),
        (np.array([1.0, np.nan, np.inf, -np.inf]), [1.0, None, None, None]),
        (np.array(["a", 1, None, np.float64(2)], dtype=object), ["a", 1, None, 2.0]),
        (np.ma.array([1, 2], mask=[False, True]), [1, None]),
        (np.datetime64("2024-01-02"), "2024-01-02"),
        (np.array(["2024-01-02T03:04:05.123456789", "NaT"], "M8[ns]"), ["2024-01-02T03:04:05.123456789", None]),
        (np.timedelta64(90, "s"), 90.0),
        (sparse.csr_matrix(np.eye(2)), [[1.0, 0.0], [0.0, 1.0]]),
        ({np.int64(1): np.int8(2)}, {"1": 2}),
        ([{"a": (np.float64("nan"),)}], [{"a": [None]}]),
        (Box(np.arange(2)), {"width": [0, 1], "tags": []}),
        (Loose(array=np.arange(2), inner=Inner(theValue=float("nan")), more=np.int64(1)),
         {"array": [0, 1], "inner": {"theValue": None}, "more": 1}),
        (float("nan"), None),
        ({"c", "a", "b"}, ["a", "b", "c"]),
        ({1, "a"}, [1, "a"]),
        (pd.NaT, None),
        (pd.NA, None),
        (pd.Timestamp("2024-01-02 03:04"), "2024-01-02T03:04:00"),
        (pd.Timedelta("1min"), 60.0),
        (pd.Categorical(["b", "a"]), ["b", "a"]),
        (pd.Index([1, 2]), [1, 2]),
        (pd.Series([1, 2]), [1, 2]),
        (pd.Series([1, None], dtype="Int64"), [1, None]),
        (pd.Series([1.5, 2.5])[[False, True]], [2.5]),
        (pd.Series({"a": 1, "b": 2}), {"a": 1, "b": 2}),
        (pd.Series(["x", "y", "x"]).value_counts(), {"x": 2, "y": 1}),
        (pd.DataFrame({"a": [1, 2], "b": [0.5, None]}), [{"a": 1, "b": 0.5}, {"a": 2, "b": None}]),
        (pd.DataFrame({"a": [1, 2]})[[False, True]], [{"a": 2}]),
        (pd.DataFrame({"k": ["x", "x"], "v": [1, 3]}).groupby("k").mean(), [{"k": "x", "v": 2.0}]),
        (pd.DataFrame({"j": ["a"], "k": ["x"], "v": [1]}).groupby(["j", "k"])["v"].sum(),
         [{"j": "a", "k": "x", "v": 1}]),
        (pd.DataFrame({"when": pd.to_datetime(["2024-01-02", None])}),
         [{"when": "2024-01-02T00:00:00"}, {"when": None}]),
        (pd.DataFrame({0: [1]}), [{"0": 1}]),
        (pd.DataFrame(), []),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_arrays_frames_and_what_is_not_finite(value: Any, expected: Any) -> None:
    answer = written(value)
    assert answer == expected
    assert json.dumps(answer) == json.dumps(expected)  # 1 is not 1.0 or True, and keys keep their order


@pytest.mark.parametrize(
    "value",
    [
        1 + 2j,
        np.array([1j]),
        b"\xff\xfe",
        {(1, 2): 3},
        pd.Series([1, 2], index=["a", "a"]),
        pd.DataFrame([[1, 2]], columns=["a", "a"]),
        pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("a", "b")])),
        object(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_has_no_faithful_form_is_refused(value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        to_json(encode(value))


def test_plain_keeps_what_holds_nothing_foreign() -> None:
    value = {"a": [1, (2, {3})], "b": Loose(array=[1]), "c": Box(2), "d": Color.RED}
    assert plain(value) is value


def test_plain_replaces_foreign_values_and_nothing_else() -> None:
    loose, box = Loose(array=np.array([1]), inner=Inner(theValue=2)), Box(np.float32(1))
    result = plain({"l": loose, "b": box, "t": Point(np.int64(1), 2), np.int64(3): "key"})
    assert type(result["l"]) is Loose
    assert result["l"].array == [1]
    assert result["l"].inner is loose.inner
    assert type(result["b"].width) is float
    assert result["t"] == Point(1, 2)
    assert [type(key) for key in result] == [str, str, str, int]
    assert isinstance(loose.array, np.ndarray)
    assert isinstance(box.width, np.float32)


def test_encoding_imports_neither_numpy_nor_pandas() -> None:
    import subprocess
    import sys

    code = "import sys, nb2svc.runtime.encoding as e; e.encode([1.5, {'a': 'b'}]); print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def of_polars(name: str, **members: Any) -> Any:
    return type(name, (), {"__module__": "polars.frame", **members})()


def test_frames_of_polars_are_records_and_lazy_ones_say_what_to_do() -> None:
    frame = of_polars("DataFrame", to_dicts=lambda self: [{"when": dt.date(2024, 1, 2)}])
    assert written([frame, of_polars("Series", to_list=lambda self: [1, None])]) == [
        [{"when": "2024-01-02"}],
        [1, None],
    ]
    with pytest.raises(TypeError, match=r"a polars LazyFrame, which has no values yet: collect\(\)"):
        encode(of_polars("LazyFrame"))


def test_tensors_that_give_arrays_are_nested_lists() -> None:
    """As TensorFlow's do, which have a dtype, and no ``tolist``."""
    arrays = {"rows": np.ones((2, 1), "float32"), "number": np.int32(3), "texts": np.array([b"a", b"b"], dtype=object)}

    def tensor(array: Any) -> Any:
        members = {"__module__": "tensorflow.python.framework.ops", "dtype": array.dtype, "numpy": lambda self: array}
        return type("EagerTensor", (), members)()

    assert written({name: tensor(array) for name, array in arrays.items()}) == {
        "rows": [[1.0], [1.0]],
        "number": 3,
        "texts": ["a", "b"],
    }


def test_keys_that_are_texts_cost_no_second_look() -> None:
    assert encode({"a": 1, "_sa_state": 2}) == {"a": 1}
    with pytest.raises(ValueError, match="one text in JSON"):
        encode({"1": "a", 1: "b"})
