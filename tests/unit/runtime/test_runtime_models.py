from __future__ import annotations

import datetime as dt
import math
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
import pytest
from pydantic import ConfigDict, StrictBool, with_config
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from typing_extensions import TypedDict

from nb2svc.runtime import model_routes
from nb2svc.runtime.columns import Dtype
from nb2svc.runtime.fields import Date, Datetime, Float, Integer, Seconds, ZonedDatetime
from nb2svc.runtime.rows import Array, Frame, Matrix, Series

FEATURES = ("sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)")


class IrisPredictOutputs(TypedDict):
    outputs: list[Literal["u", "v"]]


class Recorder:
    """A model that shows what it was given."""

    given: Any = None

    def predict(self, rows: Any) -> list[int]:
        self.given = rows
        return list(range(len(rows)))


def row(**fields: Any) -> Any:
    return with_config(ConfigDict(extra="forbid"))(TypedDict("Row", fields))


def frame(**fields: Any) -> Any:
    return Annotated[Any, Frame(row(**fields))]


FLOAT = Annotated[Float, Dtype("float64")]
IRIS = frame(**dict.fromkeys(FEATURES, FLOAT))


@pytest.fixture(scope="module")
def iris():
    data = load_iris(as_frame=True)
    return data.data, RandomForestClassifier(5, random_state=0).fit(data.data, data.target)


@pytest.fixture
def predict(app, call):
    """Serve a Recorder with these inputs, send it rows, give the answer and what the model was given."""

    def send(rows: Any, inputs: Any = None, **options: Any):
        model = Recorder()
        app.include_router(model_routes("m", model, methods=["predict"], inputs=inputs, **options))
        answer = call("POST", "/models/m/predict", json={"inputs": rows})
        return answer, model.given

    return send


# --- rows ---------------------------------------------------------------------------------------


def test_rows_by_order_or_by_name_become_the_frame_of_the_example(app, call, iris) -> None:
    data, model = iris
    app.include_router(model_routes("iris", model, methods=["predict", "predict_proba"], inputs=IRIS))
    rows = data.iloc[[0, 60, 120]]
    for inputs in (rows.to_numpy().tolist(), [dict(reversed(row.items())) for row in rows.to_dict("records")]):
        for method in ("predict", "predict_proba"):
            answer = call("POST", f"/models/iris/{method}", json={"inputs": inputs})
            assert answer.status_code == 200
            assert answer.json() == {"outputs": getattr(model, method)(rows).tolist()}


TEXT = "str" if int(pd.__version__.partition(".")[0]) >= 3 else "object"  # what pandas calls columns of texts
COLUMNS = {
    "float32": (Float | None, Dtype("float32"), [1, None]),
    "int8": (Integer, Dtype("int8"), [2, 3.0]),
    "bool": (StrictBool, Dtype("bool"), [True, False]),
    "object": (str | None, Dtype("object"), ["x", None]),
    "objects": (str | None, Dtype("object", missing=math.nan), ["x", None]),
    "dates": (Date, Dtype("object"), ["2024-01-02", "2024-01-03"]),
    "lists": (list[Float], Dtype("object"), [[1, 2], [3, 4]]),
    "str": (str | None, Dtype("str"), ["s", None]),
    "when": (Datetime | None, Dtype("datetime64[ns]"), ["2024-01-02", None]),
    "zoned": (ZonedDatetime, Dtype("datetime64[us, UTC]"), ["2024-01-02T01:00:00+01:00", "2024-01-02T00:00:00Z"]),
    "for": (Seconds, Dtype("timedelta64[ns]"), [90, 1.5]),
    "category": (Literal["lo", "hi"] | None, Dtype("category", categories=["lo", "hi"], ordered=True), ["hi", None]),
    "open": (str, Dtype("category", categories=["lo", "hi"]), ["hi", "new"]),
    "Int64": (Integer | None, Dtype("Int64"), [None, 4]),
    "period": (str, Dtype("period[M]"), ["2024-01", "2024-02"]),
    "missing": (Integer | None, Dtype("int64"), [1, None]),
    "any": (Any, Dtype(), [1, 2]),
}


