"""Concurrent requests whose calls of a model become one."""

from __future__ import annotations

import asyncio
import copy
import inspect
import pickle
import threading
import time
from contextvars import ContextVar
from typing import Annotated, Any

import httpx
import numpy as np
import pandas as pd
import pytest
import sklearn
from pydantic import BaseModel
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC
from typing_extensions import TypedDict

from nb2svc.runtime import Manifest, Settings, create_app, endpoint, model_routes
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


# --- handlers in all modes ----------------------------------------------------------------------

model = Doubling()
unbatched = Doubling()
colour: ContextVar[str] = ContextVar("colour", default="none")
barrier = threading.Lock()


class Number(BaseModel):
    n: int


def on_loop(number: Number) -> dict[str, float]:
    return {"twice": model.predict([[number.n, 0]])[0], "again": model.predict([[0, number.n]])[0]}


def on_thread(number: Number) -> dict[str, float]:
    with barrier:
        pass
    return on_loop(number)


async def on_coroutine(number: Number) -> dict[str, float]:
    await asyncio.sleep(0)
    return on_loop(number)


def on_stream(number: Number):
    yield on_loop(number)


def in_time(number: Number) -> dict[str, float]:
    return on_loop(number)


HANDLERS = {"loop": on_loop, "thread": on_thread, "coroutine": on_coroutine, "stream": on_stream}


@pytest.fixture(autouse=True)
def fresh():
    model.calls.clear()
    model.threads.clear()
    unbatched.calls.clear()


def served(**handlers: Any) -> Any:
    return serve(
        model_routes("m", model, methods=["predict"]),
        model_routes("other", unbatched, methods=["predict"], batch=False),
        **handlers,
    )


@pytest.mark.parametrize("name", HANDLERS)
def test_calls_of_handlers_become_few_and_answers_stay_their_own(name) -> None:
    app = served(it=endpoint(HANDLERS[name]))
    answers = ask_all(app, [("/it", {"n": n}) for n in range(60)], warm=("/it", {"n": 0}))
    assert [each.json() for each in answers] == [{"twice": n * 2.0, "again": n * 2.0} for n in range(60)]
    assert len(model.calls) - 24 < 80  # of 120; on a busy machine threads come late
    if name != "thread":
        assert max(model.sizes) > 5


def test_handlers_in_all_modes_share_their_batches() -> None:
    app = served(**{name: endpoint(handler) for name, handler in HANDLERS.items()}, timed=endpoint(in_time, timeout=30))
    names = [*HANDLERS, "timed"]
    answers = ask_all(app, [(f"/{names[n % 5]}", {"n": n}) for n in range(100)])
    assert [each.json() for each in answers] == [{"twice": n * 2.0, "again": n * 2.0} for n in range(100)]
    assert len(model.calls) < 150


@pytest.mark.parametrize("name", HANDLERS)
def test_an_error_of_the_model_reaches_its_handler_only(name) -> None:
    def checked(number: Number) -> Any:
        try:
            return HANDLERS["loop"](number)
        except ValueError as error:
            return {"refused": str(error)}

    handlers = {"it": endpoint(checked if name == "loop" else HANDLERS[name])}
    answers = ask_all(served(**handlers), [("/it", {"n": -n if n % 10 == 7 else n}) for n in range(30)])
    for n, each in enumerate(answers):
        if n % 10 != 7:
            assert each.json() == {"twice": n * 2.0, "again": n * 2.0}
        elif name == "loop":
            assert each.json() == {"refused": "negative: 1"}
        else:
            assert each.status_code == 500


@pytest.mark.parametrize("name", ["loop", "thread", "coroutine"])
def test_each_handler_sees_the_context_of_its_request(name) -> None:
    def paint() -> None:
        colour.set("red")

    def look(number: Number) -> Any:
        before, mine = colour.get(), f"colour {number.n}"
        colour.set(mine)
        model.predict([[number.n, 0]])
        return [before, colour.get() == mine]

    def look_in_thread(number: Number) -> Any:
        with barrier:
            pass
        return look(number)

    async def look_in_coroutine(number: Number) -> Any:
        return look(number)

    handler = {"loop": look, "thread": look_in_thread, "coroutine": look_in_coroutine}[name]
    app = create_app(Manifest(name="iris"), settings=Settings(), on_startup=[paint])
    app.include_router(model_routes("m", model, methods=["predict"]))
    app.post("/it")(endpoint(handler))
    answers = ask_all(app, [("/it", {"n": n}) for n in range(20)])
    assert [each.json() for each in answers] == [["red", True]] * 20


def test_a_lone_call_of_the_model_has_the_context_of_its_caller() -> None:
    class Looking:
        def predict(self, rows: Any) -> Any:
            return [colour.get()] * len(rows)

    looking = Looking()

    def look(number: Number) -> Any:
        colour.set(f"colour {number.n}")
        return looking.predict([[number.n]])

    app = serve(model_routes("m", looking, methods=["predict"]), it=endpoint(look))
    assert [each.json() for each in ask_all(app, [("/it", {"n": 4})])] == [["colour 4"]]


