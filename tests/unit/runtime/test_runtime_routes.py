"""Direct answers are those that FastAPI gives, to the byte."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import traceback
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from fastapi import APIRouter, Body, Cookie, Depends, FastAPI, Form, Header, HTTPException, Query, Request, Response
from fastapi.routing import APIRoute
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, field_validator
from typing_extensions import TypedDict

from nb2svc.runtime import Manifest, Settings, create_app, endpoint
from nb2svc.runtime.fields import Date, Float, Integer, Number
from nb2svc.runtime.refusals import Refused

JSON = ((b"content-type", b"application/json"),)


def service(route_class: type[APIRoute] | None = None) -> FastAPI:
    """An app; with FastAPI's own class of routes nothing is direct."""
    app = create_app(Manifest(name="iris"), settings=Settings(max_queue=1000))
    if route_class is not None:
        app.router.route_class = route_class
    return app


async def asked(
    app: FastAPI,
    body: bytes = b"1",
    path: str = "/it",
    headers=JSON,
    method: str = "POST",
    query: str = "",
    parts: int = 1,
) -> tuple[Any, ...]:
    """Status, headers but the request's id, and body; or the error that reaches the server."""
    size = -(-len(body) // parts) or 1
    chunks = [body[start : start + size] for start in range(0, len(body), size)] or [b""]
    sent: list[Any] = []

    async def receive():
        if not chunks:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": chunks.pop(0), "more_body": bool(chunks)}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http", "http_version": "1.1", "method": method, "path": path, "raw_path": path.encode(),
        "query_string": query.encode(), "root_path": "", "scheme": "http",
        "client": ("127.0.0.1", 1), "server": ("service", 80),
        "headers": [(b"x-request-id", b"r1"), (b"content-length", b"%d" % len(body)), *headers], "state": {},
    }  # fmt: skip
    error = ""
    try:
        await app(scope, receive, send)
    except Exception as raised:  # noqa: BLE001 - compared
        error = repr(raised)
    start, *bodies = sent
    return start["status"], start["headers"], b"".join(each.get("body", b"") for each in bodies), error


def through_fastapi() -> bool:
    return "run_endpoint_function" in {frame.name for frame in traceback.extract_stack()}


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")

    a: int = 1
    day: dt.date | None = None


class Wide(BaseModel):
    model_config = ConfigDict(extra="allow", populate_by_name=True)

    count: int = 0
    strict: Annotated[int, Field(strict=True)] = 0
    ratio: float = 0.0
    exact: Decimal = Decimal(0)
    name: str = ""
    raw: bytes = b""
    day: dt.date | None = None
    strict_day: Annotated[dt.date | None, Field(strict=True)] = None
    moment: dt.datetime | None = None
    span: dt.timedelta | None = None
    kind: Literal["a", 1] | None = "a"
    flag: bool = False
    either: int | str | list[float] | Inner = 0
    pair: tuple[int, float] = (0, 0.0)
    some: set[int] = set()
    strict_some: Annotated[set[int], Field(strict=True)] = set()
    inner: Inner = Inner()
    table: dict[str, float] = {}
    by_number: dict[int, str] = {}
    anything: Any = None
    own: Date | None = None
    whole: Integer = 0
    number: Number = 0
    aliased: Float = Field(0.0, alias="the-alias")

    @field_validator("name")
    @classmethod
    def short(cls, value: str) -> str:
        if len(value) > 5:
            message = "too long"
            raise ValueError(message)
        return value


class Keys(TypedDict, total=False):
    a: int
    day: dt.date


@dataclass
class Point:
    x: float
    y: float = 0.0


class Prediction(BaseModel):
    species: str
    confidence: float
    at: dt.date = dt.date(2024, 1, 2)


def wide(body: Wide):
    return [repr(body), list(body.__dict__)]


def keys(body: Keys):
    return [repr(body), list(body)]


def point(point: Point):
    return repr(point)


def rows(rows: list[list[float]]):
    return repr(rows)


KINDS = {"wide": wide, "keys": keys, "point": point, "rows": rows}


@pytest.fixture(scope="module")
def loop():
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.fixture(scope="module")
def both(loop) -> tuple[FastAPI, FastAPI]:
    """Our app, whose routes are direct by now, and one with FastAPI's."""
    apps = service(), service(APIRoute)
    for app in apps:
        for name, handler in KINDS.items():
            app.post(f"/{name}")(endpoint(handler))
            loop.run_until_complete(asked(app, b"{}", f"/{name}"))
    return apps