def test_frames_have_the_dtypes_of_the_example(predict) -> None:
    inputs = frame(**{name: Annotated[kind, dtype] for name, (kind, dtype, _) in COLUMNS.items()})
    answer, given = predict(
        [list(each) for each in zip(*(values for *_, values in COLUMNS.values()), strict=True)], inputs
    )
    assert answer.json() == {"outputs": [0, 1]}
    for name, (_, dtype, _) in COLUMNS.items():
        expected = {"": "int64", "int64": "float64", "str": TEXT}.get(dtype.name, dtype.name)
        assert str(given[name].dtype) == expected, name
    assert given["category"].cat.categories.tolist() == ["lo", "hi"]
    assert given["category"].cat.ordered
    assert given["open"].tolist() == ["hi", "new"]
    assert given["when"].tolist() == [pd.Timestamp("2024-01-02"), pd.NaT]
    assert given["zoned"].tolist() == [pd.Timestamp("2024-01-02", tz="UTC")] * 2
    assert given["for"].tolist() == [pd.Timedelta("90s"), pd.Timedelta("1.5s")]
    assert given["dates"].tolist() == [dt.date(2024, 1, 2), dt.date(2024, 1, 3)]
    assert given["lists"].tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert given["object"].tolist() == ["x", None]
    assert all(math.isnan(given[name][1]) for name in ("float32", "objects", "missing"))


JSON = {"content-type": "application/json"}
AB = frame(a=FLOAT, b=Annotated[Integer, Dtype("int8")])


@pytest.mark.parametrize(
    ("sent", "place", "message"),
    [
        ({"a": "x", "b": 1}, ["a"], "valid number"),
        ({"a": "1.5", "b": 1}, ["a"], "valid number"),
        ({"a": True, "b": 1}, ["a"], "valid number"),
        ({"a": None, "b": 1}, ["a"], "valid number"),
        ({"a": 1, "b": 1.5}, ["b"], "valid integer"),
        ({"a": 1, "b": "1"}, ["b"], "valid integer"),
        ({"a": 1, "b": True}, ["b"], "valid integer"),
        ({"a": 1, "b": 300}, ["b"], "does not fit int8"),
        ({"a": 1, "b": 2**70}, ["b"], "does not fit int8"),
        ({"a": 1}, ["b"], "Field required"),
        ({"a": 1, "b": None}, ["b"], "valid integer"),
        ({"a": 1, "b": 2, "c": 3}, ["c"], "Extra inputs"),
        ([1], [], "a row has 2 values (a, b), this one 1"),
        ([1, "x"], ["b"], "valid integer"),
        ("x", [], "dictionary"),
    ],
)
def test_a_bad_row_is_422_and_named_by_place_and_feature(predict, sent, place, message) -> None:
    answer, given = predict([{"a": 1, "b": 2}, sent], AB)
    assert answer.status_code == 422
    problem = answer.json()["detail"][0]
    assert problem["loc"] == ["body", "inputs", 1, *place]
    assert message in problem["msg"]
    assert given is None


@pytest.mark.parametrize(
    ("dtype", "kind", "sent", "message"),
    [
        ("datetime64[ns]", Datetime, "2024-01-02T00:00:00Z", "should not have timezone info"),
        ("datetime64[ns]", Datetime, "1700000000", "in ISO 8601"),
        ("datetime64[ns]", Datetime, 1700000000, "in ISO 8601"),
        ("datetime64[ns]", Datetime, "2024-01-02T00:00:00.1234567", "to the microsecond"),
        ("datetime64[ns]", Datetime, "0024-01-02", "does not fit datetime64[ns]"),
        ("datetime64[us, UTC]", ZonedDatetime, "2024-01-02", "should have timezone info"),
        ("category", Literal["a", "b"], "c", "'a' or 'b'"),
        ("float32", Float, 1e300, "does not fit float32"),
        ("period[M]", str, "soon", "does not fit period[M]"),
    ],
)
def test_a_value_that_its_column_cannot_hold_is_named(predict, dtype, kind, sent, message) -> None:
    answer, _ = predict([{"v": sent}], frame(v=Annotated[kind, Dtype(dtype)]))
    assert answer.status_code == 422
    problem = answer.json()["detail"][0]
    assert problem["loc"] == ["body", "inputs", 0, "v"]
    assert message in problem["msg"]


