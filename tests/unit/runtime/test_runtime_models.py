from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import TypeAdapter, ValidationError
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from nb2svc.runtime import model_routes
from nb2svc.runtime.rows import RowReader

FEATURES = ("sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)")


class Recorder:
    """A model that shows what it was given."""

    given: Any = None

    def predict(self, rows: Any) -> list[int]:
        self.given = rows
        return list(range(len(rows)))


@pytest.fixture(scope="module")
def iris():
    data = load_iris(as_frame=True)
    return data.data, RandomForestClassifier(5, random_state=0).fit(data.data, data.target)


@pytest.fixture
def predict(app, call):
    """Serve a Recorder with the options, send it rows, give the answer and what the model was given."""

    def send(rows: Any, **options: Any):
        model = Recorder()
        app.include_router(model_routes("m", model, methods=["predict"], **options))
        answer = call("POST", "/models/m/predict", json={"inputs": rows})
        return answer, model.given

    return send


# --- rows ---------------------------------------------------------------------------------------


def test_rows_by_order_or_by_name_become_the_frame_of_the_example(app, call, iris) -> None:
    frame, model = iris
    app.include_router(
        model_routes(
            "iris", model, methods=["predict", "predict_proba"], features=FEATURES, dtypes=["float64"] * 4, frame=True
        )
    )
    rows = frame.iloc[[0, 60, 120]]
    for inputs in (rows.to_numpy().tolist(), [dict(reversed(row.items())) for row in rows.to_dict("records")]):
        for method in ("predict", "predict_proba"):
            answer = call("POST", f"/models/iris/{method}", json={"inputs": inputs})
            assert answer.status_code == 200
            assert answer.json() == {"outputs": getattr(model, method)(rows).tolist()}


def test_frames_have_the_dtypes_of_the_example(predict) -> None:
    dtypes = ["float32", "int8", "bool", "object", "str", "datetime64[ns]", 'category["lo","hi"]', "Int64", ""]
    rows = [
        [1, 2, True, "x", "s", "2024-01-02", "hi", None, 1],
        [None, 3, False, None, None, None, None, 4, 2],
    ]
    answer, frame = predict(rows, features=list("abcdefghi"), dtypes=dtypes, frame=True)
    assert answer.json() == {"outputs": [0, 1]}
    assert [str(each) for each in frame.dtypes] == [
        "float32", "int8", "bool", "object", str(pd.Series(["s"], dtype="str").dtype), "datetime64[ns]", "category",
        "Int64", "int64",
    ]  # fmt: skip
    assert frame["g"].cat.categories.tolist() == ["lo", "hi"]
    assert frame["f"].tolist() == [pd.Timestamp("2024-01-02"), pd.NaT]
    assert np.isnan(frame["a"][1])
    assert frame["d"].tolist() == ["x", None]


def test_dates_with_a_zone_need_one_and_others_must_have_none(predict) -> None:
    _, frame = predict([["2024-01-02T00:00:00Z"]], features=["a"], dtypes=["datetime64[ns, UTC]"], frame=True)
    assert frame["a"][0] == pd.Timestamp("2024-01-02", tz="UTC")
    row_list = TypeAdapter(list[RowReader(("a",), ("datetime64[ns]",), frame=True).type])
    assert row_list.validate_python([["2024-01-02"]])
    with pytest.raises(ValidationError, match="should not have timezone info"):
        row_list.validate_python([["2024-01-02T00:00:00Z"]])


@pytest.mark.parametrize(
    ("row", "place", "message"),
    [
        ({"a": "x", "b": 1}, ["a"], "valid number"),
        ({"a": 1, "b": 1.5}, ["b"], "valid integer"),
        ({"a": 1, "b": 300}, ["b"], "less than or equal to 127"),
        ({"a": 1}, ["b"], "Field required"),
        ({"a": 1, "b": None}, ["b"], "valid integer"),
        ({"a": 1, "b": 2, "c": 3}, ["c"], "Extra inputs"),
        ([1], [], "a row has 2 values (a, b), this one 1"),
        ("x", [], "dictionary"),
    ],
)
def test_a_bad_row_is_422_and_named_by_place_and_feature(predict, row, place, message) -> None:
    answer, given = predict([{"a": 1, "b": 2}, row], features=["a", "b"], dtypes=["float64", "int8"], frame=True)
    assert answer.status_code == 422
    problem = answer.json()["detail"][0]
    assert problem["loc"] == ["body", "inputs", 1, *place]
    assert message in problem["msg"]
    assert given is None


