"""Recorded examples in OpenAPI."""

from __future__ import annotations

import json
from typing import Annotated

import pytest
from fastapi import FastAPI, Header

from nb2svc.runtime import endpoint
from nb2svc.runtime.documents import add_examples, recorded


@pytest.fixture
def document():
    app = FastAPI()

    def item(item_id: int, tags: list[str] | None = None, x_token: Annotated[str, Header()] = ""):
        return None

    def echo(body: dict):
        return body

    def letters():
        yield "a"

    app.get("/items/{item_id}")(endpoint(item))
    app.get("/items/all")(endpoint(letters))
    app.post("/echo", status_code=201)(endpoint(echo))
    return app.openapi()


def example(name, method, path, response, **request):
    return {
        "name": name,
        "endpoint": "it",
        "request": {"method": method, "path": path, **request},
        "response": response,
    }


def answered(value, status=200, content_type="application/json"):
    return {"status": status, "content_type": content_type, "json": value}


def test_a_body_and_its_answer(document) -> None:
    add_examples(document, [example("echo-1", "POST", "/echo", answered({"a": 2}, 201), json={"a": 1})])
    operation = document["paths"]["/echo"]["post"]
    assert operation["requestBody"]["content"]["application/json"]["examples"] == {"echo-1": {"value": {"a": 1}}}
    assert operation["responses"]["201"]["content"]["application/json"]["examples"] == {"echo-1": {"value": {"a": 2}}}
    assert "200" not in operation["responses"]


def test_parameters_have_the_type_of_their_schema(document) -> None:
    sent = example("item-1", "GET", "/items/3?unknown=1", answered(None), headers={"X-Token": "t"})
    add_examples(document, [sent])
    parameters = {each["name"]: each for each in document["paths"]["/items/{item_id}"]["get"]["parameters"]}
    assert parameters["item_id"]["examples"] == {"item-1": {"value": 3}}
    assert parameters["x-token"]["examples"] == {"item-1": {"value": "t"}}


def test_a_stream_is_under_its_own_type_and_the_very_path_wins(document) -> None:
    response = {"status": 200, "content_type": "text/plain; charset=utf-8", "text": "abc"}
    add_examples(document, [example("letters-1", "GET", "/items/all", response)])
    content = document["paths"]["/items/all"]["get"]["responses"]["200"]["content"]
    assert content == {"text/plain": {"examples": {"letters-1": {"value": "abc"}}}}
    assert "examples" not in document["paths"]["/items/{item_id}"]["get"]["parameters"][0]


def test_what_is_too_long_is_named_by_its_file(document) -> None:
    add_examples(document, [example("echo-1", "POST", "/echo", answered([0] * 9000, 201), json={})])
    shown = document["paths"]["/echo"]["post"]["responses"]["201"]["content"]["application/json"]["examples"]["echo-1"]
    assert shown == {"summary": "in examples/echo-1.json, 27000 characters"}


def test_an_example_of_no_route_is_left_out(document) -> None:
    before = json.dumps(document)
    add_examples(document, [example("gone-1", "GET", "/gone", answered(1))])
    assert json.dumps(document) == before


def test_examples_are_read_in_their_order(tmp_path) -> None:
    for name in ("a-10", "a-2", "b"):
        (tmp_path / f"{name}.json").write_text(json.dumps({"name": name}))
    assert [each["name"] for each in recorded(tmp_path)] == ["a-2", "a-10", "b"]
    assert recorded(tmp_path / "none") == []


def test_operations_with_a_body_say_how_one_that_cannot_be_read_is_answered(app: FastAPI, call) -> None:
    def total(values: list[float]) -> float:
        return sum(values)

    def known() -> int:
        return 1

    app.post("/total")(endpoint(total))
    app.get("/known")(endpoint(known))
    paths = app.openapi()["paths"]
    assert "400" in paths["/total"]["post"]["responses"]
    assert "400" not in paths["/known"]["get"]["responses"]
    assert call("POST", "/total", content=b"\xff", headers={"Content-Type": "application/json"}).status_code == 400