def test_numbers_that_json_does_not_have_are_refused(app, call) -> None:
    app.include_router(model_routes("m", Recorder(), methods=["predict"], inputs=AB))
    answer = call("POST", "/models/m/predict", content=b'{"inputs": [{"a": NaN, "b": 1}]}', headers=JSON)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "inputs", 0, "a"]


@pytest.mark.parametrize("body", [{}, {"inputs": []}, {"inputs": 3}, []])
def test_a_body_without_rows_is_422(app, call, body) -> None:
    app.include_router(model_routes("m", Recorder(), methods=["predict"]))
    assert call("POST", "/models/m/predict", json=body).status_code == 422


def arrays(item: Any, dtype: str, *inner: int) -> Any:
    return Annotated[Any, Array(item, dtype, [None, *inner])]


@pytest.mark.parametrize(
    ("rows", "inputs", "expected"),
    [
        ([[1, 2], [3, 4]], None, np.array([[1, 2], [3, 4]])),
        ([[1, 2.5]], None, np.array([[1.0, 2.5]])),
        ([[1, None]], None, np.array([[1.0, np.nan]])),
        ([["a", 1]], None, np.array([["a", 1]], dtype=object)),
        ([[[1, 2], [3, 4]]], None, np.array([[[1, 2], [3, 4]]])),
        ([[1, 2]], arrays(Float, "float32", 2), np.array([[1, 2]], dtype="float32")),
        ([[1, None]], arrays(Float | None, "float64", 2), np.array([[1, np.nan]])),
        ([[[1], [2]]], arrays(Integer, "int8", 2, 1), np.array([[[1], [2]]], dtype="int8")),
        ([["long", "er"]], arrays(str, "str", 2), np.array([["long", "er"]])),
        (["2024-01-02"], arrays(Datetime, "datetime64[D]"), np.array(["2024-01-02"], dtype="M8[D]")),
        ([[1, 2.0]], Annotated[Any, Matrix(row(a=Float, b=Float), "float64")], np.array([[1.0, 2.0]])),
        ([{"b": 2, "a": 1}], Annotated[Any, Matrix(row(a=Integer, b=Integer), "int64")], np.array([[1, 2]])),
    ],
)  # fmt: skip
def test_rows_of_values_become_an_array(predict, rows, inputs, expected) -> None:
    answer, given = predict(rows, inputs)
    assert answer.status_code == 200
    np.testing.assert_array_equal(given, expected)
    assert given.dtype == expected.dtype


@pytest.mark.parametrize(
    ("rows", "place"),
    [([[[1, 2], [3, 4]], [[1, 2]]], [1]), ([[[1, 2], [3]]], [0, 1]), ([[[1, 2], [3, "x"]]], [0, 1, 1])],
)
def test_the_inner_shape_of_an_array_is_fixed(predict, rows, place) -> None:
    answer, given = predict(rows, arrays(Float, "float64", 2, 2))
    assert answer.json()["detail"][0]["loc"] == ["body", "inputs", *place]
    assert given is None


def test_a_series_is_a_series(predict) -> None:
    _, given = predict(["a", None], Annotated[Any, Series(str | None, Dtype(TEXT), name="text")])
    assert given.tolist()[0] == "a"
    assert given.isna().tolist() == [False, True]
    assert (str(given.dtype), given.name) == (TEXT, "text")


@pytest.mark.parametrize("rows", [["a text", "another"], [{"word": 1}, {"other": 2}], [1, 2]])
def test_other_rows_go_to_the_model_as_they_are(predict, rows) -> None:
    _, given = predict(rows)
    assert given == rows


def test_plain_rows_are_checked_one_by_one(predict) -> None:
    answer, _ = predict(["a text", 3], list[str])
    assert answer.json()["detail"][0]["loc"] == ["body", "inputs", 1]


def test_ragged_rows_are_422(predict) -> None:
    answer, _ = predict([[1, 2], [3]])
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "inputs"]


