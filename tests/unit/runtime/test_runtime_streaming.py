from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any

import numpy as np
import pytest
from fastapi import HTTPException, Response
from pydantic import BaseModel

from nb2svc.runtime import endpoint

EVENTS = {"accept": "text/html, text/event-stream;q=0.9"}


class Token(BaseModel):
    text: str


class Internal(Token):
    hidden: int = 1


def words() -> Iterator[str]:
    yield "one "
    yield "two\nthree"


async def numbers():
    for each in (1, np.float64("nan"), {"a": np.arange(2)}):
        await asyncio.sleep(0)
        yield each


def test_strings_stream_as_text(ask) -> None:
    answer = ask(words)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text == "one two\nthree"


def test_strings_as_events(ask) -> None:
    answer = ask(words, headers=EVENTS)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.text == "data: one \n\ndata: two\ndata: three\n\n"


def test_values_stream_as_json_lines(ask) -> None:
    answer = ask(numbers)
    assert answer.headers["content-type"] == "application/jsonl"
    assert answer.text == '1\nnull\n{"a":[0,1]}\n'


def test_values_as_events(ask) -> None:
    assert ask(numbers, headers=EVENTS).text == 'data: 1\n\ndata: null\n\ndata: {"a":[0,1]}\n\n'


def test_bytes_stream_as_they_are(ask) -> None:
    def chunks():
        yield b"\xff\x00"
        yield b"\x01"

    answer = ask(chunks)
    assert (answer.headers["content-type"], answer.content) == ("application/octet-stream", b"\xff\x00\x01")


def test_annotated_items_are_written_by_their_type(ask) -> None:
    async def tokens() -> AsyncIterator[Token]:
        yield Internal(text="a")
        yield {"text": np.str_("b")}

    assert ask(tokens).text == '{"text":"a"}\n{"text":"b"}\n'


@pytest.mark.parametrize(
    ("annotation", "content_type"),
    [(Iterator[str], "text/plain; charset=utf-8"), (Iterator[int], "application/jsonl"), (None, "application/jsonl")],
)
def test_an_empty_stream_is_what_its_annotation_says(ask, annotation: Any, content_type: str) -> None:
    def nothing():
        yield from ()

    nothing.__annotations__["return"] = annotation
    answer = ask(nothing)
    assert (answer.headers["content-type"], answer.content) == (content_type, b"")


def test_generators_and_iterators_that_a_handler_returns_stream_too(ask) -> None:
    assert ask(lambda: (str(each) for each in range(3))).text == "012"


def test_maps_are_streams_and_lists_annotated_as_iterables_are_not(app, call) -> None:
    def listed() -> Iterable[int]:
        return [1, 2]

    app.get("/map")(endpoint(lambda: map(int, "12")))
    app.get("/list")(endpoint(listed))
    assert call("GET", "/map").text == "1\n2\n"
    assert call("GET", "/list").text == "[1,2]"


def test_status_and_headers_of_a_stream(ask) -> None:
    def handler(response: Response):
        response.headers["x-own"] = "1"
        return (each for each in "ab")

    answer = ask(handler, status=201)
    assert (answer.status_code, answer.headers["x-own"], answer.text) == (201, "1", "ab")


def test_a_failure_before_the_first_part_still_has_its_status(ask) -> None:
    def handler() -> Iterator[str]:
        raise HTTPException(409, "busy")
        yield ""

    assert ask(handler).status_code == 409


def test_a_failure_later_breaks_the_answer_off(ask) -> None:
    def handler():
        yield "a"
        msg = "later"
        raise RuntimeError(msg)

    with pytest.raises(RuntimeError, match="later"):
        ask(handler)


def test_text_cannot_turn_into_values(ask) -> None:
    with pytest.raises(TypeError, match="yield text only"):
        ask(lambda: iter(["a", 1]))


def test_sync_generators_run_off_the_loop_and_are_closed(ask) -> None:
    seen = []

    def handler():
        try:
            yield str(threading.current_thread() is threading.main_thread())
            msg = "stop"
            raise ValueError(msg)
        finally:
            seen.append("closed")

    with pytest.raises(ValueError, match="stop"):
        ask(handler)
    assert seen == ["closed"]


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_client_that_goes_away_closes_the_generator(app, kind: str) -> None:
    closed = threading.Event()

    def sync():
        try:
            while True:
                yield "part"
        finally:
            closed.set()

    async def asynchronous():
        try:
            while True:
                yield "part"
                await asyncio.sleep(0)
        finally:
            closed.set()

    app.get("/it")(endpoint(sync if kind == "sync" else asynchronous))

    async def leave_after_the_first_part() -> None:
        left = asyncio.Event()
        asked = iter([{"type": "http.request", "body": b"", "more_body": False}])

        async def receive() -> dict[str, Any]:
            for message in asked:
                return message
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            if message.get("body"):
                left.set()
                await asyncio.sleep(0)

        scope = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "GET",
            "path": "/it", "raw_path": b"/it", "query_string": b"", "headers": [], "scheme": "http", "root_path": "",
        }  # fmt: skip
        await asyncio.wait_for(app(scope, receive, send), 10)

    asyncio.run(leave_after_the_first_part())
    assert closed.is_set()


def test_a_stream_without_a_first_part_times_out(ask) -> None:
    release = threading.Event()

    def handler():
        release.wait(10)
        yield "late"

    try:
        assert ask(handler, timeout=0.05).status_code == 504
    finally:
        release.set()
