"""Requests that nobody thought of: whatever schemathesis makes of the OpenAPI document, no answer is a 500.

The service is the kernel's own, in this process: models and handlers whose schemas are learned from examples.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode, openapi
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from nb2svc.capture import inputs, schema
from nb2svc.capture.examples import request_for
from nb2svc.capture.options import EndpointOptions, ModelOptions
from nb2svc.capture.registry import MarkedEndpoint, MarkedModel, Registry
from nb2svc.capture.spec import live_app
from nb2svc.values import Where

pytestmark = pytest.mark.once  # requests to one application

HERE = Where()


def model(public, value, example):
    methods = inputs.default_methods(value)
    learned = inputs.learn(value, example, public, methods, HERE)
    options = ModelOptions(variable=public)
    return MarkedModel(
        options=options, public=public, value=value, methods=methods, example=example, inputs=learned, where=HERE
    )


def endpoint(function, method, path, example):
    learned = schema.learn(function, function.__name__, method, path, [example])
    return MarkedEndpoint(
        options=EndpointOptions(),
        public=function.__name__,
        handler=function.__name__,
        function=function,
        method=method,
        path=path,
        requests=(),
        body=learned.body,
        parameters=learned.parameters,
        where=HERE,
    )


def echoed(number, text, flags, day, rate, rows, frame, tags, note=None, top=5):
    return {
        "types": [type(one).__name__ for one in (number, text, flags, day, rate, rows, frame, tags)],
        "row": rows.shape,
        "columns": [str(dtype) for dtype in frame.dtypes],
        "day": day.isoformat(),
        "rest": [number, text, flags, rate, tags, note, top],
    }


def found(item, day, top, share, exact, tags, page=1):
    return [item, day.isoformat(), top + 1, share / 2, not exact, tags, page]


def partly(x: int, scale, rows):
    return [x, scale, rows]


EXAMPLE = {
    "number": 1.5,
    "text": "a",
    "flags": [True],
    "day": dt.date(2024, 1, 2),
    "rate": Decimal("0.5"),
    "rows": np.zeros((2, 3), dtype="float32"),
    "frame": pd.DataFrame(
        {
            "when": pd.to_datetime(["2024-01-02", None]),
            "took": pd.to_timedelta(["1s", "2s"]),
            "small": np.array([1, 2], "int8"),
            "level": pd.Categorical(["a", None], ["a", "b"]),
            "month": pd.period_range("2024-01", periods=2, freq="M"),
            "size wide": [1.5, np.nan],
        }
    ),
    "tags": {"x"},
    "note": None,
}


ADDRESS = {"item": "a", "day": dt.date(2024, 1, 2), "top": 1, "share": 0.5, "exact": True, "tags": ["a"]}


@pytest.fixture(scope="module")
def app():
    people = pd.DataFrame({"age": [39.0, np.nan, 51.0], "city": ["Rome", "Paris", "Rome"], "n": [1, 2, 3]})
    encoding = make_column_transformer((SimpleImputer(), ["age", "n"]), (OneHotEncoder(), ["city"]))
    tabular = make_pipeline(encoding, LogisticRegression()).fit(people, [0, 1, 0])
    forest = RandomForestClassifier(3, random_state=0).fit(np.eye(4), [0, 1, 0, 1])  # computes in float32
    texts = make_pipeline(CountVectorizer(), LogisticRegression()).fit(["good", "bad"], [1, 0])
    return live_app(
        Registry(
            (
                model("tabular", tabular, people[:2]),
                model("forest", forest, np.eye(4)[:2]),
                model("texts", texts, ["good"]),
                model("untyped", forest, None),
                endpoint(echoed, "POST", "/echoed", EXAMPLE),
                endpoint(found, "GET", "/found/{item}", ADDRESS),
                endpoint(partly, "PUT", "/partly", {"x": 1, "scale": 2.5, "rows": [{"a": 1}]}),
            )
        ),
        "fuzzed",
    )  # fmt: skip


QUIET = settings(
    max_examples=10,
    derandomize=True,  # the same requests each time
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.filterwarnings("ignore")  # what libraries say of the numbers that they get
@pytest.mark.parametrize("mode", GenerationMode)
def test_no_generated_request_is_answered_with_500(app, mode):
    operations = [each.ok() for each in openapi.from_asgi("/openapi.json", app).get_all_operations()]
    paths = ("/models/", "/v2/models/", "/echoed", "/found", "/partly")
    asked = [
        each for each in operations if each.path.startswith(paths) and (each.body or each.query or each.path_parameters)
    ]
    assert len(asked) >= 13
    statuses = Counter(status for operation in asked for status in statuses_of(operation, mode))
    assert set(statuses) <= {200, 400, 405, 422}
    assert statuses[200 if mode is GenerationMode.POSITIVE else 422] > 20


def statuses_of(operation, mode):
    statuses = []

    @QUIET
    @given(operation.as_strategy(generation_mode=mode))
    def ask(case):
        answer = case.call()
        assert answer.status_code != 500, f"{case.as_curl_command()}\n{answer.text}"
        statuses.append(answer.status_code)

    ask()
    return statuses


def test_the_fuzzed_handlers_answer_their_examples(app):
    route = next(route for route in app.routes if getattr(route, "path", "") == "/echoed")
    assert request_for(route, "POST", EXAMPLE, HERE)["json"]["frame"][1]["when"] is None
