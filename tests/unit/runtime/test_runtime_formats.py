"""Rows and answers of models in other formats than JSON: the same values, the same refusals."""

from __future__ import annotations

import csv
import io
import pickle
import struct
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ConfigDict, StrictBool, with_config
from typing_extensions import TypedDict

from nb2svc.runtime import model_routes
from nb2svc.runtime.columns import Dtype
from nb2svc.runtime.fields import Datetime, Float, Integer
from nb2svc.runtime.rows import Array, Frame, Matrix, Series

NPY = "application/x-npy"
CSV = "text/csv"


class Recorder:
    """A model that shows what it was given, and answers with what it was told to."""

    def __init__(self, answer: Any = None) -> None:
        self.answer = answer
        self.given: Any = None

    def predict(self, rows: Any) -> Any:
        self.given = rows
        return list(range(len(rows))) if self.answer is None else self.answer


def row(**fields: Any) -> Any:
    return with_config(ConfigDict(extra="forbid"))(TypedDict("Row", fields))


def frame(**fields: Any) -> Any:
    return Annotated[Any, Frame(row(**fields))]


def arrays(item: Any, dtype: str, *inner: int) -> Any:
    return Annotated[Any, Array(item, dtype, [None, *inner])]


FLOAT = Annotated[Float, Dtype("float64")]
FORMS = {
    "float64": arrays(Float, "float64", 2),
    "float32": arrays(Float, "float32", 2),
    "null": arrays(Float | None, "float64", 2),
    "int8": arrays(Integer, "int8", 2),
    "int64": arrays(Integer, "int64", 2),
    "bool": arrays(StrictBool, "bool", 2),
    "text": arrays(str, "str", 2),
    "cube": arrays(Float, "float32", 2, 2),
    "dates": arrays(Datetime, "datetime64[D]"),
    "matrix": Annotated[Any, Matrix(row(a=Float, b=Float), "float64")],
    "whole": Annotated[Any, Matrix(row(a=Integer, b=Integer), "int64")],
    "frame": frame(a=FLOAT, b=FLOAT),
    "mixed": frame(a=Annotated[Float | None, Dtype("float32")], b=Annotated[Integer, Dtype("int64")]),
    "texts": frame(a=Annotated[str, Dtype("str")], b=Annotated[Literal["x", "y"] | None, Dtype("object")]),
    "series": Annotated[Any, Series(Float, Dtype("float64"), name="x")],
    "rows": list[list[Float]],
    "untyped": None,
}


def npy(array: Any) -> bytes:
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


@pytest.fixture
def post(app, call):
    """Serve a Recorder with these inputs, send it a body; the answer, and what the model was given."""
    served: dict[Any, tuple[str, Recorder]] = {}

    def send(inputs: Any, *, answer: Any = None, to: str = "predict", **options: Any):
        key = (str(inputs), id(answer))
        if key not in served:
            model = Recorder(answer)
            served[key] = (f"m{len(served)}", model)
            app.include_router(model_routes(served[key][0], model, methods=["predict"], inputs=inputs))
        name, model = served[key]
        model.given = None
        return call("POST", f"/models/{name}/{to}", **options), model.given

    return send


def typed(kind: str, accept: str = "*/*") -> dict[str, str]:
    return {"content-type": kind, "accept": accept}


def same(left: Any, right: Any) -> bool:
    """In type, dtype, memory order and value."""
    if type(left) is not type(right):
        return False
    if isinstance(left, pd.DataFrame):
        orders = [each.to_numpy().flags.c_contiguous for each in (left, right)]
        return left.equals(right) and list(left.dtypes) == list(right.dtypes) and orders[0] == orders[1]
    if isinstance(left, pd.Series):
        return left.equals(right) and left.name == right.name
    if isinstance(left, np.ndarray):
        flags = left.flags.c_contiguous and left.flags.writeable and left.flags.aligned
        return left.dtype == right.dtype and flags and np.array_equal(left, right, equal_nan=left.dtype.kind == "f")
    return bool(left == right)