def test_a_model_that_calls_itself_does_just_that() -> None:
    class Both(Doubling):
        def predict(self, rows: Any) -> Any:
            return [value + 1 for value in self.raw(rows)]

        def raw(self, rows: Any) -> Any:
            return super().predict(rows)

    both = Both()

    def ask(number: Number) -> Any:
        return [both.predict([[number.n]])[0], both.raw([[number.n]])[0]]

    app = serve(model_routes("m", both, methods=["predict", "raw"]), it=endpoint(ask))
    answers = ask_all(app, [("/it", {"n": n}) for n in range(20)])
    assert [each.json() for each in answers] == [[n * 2 + 1, n * 2] for n in range(20)]
    assert len(both.calls) < 30


def test_arguments_beside_the_rows_are_kept_and_keep_calls_apart() -> None:
    class Scaling:
        calls = 0

        def predict(self, rows: Any, scale: float = 1, *, shift: Any = 0) -> Any:
            self.calls += 1
            return np.asarray(rows)[:, 0] * scale + np.sum(shift)

    scaling = Scaling()

    def ask(number: Number) -> Any:
        n = number.n
        rows = np.array([[n]])
        scaled = scaling.predict(rows, 2 if n % 2 else 3)[0]
        return [scaled, scaling.predict(rows=rows)[0], scaling.predict(rows, shift=[n])[0]]

    app = serve(model_routes("m", scaling, methods=["predict"]), it=endpoint(ask))
    answers = ask_all(app, [("/it", {"n": n}) for n in range(20)])
    assert [each.json() for each in answers] == [[n * (2 if n % 2 else 3), n, 2 * n] for n in range(20)]
    assert scaling.calls < 20 + 20  # those with a list beside the rows are made alone


def test_frames_of_handlers_are_stacked() -> None:
    class Sums:
        sizes: list[int] = []  # noqa: RUF012 - of this one test

        def predict(self, rows: Any) -> Any:
            self.sizes.append(len(rows))
            return rows["a"] + rows["b"].str.len()

    sums = Sums()

    def ask(number: Number) -> Any:
        frame = pd.DataFrame([{"a": number.n, "b": "x" * number.n}], index=[number.n])
        return sums.predict(frame)

    app = serve(model_routes("m", sums, methods=["predict"]), it=endpoint(ask))
    answers = ask_all(app, [("/it", {"n": n}) for n in range(20)])
    assert [each.json() for each in answers] == [[2 * n] for n in range(20)]
    assert len(sums.sizes) < 10


def test_a_handler_that_holds_the_loop_gets_threads(caplog) -> None:
    def hold(number: Number) -> Any:
        end = time.perf_counter() + 0.06
        while time.perf_counter() < end:
            pass
        return model.predict([[number.n, 0]])

    answers = ask_all(served(it=endpoint(hold)), [("/it", {"n": n}) for n in range(12)])
    assert [each.json() for each in answers] == [[n * 2.0] for n in range(12)]
    assert caplog.text.count("hold gets threads from now on: it held the event loop for 0.0") == 1


def test_a_timeout_answers_504_while_the_model_works() -> None:
    release = threading.Event()

    class Slow:
        def predict(self, rows: Any) -> Any:
            release.wait(20)
            return [0.0] * len(rows)

    slow = Slow()

    def ask(number: Number) -> Any:
        return slow.predict([[number.n]])

    async def let_go(number: Number) -> Any:
        release.set()

    app = serve(
        model_routes("m", slow, methods=["predict"]),
        it=endpoint(ask, timeout=0.2),
        go=endpoint(let_go),
        ask=endpoint(ask),
    )

    async def exchange() -> list[int]:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://service") as client,
        ):
            waiting = asyncio.create_task(client.post("/ask", json={"n": 2}))
            late = await client.post("/it", json={"n": 1})
            health = await client.get("/livez")  # meanwhile the loop is free
            await client.post("/go", json={"n": 0})
            return [late.status_code, health.status_code, (await waiting).status_code]

    assert asyncio.run(exchange()) == [504, 200, 200]


@pytest.mark.parametrize("name", ["thread", "coroutine"])
def test_what_a_handler_sets_for_a_while_holds_for_its_own_call(name) -> None:
    class Configured:
        def transform(self, rows: Any) -> Any:
            return [[sklearn.get_config()["assume_finite"], np.geterr()["over"]]] * len(rows)

    configured = Configured()

    def ask(number: Number) -> Any:
        odd = bool(number.n % 2)
        with sklearn.config_context(assume_finite=odd):
            first = configured.transform([[number.n]])
        with np.errstate(over="ignore" if odd else "warn"):
            return [*first, *configured.transform([[number.n]])]

    async def ask_in_coroutine(number: Number) -> Any:
        return ask(number)

    handler = endpoint(ask if name == "thread" else ask_in_coroutine)
    app = serve(model_routes("m", configured, methods=["transform"]), it=handler)
    answers = ask_all(app, [("/it", {"n": n}) for n in range(20)])
    expected = [[[False, "warn"], [False, "warn"]], [[True, "warn"], [False, "ignore"]]]
    assert [each.json() for each in answers] == [expected[n % 2] for n in range(20)]
