"""Handlers as users write them, through FastAPI. Handlers with string annotations are in notebook_handlers.py."""

import asyncio
import contextvars
import dataclasses
import functools
import inspect
import sys
import threading
from collections.abc import Sequence
from typing import Annotated, Any, Optional, TypedDict

import numpy as np
import pandas as pd
import pytest
from fastapi import (
    BackgroundTasks,
    Body,
    Depends,
    FastAPI,
    File,
    Form,
    Header,
    HTTPException,
    Path,
    Query,
    Request,
    Response,
    UploadFile,
)
from fastapi.exceptions import ResponseValidationError
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field
from typing_extensions import NotRequired
from typing_extensions import TypedDict as BodyDict

from nb2svc.runtime import endpoint


class Flower(BaseModel):
    length: float
    name: str = "iris"


class Prediction(BaseModel):
    species: str
    confidence: float | None = None


class Secretive(Prediction):
    internal: str = "hidden"


# --- parameters ---------------------------------------------------------------------------------


def test_a_pydantic_body_and_answer(ask) -> None:
    def predict(flower: Flower) -> Prediction:
        return Prediction(species=flower.name, confidence=flower.length)

    answer = ask(predict, json={"length": 2})
    assert (answer.status_code, answer.json()) == (200, {"species": "iris", "confidence": 2.0})
    assert answer.headers["content-type"] == "application/json"


def test_a_bad_body_is_422_and_names_the_field(ask) -> None:
    def predict(flower: Flower) -> Prediction:
        return Prediction(species=flower.name)

    answer = ask(predict, json={"length": "long"})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "length"]


def test_queries_headers_dependencies_and_defaults(ask) -> None:
    def limit(top: int = 5):
        return top

    def search(
        q: str,
        tags: Annotated[list[str], Query()],
        limit: Annotated[int, Depends(limit)],
        x_token: str = Header("none"),
        exact: bool = False,
        since: Optional[int] = None,  # noqa: UP045 - as users write it
    ):
        return {"q": q, "tags": tags, "limit": limit, "token": x_token, "exact": exact, "since": since}

    answer = ask(search, "GET", "?q=a&tags=x&tags=y&top=7", headers={"x-token": "t"})
    assert answer.json() == {"q": "a", "tags": ["x", "y"], "limit": 7, "token": "t", "exact": False, "since": None}


def test_path_parameters_are_typed(app, call) -> None:
    def item(item_id: Annotated[int, Path(ge=1)], q: str | None = None):
        return [item_id, q]

    app.get("/items/{item_id}")(endpoint(item))
    assert call("GET", "/items/3?q=x").json() == [3, "x"]
    assert call("GET", "/items/0").status_code == 422


def test_several_bodies_are_embedded(ask) -> None:
    def compare(a: Flower, b: Flower, weight: Annotated[float, Query()] = 1):
        return (a.length - b.length) * weight

    assert ask(compare, query="?weight=2", json={"a": {"length": 3}, "b": {"length": 1}}).json() == 4.0


def test_uploads_and_forms(ask) -> None:
    async def read(file: UploadFile, note: Annotated[str, Form()], raw: Annotated[bytes, File()]):
        return {"name": file.filename, "size": len(await file.read()), "note": note, "raw": raw}

    answer = ask(read, files={"file": ("a.txt", b"abc"), "raw": b"xyz"}, data={"note": "hi"})
    assert answer.json() == {"name": "a.txt", "size": 3, "note": "hi", "raw": "xyz"}


def test_request_response_and_background_tasks_are_filled(ask) -> None:
    done = []

    def handler(request: Request, response: Response, tasks: BackgroundTasks):
        response.headers["x-own"] = request.url.path
        response.status_code = 202
        tasks.add_task(done.append, "later")
        return {"a": 1}

    answer = ask(handler)
    assert (answer.status_code, answer.headers["x-own"], answer.json()) == (202, "/it", {"a": 1})
    assert done == ["later"]


def test_a_dependency_with_yield_is_closed_after_the_answer(ask) -> None:
    log = []

    def connection():
        log.append("open")
        yield "db"
        log.append("close")

    def handler(db: str = Depends(connection)):
        log.append(db)
        return log.copy()

    assert ask(handler).json() == ["open", "db"]
    assert log == ["open", "db", "close"]