# --- npy ----------------------------------------------------------------------------------------

ARRAYS = {
    "float64": np.array([[1.5, 2], [0.1, -3]]),
    "float32": np.array([[1.5, 2], [0.1, -3]], "float32"),
    "float16": np.array([[1.5, 2]], "float16"),
    "big-endian": np.array([[1.5, 2]], ">f8"),
    "columns first": np.asfortranarray([[1.5, 2], [0.1, -3]]),
    "whole floats": np.array([[1.0, 2.0]]),
    "int64": np.array([[1, 2], [3, 4]]),
    "uint8": np.array([[1, 200]], "uint8"),
    "large": np.array([[2**62, -1]]),
    "too large": np.array([[1e300, 1]]),
    "nan": np.array([[np.nan, 1.0]]),
    "inf": np.array([[np.inf, 1.0]]),
    "bool": np.array([[True, False]]),
    "text": np.array([["x", "y"]]),
    "wide": np.ones((2, 3)),
    "cube": np.ones((1, 2, 2)),
    "one": np.array([1.5, 2]),
    "days": np.array(["2024-01-02", "2024-02-03"], "M8[D]"),
    "named": np.array([(1.5, 2), (3, 4)], [("b", "f8"), ("a", "f8")]),
    "named text": np.array([("s", "x")], [("a", "U3"), ("b", "U3")]),
}


def as_json(array: Any) -> Any:
    """The rows as a client would write them in JSON."""
    if array.dtype.kind == "M":
        return np.datetime_as_string(array).tolist()
    if array.dtype.names:
        return [dict(zip(array.dtype.names, each.tolist(), strict=True)) for each in array]
    return np.where(np.isnan(array), None, array).tolist() if array.dtype.kind == "f" else array.tolist()


@pytest.mark.parametrize("form", FORMS)
def test_arrays_are_taken_and_refused_as_json_is(post, form: str) -> None:
    outcomes = {}
    for name, array in ARRAYS.items():
        answer, given = post(FORMS[form], content=npy(array), headers=typed(NPY))
        if name == "inf":  # JSON has no such number
            assert form == "untyped" or answer.status_code == 422
            continue
        expected, given_json = post(FORMS[form], json={"inputs": as_json(array)})
        outcomes[name] = answer.status_code
        assert answer.status_code == expected.status_code, (form, name, answer.text, expected.text)
        if answer.status_code == 200:
            assert answer.json() == expected.json()
            kept = (
                form == "untyped" and array.ndim > 1 and array.dtype.kind in "fiu"
            )  # its own type, where nothing says another
            assert same(given, given_json.astype(array.dtype.newbyteorder("=")) if kept else given_json), (form, name)
        else:
            places = [[each["loc"] for each in one.json()["detail"]] for one in (answer, expected)]
            assert places[0] == places[1], (form, name)
    assert 200 in outcomes.values()


def test_an_array_reaches_the_model_without_a_detour(post, monkeypatch) -> None:
    monkeypatch.setattr(Array, "stack", None)  # as rows of Python's numbers would go
    answer, given = post(FORMS["float64"], content=npy(np.ones((3, 2))), headers=typed(NPY))
    assert answer.status_code == 200
    given[0, 0] = 5  # as the notebook's own array, it may be written to
    assert given.base is not None  # the body itself


