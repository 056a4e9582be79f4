"""Concurrent requests whose calls of a model become one."""

from __future__ import annotations

import asyncio
import copy
import inspect
import pickle
import threading
from typing import Annotated, Any

import httpx
import numpy as np
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC
from typing_extensions import TypedDict

from nb2svc.runtime import Manifest, Settings, create_app, model_routes
from nb2svc.runtime.coalescing import current
from nb2svc.runtime.columns import Dtype
from nb2svc.runtime.fields import Float, Integer
from nb2svc.runtime.rows import Array, Frame

FLOAT = Annotated[Float, Dtype("float64")]
COUNT = Annotated[Integer | None, Dtype("int64")]


class Doubling:
    """Says how many rows each of its calls had."""

    def __init__(self) -> None:
        self.calls: list[Any] = []
        self.threads: set[int] = set()

    def predict(self, rows: Any) -> Any:
        self.calls.append(rows)
        self.threads.add(threading.get_ident())
        if any(value < 0 for value in np.ravel(np.asarray(rows, dtype=float))):
            raise ValueError(f"negative: {len(rows)}")
        return [float(np.asarray(row, dtype=float).sum() * 2) for row in np.asarray(rows)]

    @property
    def sizes(self) -> list[int]:
        return [len(rows) for rows in self.calls]


def serve(*routers: Any, **endpoints: Any) -> Any:
    app = create_app(Manifest(name="iris"), settings=Settings())
    for router in routers:
        app.include_router(router)
    for name, handler in endpoints.items():
        app.post(f"/{name}")(handler)
    return app


def ask_all(app: Any, requests: Any, *, warm: Any = None) -> list[httpx.Response]:
    """Send (path, body) requests at the same time, after ``warm`` alone; the answers in their order."""

    async def exchange() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://service") as client,
        ):
            for path, body in [warm] * 12 if warm else ():  # until it is known to be quick
                await client.post(path, json=body)
            return await asyncio.gather(*(client.post(path, json=body) for path, body in requests))

    return asyncio.run(exchange())


def rows_route(model: Any, inputs: Any = None, **options: Any) -> Any:
    return model_routes("m", model, methods=["predict"], inputs=inputs, **options)


# --- the models' own routes ---------------------------------------------------------------------

MATRIX = Annotated[Any, Array(float, "float64", [None, 2])]


def test_concurrent_requests_become_few_calls() -> None:
    model = Doubling()
    requests = [("/models/m/predict", {"inputs": [[n, n]] * (1 + n % 3)}) for n in range(40)]
    answers = ask_all(serve(rows_route(model, MATRIX)), requests)
    assert [each.json() for each in answers] == [{"outputs": [n * 4.0] * (1 + n % 3)} for n in range(40)]
    assert sum(model.sizes) == sum(1 + n % 3 for n in range(40))
    assert len(model.calls) < 20


def test_a_real_model_answers_as_it_does_alone() -> None:
    data, target = load_iris(return_X_y=True)
    model = RandomForestClassifier(10, random_state=0).fit(data, target)
    requests = [("/models/m/predict_proba", {"inputs": [row.tolist()]}) for row in data[::2]]
    inputs = Annotated[Any, Array(float, "float64", [None, 4])]
    answers = ask_all(serve(model_routes("m", model, methods=["predict_proba"], inputs=inputs)), requests)
    for row, got in zip(data[::2], answers, strict=True):
        assert got.json() == {"outputs": model.predict_proba([row]).tolist()}


def test_a_bad_row_fails_its_own_request_only() -> None:
    model = Doubling()
    bodies = [[[n, n]] for n in range(20)]
    bodies[3], bodies[7] = [[-1, 0]], [["x", 0]]
    answers = ask_all(serve(rows_route(model, MATRIX)), [("/models/m/predict", {"inputs": body}) for body in bodies])
    assert [each.status_code for each in answers] == [422 if n in (3, 7) else 200 for n in range(20)]
    assert answers[3].json()["detail"][0]["msg"] == "the model refuses these rows: negative: 1"
    assert answers[19].json() == {"outputs": [76.0]}


def test_a_row_that_no_array_holds_fails_its_own_request_only() -> None:
    inputs = Annotated[Any, Array(float, "float32", [None, 1])]
    bodies = [[[1.0]], [[1e300]], [[2.0]]]
    answers = ask_all(serve(rows_route(Doubling(), inputs)), [("/models/m/predict", {"inputs": one}) for one in bodies])
    assert [each.status_code for each in answers] == [200, 422, 200]
    assert answers[1].json()["detail"][0]["loc"] == ["body", "inputs"]