texts = st.sampled_from([
    b"NaN", b"-Infinity", b"1e400", b"-0", b"-0.0", b"1" * 30, b"1" * 5000, b"1.0", b"3e2", b"1e5", b"0.1",
    b"1700000000", b"12345678901234567890.123456789", b'"3"', b'"3.5"', b'"a"', b'"2024-01-02"', b'"P1D"',
    b'"2024-01-02T03:04:05Z"', b'"\\ud800"', b'"\xff"', b'"\\u0000"', b"[1, 2]", b"[1, 1, 2.5]", b"[]", b"{}", b"true",
    b'{"a": 2}', b'{"a": 2, "a": 3}', b'{"b": 2}', b'{"1": "x"}', b"null", b"tru", b"[1,]", b"",
    b"[" * 300 + b"]" * 300,
])  # fmt: skip
json_texts = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
).map(lambda value: json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"))
fields = st.sampled_from([*Wide.model_fields, "the-alias", "x", "y", "a", "unknown"])
objects = st.lists(st.tuples(fields, texts | json_texts), max_size=4).map(
    lambda items: b"{" + b", ".join(b'"%s": %s' % (key.encode(), value) for key, value in items) + b"}"
)
bodies = objects | texts | json_texts | st.binary(max_size=8)


@settings(max_examples=400, deadline=None)
@given(kind=st.sampled_from(sorted(KINDS)), body=bodies)
@example(kind="wide", body=b'{"strict_day": "2024-01-02"}')  # JSON mode of pydantic takes what FastAPI refuses
@example(kind="wide", body=b'{"strict_some": [1]}')
@example(kind="wide", body=b'{"anything": {"b": 1, "a": 2, "b": 3}}')
@example(kind="rows", body=b"\xef\xbb\xbf[[1]]")
@example(kind="rows", body="[[1]]".encode("utf-16"))
def test_any_body_is_answered_as_by_fastapi(loop, both, kind: str, body: bytes) -> None:
    ours, fastapis = (loop.run_until_complete(asked(app, body, f"/{kind}")) for app in both)
    assert ours == fastapis


@pytest.mark.parametrize(
    "headers",
    [
        (), ((b"content-type", b""),), ((b"content-type", b"text/plain"),), ((b"content-type", b"APPLICATION/JSON"),),
        ((b"content-type", b"application/json; charset=utf-16"),), ((b"content-type", b"application/json;"),),
        ((b"content-type", b"application/geo+json"),), ((b"content-type", b"application/jsonx"),),
        ((b"content-type", b"text/plain"), *JSON), (*JSON, (b"content-type", b"text/plain")),
    ],
)  # fmt: skip
@pytest.mark.parametrize("parts", [1, 3])
def test_any_content_type_is_answered_as_by_fastapi(loop, both, headers, parts) -> None:
    ours, fastapis = (loop.run_until_complete(asked(app, b"[[1, 2.5]]", "/rows", headers, parts=parts)) for app in both)
    assert ours == fastapis


def typed(point: Point) -> Prediction:
    return {"species": "é\u2028", "confidence": 1e-7}  # type: ignore[return-value] - pydantic makes it one


async def typed_async(point: Point) -> list[Prediction]:
    return [Prediction(species="a", confidence=float("nan"))]


def wrongly_typed(point: Point) -> Prediction:
    return {"species": 1}  # type: ignore[return-value]


def untyped(point: Point):
    return {"confidence": float("inf"), "at": dt.date(2024, 1, 2)}


def responding(point: Point):
    return Response(b"\xff", 203, headers={"x-own": "1", "x-request-id": "2"}, media_type="application/x-own")


def streaming(point: Point):
    yield "first "
    yield "second"


def streaming_numbers(point: Point):
    yield from range(3)


def refusing(point: Point):
    raise HTTPException(409, {"why": "not now"}, headers={"x-why": "1"})


def refusing_as_the_service(point: Point):
    raise Refused(503, "not now")


def broken(point: Point):
    raise ValueError("hidden")


def unwritable(point: Point):
    return 1j


HANDLERS = [
    typed, typed_async, wrongly_typed, untyped, responding, streaming, streaming_numbers, refusing,
    refusing_as_the_service, broken, unwritable,
]  # fmt: skip


@pytest.mark.parametrize("handler", HANDLERS)
@pytest.mark.parametrize(
    "options", [{}, {"status_code": 201}, {"response_model": None}, {"response_model_exclude_unset": True}]
)
@pytest.mark.parametrize("accept", [b"*/*", b"text/event-stream"])
def test_any_answer_is_fastapis(loop, handler, options, accept) -> None:
    ours, fastapis = service(), service(APIRoute)
    for app in (ours, fastapis):
        app.post("/it", **options)(endpoint(handler))
    headers = (*JSON, (b"accept", accept))
    expected = loop.run_until_complete(asked(fastapis, b'{"x": 1}', headers=headers))
    for _ in range(3):  # by FastAPI, then directly
        assert loop.run_until_complete(asked(ours, b'{"x": 1}', headers=headers)) == expected


def test_the_time_limit_of_a_direct_request(loop) -> None:
    async def forever(point: Point):
        await asyncio.sleep(3600)

    app = service()
    app.post("/it")(endpoint(forever, timeout=0.01))
    answers = [loop.run_until_complete(asked(app, b'{"x": 1}')) for _ in range(2)]
    assert answers[0] == answers[1]
    assert answers[0][0] == 504


async def goes_directly(point: Point):
    return not through_fastapi()


async def of_a_query(point: Point, n: int = 0):
    return not through_fastapi()


async def of_a_request(point: Point, request: Request):
    return not through_fastapi()


async def of_two_bodies(point: Point, other: Point):
    return not through_fastapi()


async def of_a_form(x: Annotated[float, Form()] = 0):
    return not through_fastapi()


async def of_a_dependency(point: Point, n: Annotated[int, Depends(lambda: 1)]):
    return not through_fastapi()


async def of_no_body(q: Annotated[str, Query()] = ""):
    return not through_fastapi()


async def of_a_cookie(q: Annotated[str, Cookie()] = ""):
    return not through_fastapi()


async def of_an_embedded_body(x: Annotated[int, Body(embed=True)]):
    return not through_fastapi()


class Filter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Query(le=100)] = 10
    tags: list[str] = []