def headed(header: str, data: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    text = header.encode("latin1")
    return b"\x93NUMPY" + version + struct.pack("<H", len(text)) + text + data


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "no array as numpy.save writes it"),
        (b"[[1, 2]]", "no array as numpy.save writes it"),
        (pickle.dumps(np.ones((1, 2))), "no array as numpy.save writes it"),
        (npy(np.ones((2, 2)))[:-1], "are 32 bytes, 31 follow the header"),
        (npy(np.ones((2, 2))) + b"x", "are 32 bytes, 33 follow the header"),
        (npy(np.ones((2, 2)))[:70], "no array as numpy.save writes it"),
        (npy(np.ones((0, 2))), "has no values"),
        (npy(np.array(1.0)), "has no rows with values"),
        (npy(np.array([[1, None]])), "holds no plain values"),
        (npy(np.array([[1j, 2]])), "have no JSON form"),
        (headed("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000, 2)}"), "0 follow the header"),
        (headed("{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 2)}"), "negative sizes"),
        (headed(f"{{'descr': '<f8', 'fortran_order': False, 'shape': {(1,) * 90}}}", bytes(8)), "more than 32"),
        (headed("{'descr': '|V0', 'fortran_order': False, 'shape': (1000000000, 2)}"), "no plain values"),
        (headed("{'descr': '<f8', 'fortran_order': False, 'shape': 2}"), "no array as numpy.save"),
        (headed("__import__('os').getpid()"), "no array as numpy.save"),
        (headed("(" * 5000), "no array as numpy.save"),
        (headed("{'descr': '<f8', 'fortran_order': False, 'shape': ()}", bytes(8), b"\x09\x00"), "unknown here"),
    ],
)
def test_what_is_no_array_is_422(post, body: bytes, message: str) -> None:
    answer, given = post(FORMS["float64"], content=body, headers=typed(NPY))
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "inputs"]
    assert message in answer.json()["detail"][0]["msg"]
    assert given is None


@pytest.mark.once
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_damaged_array_is_never_an_error_of_the_service(post, data) -> None:
    body = bytearray(npy(data.draw(st.sampled_from(list(ARRAYS.values())))))
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, min(len(body) - 1, 90)))] = data.draw(st.integers(0, 255))
    answer, _ = post(FORMS["mixed"], content=bytes(body), headers=typed(NPY))
    assert answer.status_code in (200, 422)


# --- CSV ----------------------------------------------------------------------------------------


def lines(*rows: str) -> bytes:
    return "\r\n".join(rows).encode()


@pytest.mark.parametrize(
    ("form", "body", "rows"),
    [
        ("frame", lines("b,a", "2,1.5", '"3", 4 '), [{"a": 1.5, "b": 2}, {"a": 4, "b": 3}]),
        ("frame", b"\xef\xbb\xbfa,b\n1e2,.5\n\n", [{"a": 100.0, "b": 0.5}]),
        ("mixed", lines("a,b", ",2"), [{"a": None, "b": 2}]),
        ("texts", lines("a,b", "3,x", '"a,""b""",'), [{"a": "3", "b": "x"}, {"a": 'a,"b"', "b": None}]),
        ("texts", lines("a,b", ",x"), [{"a": "", "b": "x"}]),
        ("float64", lines("1,2", "3,4.5"), [[1, 2], [3, 4.5]]),
        ("bool", lines("true,False"), [[True, False]]),
        ("series", lines("1", "2"), [1, 2]),
        ("dates", lines("2024-01-02"), ["2024-01-02"]),
        ("untyped", lines("1,2"), [[1, 2]]),
        ("untyped", lines("a text", "another"), ["a text", "another"]),
    ],
)
def test_lines_are_rows(post, form: str, body: bytes, rows: list[Any]) -> None:
    expected, given_json = post(FORMS[form], json={"inputs": rows})
    answer, given = post(FORMS[form], content=body, headers=typed(CSV))
    assert (answer.status_code, answer.json()) == (200, expected.json())
    assert same(given, given_json)


def test_a_header_is_there_or_not_as_the_client_says(post) -> None:
    answer, given = post(FORMS["frame"], content=lines("1,2"), headers=typed("text/csv; header=absent"))
    assert (answer.status_code, given.to_dict("records")) == (200, [{"a": 1.0, "b": 2.0}])
    answer, given = post(FORMS["float64"], content=lines("x,y", "1,2"), headers=typed("text/csv; header=present"))
    assert (answer.status_code, given.tolist()) == (200, [[1.0, 2.0]])