def test_columns_stay_what_they_are_alone() -> None:
    """A null makes floats of a column of whole numbers: only of its own."""

    class Kinds:
        def predict(self, rows: Any) -> Any:
            return [str(rows.dtypes["n"])] * len(rows)

    row: Any = TypedDict("row", {"n": COUNT, "x": FLOAT})
    bodies = [[{"n": None if n % 4 == 0 else n, "x": n}] for n in range(24)]
    requests = [("/models/m/predict", {"inputs": body}) for body in bodies]
    answers = ask_all(serve(rows_route(Kinds(), Annotated[Any, Frame(row)])), requests)
    assert [each.json()["outputs"] for each in answers] == [["float64" if n % 4 == 0 else "int64"] for n in range(24)]


def test_rows_as_they_are_and_untyped_ones_coalesce_by_their_types() -> None:
    model = Doubling()
    bodies = [[[n, n]] if n % 2 else [[n + 0.5, n]] for n in range(20)]
    for inputs in (None, list[list[float]]):
        model.calls.clear()
        requests = [("/models/m/predict", {"inputs": body}) for body in bodies]
        answers = ask_all(serve(rows_route(model, inputs)), requests)
        assert [each.json()["outputs"] for each in answers] == [[sum(body[0]) * 2] for body in bodies]
        assert len(model.calls) < 15


def test_batching_may_be_off_or_bounded() -> None:
    requests = [("/models/m/predict", {"inputs": [[n, n]]}) for n in range(12)]
    alone, few = Doubling(), Doubling()
    ask_all(serve(rows_route(alone, MATRIX, batch=False)), requests)
    ask_all(serve(rows_route(few, MATRIX, max_batch=2)), requests)
    assert alone.sizes == [1] * 12
    assert max(few.sizes) == 2


def test_a_model_that_does_not_answer_row_by_row_is_asked_alone(caplog) -> None:
    class Total:
        def predict(self, rows: Any) -> Any:
            return [float(np.sum(rows))]

    requests = [("/models/m/predict", {"inputs": [[n, n]]}) for n in range(10)]
    answers = ask_all(serve(rows_route(Total(), MATRIX)), requests)
    assert [each.json()["outputs"] for each in answers] == [[n * 2.0] for n in range(10)]
    assert "one by one" in caplog.text


def test_the_inference_protocol_coalesces_with_the_route() -> None:
    model = Doubling()
    tensor = {"name": "x", "shape": [1, 2], "datatype": "FP64", "data": [1.0, 2.0]}
    requests = [("/v2/models/m/infer", {"inputs": [tensor]}), ("/models/m/predict", {"inputs": [[1, 2]]})] * 10
    answers = ask_all(serve(rows_route(model, MATRIX)), requests)
    assert {each.status_code for each in answers} == {200}
    assert answers[0].json()["outputs"][0]["data"] == [6.0]
    assert len(model.calls) < 10


def test_metrics_tell_rows_waits_and_errors() -> None:
    app = serve(rows_route(Doubling(), MATRIX))
    requests = [("/models/m/predict", {"inputs": [[n, -n]]}) for n in range(2)]
    ask_all(app, requests)
    labels = {"model": "m", "method": "predict"}
    registry = app.state.metrics.registry
    assert registry.get_sample_value("model_batch_rows_sum", labels) == 2
    assert registry.get_sample_value("model_queue_seconds_count", labels) == 2
    assert registry.get_sample_value("model_call_seconds_count", labels) == 2
    assert registry.get_sample_value("model_errors_total", labels) == 1


# --- the model as handlers see it ---------------------------------------------------------------


def test_outside_of_requests_a_model_is_what_it_was() -> None:
    data, target = load_iris(return_X_y=True)
    model = LogisticRegression(max_iter=500).fit(data, target)
    before, known = dict(vars(model)), model.predict(data)
    ask_all(serve(rows_route(model)), [("/models/m/predict", {"inputs": [data[0].tolist()]})] * 3)
    assert current.get() is None
    assert list(vars(model)) == list(before)
    assert inspect.ismethod(model.predict)
    assert model.predict.__self__ is model
    assert LogisticRegression.predict.__name__ == "predict"
    assert str(inspect.signature(model.predict)) == "(X)"
    for other in (pickle.loads(pickle.dumps(model)), copy.copy(model), copy.deepcopy(model)):
        assert type(other) is LogisticRegression
        assert (other.predict(data) == known).all()


def test_methods_that_only_some_have_stay_missing() -> None:
    data, target = load_iris(return_X_y=True)
    able = make_pipeline(LogisticRegression(max_iter=500)).fit(data, target)
    unable = make_pipeline(LinearSVC()).fit(data, target)
    ask_all(serve(model_routes("m", able, methods=["predict_proba"])), [])
    assert hasattr(able, "predict_proba")
    assert not hasattr(unable, "predict_proba")