@pytest.mark.parametrize("body", [{}, {"inputs": []}, {"inputs": 3}, []])
def test_a_body_without_rows_is_422(app, call, body) -> None:
    app.include_router(model_routes("m", Recorder(), methods=["predict"]))
    assert call("POST", "/models/m/predict", json=body).status_code == 422


@pytest.mark.parametrize(
    ("rows", "options", "expected"),
    [
        ([[1, 2], [3, 4]], {}, np.array([[1, 2], [3, 4]])),
        ([[1, 2.5]], {}, np.array([[1.0, 2.5]])),
        ([[1, None]], {}, np.array([[1.0, np.nan]])),
        ([["a", 1]], {}, np.array([["a", 1]], dtype=object)),
        ([[[1, 2], [3, 4]]], {}, np.array([[[1, 2], [3, 4]]])),
        ([[1, 2]], {"dtypes": ["float32"]}, np.array([[1, 2]], dtype="float32")),
        ([[1, 2]], {"features": ["a", "b"], "dtypes": ["int32", "float32"]}, np.array([[1.0, 2.0]])),
        ([{"b": 2, "a": 1}], {"features": ["a", "b"], "dtypes": ["int64"]}, np.array([[1, 2]])),
    ],
)  # fmt: skip
def test_rows_of_values_become_an_array(predict, rows, options, expected) -> None:
    answer, given = predict(rows, **options)
    assert answer.status_code == 200
    np.testing.assert_array_equal(given, expected)
    assert given.dtype == expected.dtype


@pytest.mark.parametrize("rows", [["a text", "another"], [{"word": 1}, {"other": 2}], [1, 2]])
def test_other_rows_go_to_the_model_as_they_are(predict, rows) -> None:
    _, given = predict(rows)
    assert given == rows


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


def test_a_text_model(app, call) -> None:
    model = make_pipeline(CountVectorizer(), LogisticRegression()).fit(["good fine", "bad awful"], ["pos", "neg"])
    app.include_router(model_routes("mood", model, methods=["predict"]))
    assert call("POST", "/models/mood/predict", json={"inputs": ["fine", "awful"]}).json() == {
        "outputs": ["pos", "neg"]
    }


def test_the_schema_shows_features_and_their_types(app, iris) -> None:
    app.include_router(
        model_routes("iris", iris[1], methods=["predict"], features=["a", "b c"], dtypes=["float64", "int8"])
    )
    schemas = app.openapi()["components"]["schemas"]
    by_name, in_order = schemas["IrisInputs"]["properties"]["inputs"]["items"]["anyOf"]
    assert by_name["required"] == ["a", "b c"]
    assert by_name["properties"]["b c"]["type"] == "integer"
    assert in_order["minItems"] == 2
    assert set(app.openapi()["paths"]) >= {"/models/iris/predict", "/v2/models/iris", "/v2/models/iris/infer"}


def test_two_models_in_one_app(app, call) -> None:
    app.include_router(model_routes("one", Recorder(), methods=["predict"], features=["a"]))
    app.include_router(model_routes("two", Recorder(), methods=["predict"], features=["b"]))
    assert call("POST", "/models/one/predict", json={"inputs": [{"a": 1}]}).status_code == 200
    assert call("POST", "/models/two/predict", json={"inputs": [{"a": 1}]}).status_code == 422
    operations = [each["operationId"] for path in app.openapi()["paths"].values() for each in path.values()]
    assert len(operations) == len(set(operations))


# --- Open Inference Protocol --------------------------------------------------------------------


@pytest.fixture
def infer(app, call, iris):
    app.include_router(
        model_routes(
            "iris", iris[1], methods=["predict", "predict_proba"], features=FEATURES, dtypes=["float64"] * 4, frame=True
        )
    )

    def send(**body: Any):
        return call("POST", "/v2/models/iris/infer", json=body)

    return send


def test_v2_metadata_and_ready(infer, call) -> None:
    assert call("GET", "/v2/models/iris").json() == {
        "name": "iris",
        "versions": [],
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
    assert answer.json() == {"model_name": "iris", "id": "7", "outputs": [output]}


def test_v2_infer_of_a_tensor_a_feature_and_chosen_outputs(infer, iris) -> None:
    frame, model = iris
    rows = frame.iloc[[0, 60]]
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