@pytest.mark.parametrize(
    ("form", "body", "place", "message"),
    [
        ("frame", lines("a,b", "1,2", "1,x"), [1, "b"], "valid number"),
        ("frame", lines("a,b", "1,nan"), [0, "b"], "valid number"),
        ("frame", lines("a,b", "1,true"), [0, "b"], "valid number"),
        ("frame", lines("a,b", "1,"), [0, "b"], "valid number"),
        ("frame", lines("a,b", "1,2,3"), [0], "a row has 2 values (a, b), this one 3"),
        ("frame", lines("a,c", "1,2"), [], "the columns are a, b: b missing; c unknown"),
        ("frame", lines("a,a", "1,2"), [], "b missing"),
        ("frame", lines("a,b,b", "1,2,3"), [], "each of them once"),
        ("frame", lines("a,b"), [], "no rows"),
        ("frame", b"", [], "no rows"),
        ("frame", lines("a,b", '1,"2'), [], "line 2 is no CSV"),
        ("frame", b"a,b\n1,\xff", [], "no text in UTF-8: byte 6"),
        ("mixed", lines("a,b", "1,2.5"), [0, "b"], "valid integer"),
        ("texts", lines("a,b", "s,z"), [0, "b"], "'x' or 'y'"),
        ("int8", lines("1,2", "3,300"), [], "do not fit"),
        ("float64", lines("1,2", "3"), [1], "at least 2 items"),
        ("float64", lines("1,2,3", "4,5,6"), [0], "at most 2 items"),
        ("float64", lines("1,2", "3,inf"), [1, 1], "valid number"),
        ("float32", lines("1,2", "3,1_000"), [1, 1], "valid number"),
        ("float64", lines("1,2", "3,x"), [1, 1], "valid number"),
    ],
)
def test_a_bad_line_is_422_and_named_by_row_and_column(post, form, body, place, message) -> None:
    answer, given = post(FORMS[form], content=body, headers=typed(CSV))
    assert answer.status_code == 422
    problem = answer.json()["detail"][0]
    assert problem["loc"] == ["body", "inputs", *place]
    assert message in problem["msg"]
    assert given is None


# --- answers ------------------------------------------------------------------------------------

TABLE = pd.DataFrame({"n": [1, 2], "x": [0.1, np.nan], "s": ["a,b", ""]})


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (np.array([0.1, np.nan, 2]), "outputs\r\n0.1\r\n\r\n2.0\r\n"),
        (np.array([[1, 2], [3, 4]]), "outputs_0,outputs_1\r\n1,2\r\n3,4\r\n"),
        (np.array(["a", "b,c"], object), 'outputs\r\na\r\n"b,c"\r\n'),
        ([True, False], "outputs\r\ntrue\r\nfalse\r\n"),
        ([{"a": 1, "b": "x"}, {"a": 2, "b": None}], "a,b\r\n1,x\r\n2,\r\n"),
        (TABLE, 'n,x,s\r\n1,0.1,"a,b"\r\n2,,\r\n'),
        (np.float32(0.5), "outputs\r\n0.5\r\n"),
    ],
)
def test_answers_as_csv(post, answer: Any, text: str) -> None:
    got, _ = post(FORMS["float64"], answer=answer, json={"inputs": [[1, 2]]}, headers={"accept": CSV})
    assert (got.status_code, got.headers["content-type"]) == (200, CSV)
    if text == "outputs\r\n0.1\r\n\r\n2.0\r\n":
        text = text.replace("\r\n\r\n", '\r\n""\r\n')  # a line may not be empty
    assert got.text == text
    assert list(csv.reader(io.StringIO(got.text)))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (np.array([[0.1, np.nan]], "float32"), np.array([[0.1, np.nan]], "float32")),
        (np.array(["a", "bc"], object), np.array(["a", "bc"])),
        ([1, None], np.array([1, np.nan])),
        ([[1, 2], [3, 4]], np.array([[1, 2], [3, 4]])),
        (pd.Series([1.5, 2]), np.array([1.5, 2])),
        (np.ma.array([1.5, 2], mask=[False, True]), np.array([1.5, np.nan])),
        (TABLE[["n", "x"]], np.array([(1, 0.1), (2, np.nan)], [("n", "i8"), ("x", "f8")])),
    ],
)
def test_answers_as_npy(post, answer: Any, expected: Any) -> None:
    sent = npy(np.ones((1, 2)))
    got, _ = post(FORMS["float64"], answer=answer, content=sent, headers=typed(NPY, NPY))
    assert (got.status_code, got.headers["content-type"]) == (200, NPY)
    array = np.load(io.BytesIO(got.content), allow_pickle=False)
    assert array.dtype == expected.dtype
    assert repr(array) == repr(expected)