def test_the_width_that_a_model_knows_is_checked(app, call) -> None:
    model = LogisticRegression().fit([[0.0, 0.0], [1.0, 1.0]], [0, 1])
    app.include_router(model_routes("m", model, methods=["predict"]))
    assert call("POST", "/models/m/predict", json={"inputs": [[1, 1]]}).json() == {"outputs": [1]}
    problem = call("POST", "/models/m/predict", json={"inputs": [[1, 1], [1]]}).json()["detail"][0]
    assert (problem["loc"], problem["msg"]) == (["body", "inputs", 1], "Value error, a row has 2 values, this one 1")


def test_rows_that_the_model_refuses_are_422_with_its_words(app, call) -> None:
    model = LogisticRegression().fit([[0.0, 0.0], [1.0, 1.0]], [0, 1])
    app.include_router(model_routes("m", model, methods=["predict"]))
    answer = call("POST", "/models/m/predict", json={"inputs": [[1, None]]})
    assert answer.status_code == 422
    problem = answer.json()["detail"][0]
    assert problem["loc"] == ["body", "inputs"]
    assert "the model refuses these rows: Input X contains NaN" in problem["msg"]
    tensor = {"name": "x", "shape": [1, 2], "datatype": "FP64", "data": [1, None]}
    answer = call("POST", "/v2/models/m/infer", json={"inputs": [tensor]})
    assert answer.status_code == 400
    assert "the model refuses these rows" in answer.json()["error"]


def test_a_text_model(app, call) -> None:
    model = make_pipeline(CountVectorizer(), LogisticRegression()).fit(["good fine", "bad awful"], ["pos", "neg"])
    app.include_router(model_routes("mood", model, methods=["predict"]))
    assert call("POST", "/models/mood/predict", json={"inputs": ["fine", "awful"]}).json() == {
        "outputs": ["pos", "neg"]
    }


def test_the_schema_shows_features_and_their_types(app, iris) -> None:
    columns = {"a": FLOAT, "b c": Annotated[Integer, Dtype("int8")], "d": Annotated[Literal["x", "y"], Dtype("object")]}
    app.include_router(
        model_routes(
            "iris", iris[1], methods=["predict"], inputs=frame(**columns), outputs={"predict": IrisPredictOutputs}
        )
    )
    schemas = app.openapi()["components"]["schemas"]
    reference, in_order = schemas["IrisRequest"]["properties"]["inputs"]["items"]["anyOf"]
    by_name = schemas[reference["$ref"].rpartition("/")[2]]
    assert by_name["required"] == ["a", "b c", "d"]
    assert by_name["properties"]["b c"]["type"] == "integer"
    assert by_name["properties"]["d"]["enum"] == ["x", "y"]
    assert [each["type"] for each in in_order["prefixItems"]] == ["number", "integer", "string"]
    assert (in_order["minItems"], in_order["maxItems"]) == (3, 3)
    assert schemas["IrisPredictOutputs"]["properties"]["outputs"]["items"]["enum"] == ["u", "v"]
    assert set(app.openapi()["paths"]) >= {"/models/iris/predict", "/v2/models/iris", "/v2/models/iris/infer"}


def test_two_models_in_one_app(app, call) -> None:
    app.include_router(model_routes("one", Recorder(), methods=["predict"], features=["a"]))
    app.include_router(model_routes("two", Recorder(), methods=["predict"], features=["b"], frame=True))
    assert call("POST", "/models/one/predict", json={"inputs": [{"a": 1}]}).status_code == 200
    assert call("POST", "/models/two/predict", json={"inputs": [{"a": 1}]}).status_code == 422
    operations = [each["operationId"] for path in app.openapi()["paths"].values() for each in path.values()]
    assert len(operations) == len(set(operations))


# --- Open Inference Protocol --------------------------------------------------------------------


@pytest.fixture
def infer(app, call, iris):
    app.include_router(model_routes("iris", iris[1], methods=["predict", "predict_proba"], inputs=IRIS))

    def send(**body: Any):
        return call("POST", "/v2/models/iris/infer", json=body)

    return send