def test_string_annotations_are_resolved_where_the_handler_was_written(ask, app) -> None:
    import notebook_handlers

    answer = ask(notebook_handlers.predict, query="?scale=2&names=a", json=[{"length": 2}])
    assert answer.json() == [{"species": "iris", "confidence": 4.0}]
    schema = app.openapi()["paths"]["/it"]["post"]
    # Python 3.10 does not see the name inside ``list["Prediction"]``: the answer is right, and its schema empty.
    known = sys.version_info >= (3, 11)
    assert ("items" in schema["responses"]["200"]["content"]["application/json"]["schema"]) is known


def test_an_annotation_that_cannot_be_resolved_is_named() -> None:
    def handler(flower: "Missing"):  # noqa: F821
        return flower

    with pytest.raises(NameError, match=r"handler: the annotation of 'flower' fails: name 'Missing'"):
        endpoint(handler)


def test_a_decorated_handler_keeps_its_signature_and_work(ask) -> None:
    def doubled(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            return function(*args, **kwargs) * 2

        return wrapper

    @doubled
    def handler(x: int, y: int = 1):
        return x + y

    assert ask(handler, query="?x=3").json() == 8


def test_a_sync_wrapper_around_an_async_handler_is_awaited(ask) -> None:
    def logged(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            return function(*args, **kwargs)

        return wrapper

    @logged
    async def handler(x: int) -> dict:
        await asyncio.sleep(0)
        return {"x": np.int64(x)}

    assert ask(handler, query="?x=3").json() == {"x": 3}


def test_callable_objects_and_partials(ask) -> None:
    class Scaler:
        async def __call__(self, x: float, by: float):
            return x * by

    assert ask(functools.partial(Scaler(), by=3), query="?x=2&by=4").json() == 8.0


# --- the handler itself -------------------------------------------------------------------------


def test_the_handler_is_not_altered_and_the_route_is_named_like_it(app) -> None:
    def predict(flower: Flower) -> Prediction:
        """Say the species."""
        return Prediction(species=flower.name)

    before = (dict(vars(predict)), dict(predict.__annotations__), inspect.signature(predict))
    route = endpoint(predict)
    assert (vars(predict), predict.__annotations__, inspect.signature(predict)) == before
    app.post("/it")(route)
    operation = app.openapi()["paths"]["/it"]["post"]
    assert operation["operationId"] == "predict_it_post"
    assert operation["description"] == "Say the species."
    assert "parameters" not in operation


def test_openapi_is_that_of_plain_fastapi(app) -> None:
    def predict(
        flower: Flower, top: int = 3, kind: Annotated[str | None, Query(max_length=3)] = None
    ) -> list[Prediction]:
        """Predict."""
        return []

    own = FastAPI(title="iris")
    own.post("/it", status_code=201)(predict)
    app.post("/it", status_code=201)(endpoint(predict))
    expected = own.openapi()["paths"]["/it"]
    expected["post"]["responses"]["400"] = {"description": "The body cannot be read."}  # which FastAPI answers, too
    assert app.openapi()["paths"]["/it"] == expected
    assert app.openapi()["components"]["schemas"] == own.openapi()["components"]["schemas"]


def test_sync_handlers_run_off_the_loop_with_the_context_and_async_ones_on_it(app, call) -> None:
    variable = contextvars.ContextVar("variable", default="unset")

    async def set_context():
        variable.set("of the request")

    def sync(_: Annotated[None, Depends(set_context)]):
        return [variable.get(), threading.current_thread() is threading.main_thread()]

    async def on_loop(_: Annotated[None, Depends(set_context)]):
        return [variable.get(), threading.current_thread() is threading.main_thread()]

    app.get("/sync")(endpoint(sync))
    app.get("/async")(endpoint(on_loop))
    assert call("GET", "/sync").json() == ["of the request", False]
    assert call("GET", "/async").json() == ["of the request", True]


# --- answers ------------------------------------------------------------------------------------


@dataclasses.dataclass
class Result:
    values: Any


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"label": np.int64(1), "p": np.array([0.1, np.nan])}, '{"label":1,"p":[0.1,null]}'),
        (pd.DataFrame({"b": [1, 2], "a": ["x", None]}), '[{"b":1,"a":"x"},{"b":2,"a":null}]'),
        (Result(np.float32(0.5)), '{"values":0.5}'),
        ([Prediction(species="a", confidence=float("nan"))], '[{"species":"a","confidence":null}]'),
        (float("inf"), "null"),
        (None, "null"),
        ("text", '"text"'),
        ([1, 1.0, True], "[1,1.0,true]"),
    ],
    ids=str,
)
def test_unannotated_answers(ask, answer, expected) -> None:
    assert ask(lambda: answer).text == expected