@pytest.mark.parametrize("answer", [["a", 1], [[1], [2, 3]], [{"a": 1}], {"a": [1]}])
def test_an_answer_without_such_a_form_is_406(post, answer: Any) -> None:
    got, _ = post(FORMS["float64"], answer=answer, json={"inputs": [[1, 2]]}, headers={"accept": NPY})
    assert got.status_code == 406
    assert "ask for application/json" in got.json()["detail"]


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "application/json"),
        ("", "application/json"),
        ("text/html, */*;q=0.8", "application/json"),
        ("image/png", "application/json"),
        ("application/json, text/csv", "application/json"),
        ("text/csv, application/json;q=0.9", CSV),
        ("text/csv, */*", CSV),
        ("text/*", CSV),
        ("application/x-npy;q=0.5, text/csv;q=0.4", NPY),
        ("text/csv;q=0, application/x-npy;q=x, application/json", "application/json"),
    ],
)
def test_the_answer_has_the_type_that_the_client_likes_best(post, accept: str, kind: str) -> None:
    got, _ = post(FORMS["float64"], json={"inputs": [[1, 2]]}, headers={"accept": accept})
    assert (got.status_code, got.headers["content-type"]) == (200, kind)


def test_what_this_service_lacks_is_415_and_406(post) -> None:
    arrow = "application/vnd.apache.arrow.stream"
    got, _ = post(FORMS["float64"], content=b"", headers=typed(arrow))
    assert got.status_code == 415
    assert got.json()["detail"] == f"The body is {arrow}; this takes application/json, {NPY}, {CSV}."
    got, _ = post(FORMS["float64"], json={"inputs": [[1, 2]]}, headers={"accept": arrow})
    assert (got.status_code, got.json()["detail"]) == (406, f"This answers as application/json, {NPY}, {CSV}.")
    got, _ = post(FORMS["float64"], content=b"a=1", headers=typed("application/x-www-form-urlencoded"))
    assert got.status_code == 415


def test_a_bad_json_body_is_422_whatever_is_accepted(post) -> None:
    for body, place in (
        (b"{", ["body"]),
        (b'{"inputs": [[1, "x"]]}', ["body", "inputs", 0, 1]),
        (b"{}", ["body", "inputs"]),
    ):
        got, _ = post(FORMS["float64"], content=body, headers=typed("application/json", CSV))
        assert (got.status_code, got.json()["detail"][0]["loc"]) == (422, place)


def test_the_document_shows_the_formats(app, post) -> None:
    post(FORMS["float64"], json={"inputs": [[1, 2]]})
    operation = app.openapi()["paths"]["/models/m0/predict"]["post"]
    assert list(operation["requestBody"]["content"]) == ["application/json", NPY, CSV]
    assert list(operation["responses"]["200"]["content"]) == ["application/json", NPY, CSV]
    assert {"406", "415", "422"} <= set(operation["responses"])