def query(
    n: int,
    day: dt.date | None = None,
    tags: Annotated[tuple[float, ...], Query()] = (),
    the_name: Annotated[str, Header()] = "none",
):
    return [n, day, tags, the_name]


def modelled_query(
    point: Point, filters: Annotated[Filter, Query()], names: Annotated[list[str] | None, Header()] = None
):
    return [repr(point), repr(filters), names]


@pytest.mark.parametrize("handler", [query, modelled_query])
@pytest.mark.parametrize(
    "string",
    ["", "n=1", "n=x", "n=1&day=2024-01-02&tags=1&tags=2.5&n=2", "limit=3&tags=a&tags=", "limit=101", "n=%FF&other=1"],
)
@pytest.mark.parametrize("headers", [(), ((b"the-name", b"caf\xe9"), (b"names", b"a"), (b"names", b"b"))])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_any_query_and_header_is_answered_as_by_fastapi(loop, handler, string, headers, method) -> None:
    ours, fastapis = service(), service(APIRoute)
    for app in (ours, fastapis):
        app.api_route("/it", methods=["GET", "POST"])(endpoint(handler))
    options = {"query": string, "headers": (*JSON, *headers), "method": method}
    expected = loop.run_until_complete(asked(fastapis, b'{"x": 1}', **options))
    for _ in range(2):
        assert loop.run_until_complete(asked(ours, b'{"x": 1}', **options)) == expected


def is_direct(loop, app: FastAPI, body: bytes = b'{"x": 1}', **options: Any) -> bool:
    """Whether the second request is."""
    first, second = (loop.run_until_complete(asked(app, body, **options)) for _ in range(2))
    assert first[0] == second[0] == 200
    assert first[2] == b"false"
    return second[2] == b"true"


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        (goes_directly, True), (of_a_query, True), (of_no_body, True),
        (of_a_request, False), (of_a_form, False), (of_a_dependency, False),
        (of_a_cookie, False), (of_an_embedded_body, False),
    ],
)  # fmt: skip
def test_routes_of_one_body_alone_are_direct(loop, handler, expected) -> None:
    app = service()
    app.post("/it")(endpoint(handler))
    assert is_direct(loop, app) is expected


def test_routes_of_several_bodies_and_of_paths_are_not_direct(loop) -> None:
    app = service()
    app.post("/two")(endpoint(of_two_bodies))
    app.post("/{n}")(endpoint(goes_directly))
    assert not is_direct(loop, app, b'{"point": {"x": 1}, "other": {"x": 1}}', path="/two")
    assert not is_direct(loop, app, path="/one")


def test_routes_of_an_included_router_are_direct_with_what_they_were_included_with(loop) -> None:
    def admit() -> None:
        raise HTTPException(401)

    app = service()
    router = APIRouter(route_class=app.router.route_class)
    router.post("/it")(endpoint(goes_directly))
    app.include_router(router)
    app.include_router(router, prefix="/closed", dependencies=[Depends(admit)])
    assert is_direct(loop, app)
    assert [loop.run_until_complete(asked(app, b'{"x": 1}', "/closed/it"))[0] for _ in range(2)] == [401, 401]


def test_methods_are_told_apart(loop) -> None:
    app = service()
    app.post("/it")(endpoint(goes_directly))
    app.put("/it")(endpoint(typed))
    assert is_direct(loop, app)
    for _ in range(2):
        assert loop.run_until_complete(asked(app, b'{"x": 1}', method="PUT"))[2].startswith(b'{"species"')
        assert loop.run_until_complete(asked(app, b'{"x": 1}', method="PATCH"))[0] == 405


def test_of_two_routes_for_a_path_the_first_answers(loop) -> None:
    app = service()
    app.post("/{anything}")(endpoint(typed))
    app.post("/it")(endpoint(goes_directly))
    for _ in range(3):
        assert loop.run_until_complete(asked(app, b'{"x": 1}'))[2].startswith(b'{"species"')