def test_annotated_containers_may_hold_arrays(ask) -> None:
    def handler() -> dict[str, Any]:
        return {"label": np.int64(1), "frame": pd.DataFrame({"a": [1.5, np.nan]}), "model": Prediction(species="a")}

    assert ask(handler).text == ('{"label":1,"frame":[{"a":1.5},{"a":null}],"model":{"species":"a","confidence":null}}')


def test_a_response_model_filters_coerces_and_writes_nan_as_null(ask) -> None:
    def handler() -> Prediction:
        return Secretive(species="a", confidence=float("nan"))

    assert ask(handler).json() == {"species": "a", "confidence": None}


def test_a_response_model_takes_what_numpy_gave(ask) -> None:
    def handler() -> list[Prediction]:
        return [{"species": np.str_("a"), "confidence": np.float32(0.5)}]

    assert ask(handler).json() == [{"species": "a", "confidence": 0.5}]


def test_route_options_of_the_response_model_still_count(app, call) -> None:
    def handler() -> Prediction:
        return Prediction(species="a")

    app.get("/short", response_model_exclude_none=True)(endpoint(handler))
    assert call("GET", "/short").json() == {"species": "a"}


def test_an_answer_against_its_annotation_is_an_error_as_in_fastapi(ask) -> None:
    def handler() -> Prediction:
        return {"confidence": 1}

    with pytest.raises(ResponseValidationError):
        ask(handler)


def not_for_pydantic():
    def array() -> np.ndarray:
        return np.arange(3)

    def frame() -> pd.DataFrame:
        return pd.DataFrame({"a": [0, 1, 2]})["a"]

    def function() -> np.array:
        return [0, 1, 2]

    def pair() -> (int, str):
        return [0, 1, 2]

    def scalar() -> np.float64:
        return [0, 1, 2]

    def remark() -> "a list of numbers":  # noqa: F722
        return [0, 1, 2]

    def unknown() -> "Missing":  # noqa: F821
        return [0, 1, 2]

    def either() -> Response | list:
        return [0, 1, 2]

    return [array, frame, function, pair, scalar, remark, unknown, either]


@pytest.mark.parametrize("handler", not_for_pydantic(), ids=lambda each: each.__name__)
def test_annotations_that_pydantic_cannot_do_fall_back(ask, app, handler) -> None:
    assert ask(handler).json() == [0, 1, 2]
    assert "/it" in app.openapi()["paths"]


def test_none_as_annotation(ask) -> None:
    def handler() -> None:
        return None

    assert ask(handler).text == "null"


def test_responses_pass_through(ask) -> None:
    def handler() -> PlainTextResponse:
        return PlainTextResponse("hi", 203, {"x-own": "1"})

    answer = ask(handler)
    assert (answer.status_code, answer.text, answer.headers["x-own"]) == (203, "hi", "1")


@pytest.mark.parametrize("typed", [True, False])
def test_the_status_of_the_route(ask, typed) -> None:
    def annotated() -> dict[str, int]:
        return {"a": 1}

    assert ask(annotated if typed else lambda: {"a": 1}, status=201).status_code == 201


def test_a_status_without_a_body(ask) -> None:
    answer = ask(lambda: {"a": 1}, status=204)
    assert (answer.status_code, answer.content) == (204, b"")


def test_http_exceptions_of_handlers(ask) -> None:
    def handler():
        raise HTTPException(404, {"missing": np.int64(3)}, headers={"x-own": "1"})

    answer = ask(handler)
    assert (answer.status_code, answer.json(), answer.headers["x-own"]) == (404, {"detail": {"missing": 3}}, "1")


# --- inferred bodies ----------------------------------------------------------------------------


class ScoreBody(BodyDict):
    a: float
    b: NotRequired[int]


def test_a_spread_body_fills_the_parameters(ask, app) -> None:
    def score(a, b=10, *, factor: int = 1):
        return a + b * factor

    assert ask(score, query="?factor=2", body=ScoreBody, spread=True, json={"a": 1}).json() == 21.0
    assert app.openapi()["components"]["schemas"]["ScoreBody"]["required"] == ["a"]


def test_a_spread_body_is_validated(ask) -> None:
    answer = ask(lambda a, b=1: a, body=ScoreBody, spread=True, json={"a": "x", "b": 1.5})
    assert answer.status_code == 422
    assert [each["loc"] for each in answer.json()["detail"]] == [["body", "a"], ["body", "b"]]


def test_a_whole_body_is_the_one_parameter(ask) -> None:
    def score(data, top: int = 1):
        return [data, top]

    assert ask(score, query="?top=3", body=ScoreBody, json={"a": 1, "b": 2}).json() == [{"a": 1.0, "b": 2}, 3]


