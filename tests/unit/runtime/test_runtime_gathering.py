"""Handlers of batches: many requests, one call."""

from __future__ import annotations

import asyncio
import threading
from typing import Annotated, Any

import httpx
import pytest
from fastapi import HTTPException, Query, Request, Response
from pydantic import BaseModel

from nb2svc.runtime import Manifest, Settings, create_app, endpoint

sizes: list[int] = []
lock = threading.Lock()


class Number(BaseModel):
    n: int


def doubled(numbers: list[Number], times: Annotated[int, Query()] = 2) -> list[int]:
    sizes.append(len(numbers))
    if any(number.n < 0 for number in numbers):
        raise HTTPException(422, f"negative, one of {len(numbers)}")
    return [number.n * times for number in numbers]


def on_thread(numbers: list[Number], times: Annotated[int, Query()] = 2) -> list[int]:
    with lock:
        return doubled(numbers, times)


async def on_coroutine(numbers: list[Number], times: Annotated[int, Query()] = 2) -> list[int]:
    await asyncio.sleep(0)
    return doubled(numbers, times)


HANDLERS = {"loop": doubled, "thread": on_thread, "coroutine": on_coroutine}


@pytest.fixture
def ask_all():
    """Send (query, body) requests to a handler of batches at the same time."""
    sizes.clear()

    def send(handler: Any, requests: Any, **options: Any) -> list[httpx.Response]:
        app = create_app(Manifest(name="iris"), settings=Settings())
        app.post("/it")(endpoint(handler, batch=True, **options))

        async def exchange() -> list[httpx.Response]:
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            async with (
                app.router.lifespan_context(app),
                httpx.AsyncClient(transport=transport, base_url="http://service") as client,
            ):
                return await asyncio.gather(*(client.post(f"/it{query}", json=body) for query, body in requests))

        return asyncio.run(exchange())

    return send


@pytest.mark.parametrize("name", HANDLERS)
@pytest.mark.parametrize("options", [{}, {"timeout": 30}], ids=["", "timeout"])
def test_concurrent_requests_become_few_calls(ask_all, name, options) -> None:
    answers = ask_all(HANDLERS[name], [("", {"n": n}) for n in range(40)], **options)
    assert [each.json() for each in answers] == [n * 2 for n in range(40)]
    assert sum(sizes) == 40
    assert len(sizes) < 25


@pytest.mark.parametrize("name", HANDLERS)
def test_a_bad_request_fails_alone(ask_all, name) -> None:
    answers = ask_all(HANDLERS[name], [("", {"n": -n if n == 7 else n}) for n in range(20)])
    assert [each.status_code for each in answers] == [422 if n == 7 else 200 for n in range(20)]
    assert answers[7].json() == {"detail": "negative, one of 1"}
    assert [each.json() for each in answers if each.status_code == 200] == [n * 2 for n in range(20) if n != 7]


def test_requests_with_other_parameters_are_not_mixed(ask_all) -> None:
    answers = ask_all(doubled, [(f"?times={n % 3}", {"n": n}) for n in range(30)])
    assert [each.json() for each in answers] == [n * (n % 3) for n in range(30)]
    assert len(sizes) < 25


def test_what_cannot_be_compared_keeps_requests_apart(ask_all) -> None:
    def handler(numbers: list[Number], request: Request) -> list[str]:
        sizes.append(len(numbers))
        return [request.url.query]

    answers = ask_all(handler, [(f"?q={n}", {"n": n}) for n in range(10)])
    assert [each.json() for each in answers] == [f"q={n}" for n in range(10)]
    assert sizes == [1] * 10


def test_a_wrong_number_of_answers_is_an_error_of_those_who_get_none(ask_all, caplog) -> None:
    def handler(numbers: list[Number]) -> list[int]:
        return [number.n for number in numbers if number.n != 3]

    answers = ask_all(handler, [("", {"n": n}) for n in range(8)])
    assert [each.status_code for each in answers] == [500 if n == 3 else 200 for n in range(8)]
    assert [each.json() for each in answers if each.status_code == 200] == [0, 1, 2, 4, 5, 6, 7]
    assert "one answer for each item" in caplog.text


def test_a_response_answers_one_request(ask_all) -> None:
    def handler(numbers: list[Number]):
        return Response(f"{numbers[0].n} of {len(numbers)}")

    answers = ask_all(handler, [("", {"n": n}) for n in range(8)])
    assert [each.text for each in answers] == [f"{n} of 1" for n in range(8)]