def test_v2_metadata_and_ready(infer, call) -> None:
    assert call("GET", "/v2/models/iris").json() == {
        "name": "iris",
        "versions": ["1"],
        "platform": "sklearn",
        "inputs": [{"name": name, "datatype": "FP64", "shape": [-1]} for name in FEATURES],
        "outputs": [
            {"name": "predict", "datatype": "INT64", "shape": [-1]},
            {"name": "predict_proba", "datatype": "FP64", "shape": [-1, -1]},
        ],
    }
    assert call("GET", "/v2/models/iris/ready").json() == {"name": "iris", "ready": True}
    assert call("GET", "/v2/health/live").json() == {"live": True}
    assert call("GET", "/v2").json()["name"] == "iris"


@pytest.mark.parametrize(
    "data", [[5.1, 3.5, 1.4, 0.2, 6.7, 3.0, 5.2, 2.3], [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]]]
)
def test_v2_infer_of_one_tensor(infer, data) -> None:
    answer = infer(id="7", inputs=[{"name": "x", "shape": [2, 4], "datatype": "FP64", "data": data}])
    output = {"name": "predict", "shape": [2], "datatype": "INT64", "data": [0, 2]}
    assert answer.json() == {"model_name": "iris", "model_version": "1", "id": "7", "outputs": [output]}


def test_v2_infer_of_a_tensor_a_feature_and_chosen_outputs(infer, iris) -> None:
    data, model = iris
    rows = data.iloc[[0, 60]]
    tensors = [
        {"name": name, "shape": [2, 1], "datatype": "FP64", "data": rows[name].tolist()} for name in reversed(FEATURES)
    ]
    answer = infer(inputs=tensors, outputs=[{"name": "predict_proba"}])
    flat = model.predict_proba(rows).ravel().tolist()
    assert answer.json()["outputs"] == [{"name": "predict_proba", "shape": [2, 3], "datatype": "FP64", "data": flat}]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"inputs": []}, "body.inputs: List should have at least 1 item"),
        ({"inputs": [{"name": "x", "shape": [2, 4], "datatype": "FP64", "data": [1]}]}, "needs 8 values, there are 1"),
        ({"inputs": [{"name": "x", "shape": [1, 3], "datatype": "FP64", "data": [1, 2, 3]}]}, "this one 3"),
        ({"inputs": [{"name": n, "shape": [1], "datatype": "FP64", "data": [1]} for n in "ab"]}, "got a, b"),
        (
            {
                "inputs": [{"name": "x", "shape": [1, 4], "datatype": "FP64", "data": [1, 2, 3, 4]}],
                "outputs": [{"name": "fit"}],
            },
            "unknown fit; this model has predict, predict_proba",
        ),
    ],
)
def test_v2_errors_are_400_with_one_error(infer, body, message) -> None:
    answer = infer(**body)
    assert answer.status_code == 400
    assert list(answer.json()) == ["error"]
    assert message in answer.json()["error"]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (["a", "b"], [("predict", [2], "BYTES", ["a", "b"])]),
        (np.array([1, 2], dtype="float32"), [("predict", [2], "FP32", [1.0, 2.0])]),
        ([np.ones((2, 1)), np.zeros((2, 2))],
         [("predict_0", [2, 1], "FP64", [1.0, 1.0]), ("predict_1", [2, 2], "FP64", [0.0, 0.0, 0.0, 0.0])]),
        (pd.DataFrame({"a": [1, 2], "b": [True, False]}),
         [("a", [2], "INT64", [1, 2]), ("b", [2], "BOOL", [True, False])]),
        ([1.5, float("nan")], [("predict", [2], "FP64", [1.5, None])]),
    ],
)  # fmt: skip
def test_v2_outputs(app, call, answer, expected) -> None:
    class Fixed:
        def predict(self, rows: Any) -> Any:  # noqa: ARG002
            return answer

    app.include_router(model_routes("m", Fixed(), methods=["predict"]))
    tensor = {"name": "x", "shape": [2], "datatype": "BYTES", "data": ["p", "q"]}
    outputs = call("POST", "/v2/models/m/infer", json={"inputs": [tensor]}).json()["outputs"]
    assert [tuple(each.values()) for each in outputs] == expected