def test_a_whole_body_beside_a_path_parameter(app, call) -> None:
    def score(item_id, body, verbose=False):
        return [item_id, body]

    app.post("/items/{item_id}")(endpoint(score, body=list[int]))
    assert call("POST", "/items/x", json=[1, 2]).json() == ["x", [1, 2]]


def test_a_body_needs_an_unannotated_parameter() -> None:
    def score(a: int):
        return a

    with pytest.raises(TypeError, match="every parameter of the handler is annotated"):
        endpoint(score, body=ScoreBody)


# --- batches and timeouts -----------------------------------------------------------------------


def test_a_batch_handler_gets_a_list_of_one(ask, app) -> None:
    def predict(flowers: list[Flower]) -> list[Prediction]:
        return [Prediction(species=flower.name, confidence=len(flowers)) for flower in flowers]

    assert ask(predict, batch=True, json={"length": 1}).json() == {"species": "iris", "confidence": 1.0}
    operation = app.openapi()["paths"]["/it"]["post"]
    assert operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith("/Flower")


def test_a_batch_handler_of_several_unannotated_parameters(ask) -> None:
    def add(a, b, request: Request):
        assert request.url.path == "/it"
        return np.array(a) + np.array(b)

    assert ask(add, batch=True, body=ScoreBody, spread=True, json={"a": 1, "b": 2}).json() == 3.0


def test_a_batch_handler_may_answer_with_a_frame(ask) -> None:
    async def predict(rows: Annotated[Sequence[dict], "metadata"]) -> pd.DataFrame:
        return pd.DataFrame(rows)

    assert ask(predict, batch=True, json={"x": 1}).json() == {"x": 1}


def test_a_batch_handler_must_answer_each_item(ask) -> None:
    with pytest.raises(TypeError, match="one answer for each item"):
        ask(lambda rows: [], batch=True, body=dict, json={})


def test_a_slow_sync_handler_times_out(ask) -> None:
    release = threading.Event()
    finished = threading.Event()

    def slow():
        release.wait(60)
        finished.set()
        return 1

    try:
        answer = ask(slow, timeout=0.05)
        assert not finished.is_set()
    finally:
        release.set()
    identifier = answer.headers["x-request-id"]
    expected = {"detail": "There was no answer within 0.05 seconds.", "request_id": identifier}
    assert (answer.status_code, answer.json()) == (504, expected)
    assert finished.wait(60)


def test_a_slow_async_handler_is_cancelled(ask) -> None:
    cancelled = []

    async def slow():
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    assert ask(slow, timeout=0.05).status_code == 504
    assert cancelled == [True]


def test_a_fast_handler_does_not_time_out(ask) -> None:
    assert ask(lambda: 1, timeout=5.0).json() == 1


def test_errors_of_a_handler_reach_the_caller_in_a_kernel(ask) -> None:
    class OwnError(Exception):
        pass

    def handler():
        raise OwnError("with a value")

    with pytest.raises(OwnError, match="with a value"):
        ask(handler)


def test_typing_typed_dicts_are_answers_too(ask) -> None:
    class Answer(TypedDict):
        a: int

    def handler() -> "dict[str, Annotated[int, Field(ge=0)]]":
        return Answer(a=1)

    assert ask(handler).json() == {"a": 1}


# --- the same as FastAPI ------------------------------------------------------------------------


def _bodies():
    def one(flower: Flower, top: int = 1) -> Prediction:
        return Secretive(species=flower.name * top)

    async def several(flower: Flower, tags: list[str], x: Annotated[int, Query(le=3)] = 1):
        return {"tags": tags, "x": x, "flower": flower}

    def embedded(flower: Annotated[Flower, Body(embed=True)]) -> dict[str, Flower]:
        return {"a": flower}

    def loose(data: dict) -> list:
        return list(data.items())

    return [one, several, embedded, loose]


@pytest.mark.parametrize("handler", _bodies(), ids=lambda each: each.__name__)
@pytest.mark.parametrize("body", [{"length": 1}, {"flower": {"length": "2"}, "tags": ["a"]}, [], None, {"length": []}])
@pytest.mark.parametrize("query", ["", "?top=2&x=2", "?top=a&x=9"])
def test_answers_are_those_of_plain_fastapi(app, call, handler, body, query) -> None:
    own = FastAPI()
    own.post("/it", status_code=201)(handler)
    app.post("/it", status_code=201)(endpoint(handler))
    expected = call("POST", f"/it{query}", to=own, json=body)
    got = call("POST", f"/it{query}", json=body)
    assert (got.status_code, got.content) == (expected.status_code, expected.content)
