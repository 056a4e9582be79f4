"""Examples as people write them, and the requests that they mean."""

from __future__ import annotations

import pytest
from fastapi import Body, FastAPI
from pydantic import BaseModel

from nb2svc.capture.examples import request_for
from nb2svc.values import Where


class Order(BaseModel):
    net: float


class Wrapped(BaseModel):
    order: dict


def sums(values: list[float]): ...
def orders(order: Order): ...
def wrapped(order: Wrapped): ...
def embedded(values: list[float] = Body(embed=True)): ...  # noqa: B008
def free(order: dict): ...
def limited(values: list[float], limit: int): ...


@pytest.mark.parametrize(
    ("handler", "example", "path", "body"),
    [
        (sums, [1.0], "/x", [1.0]),
        (sums, {"values": [1.0]}, "/x", [1.0]),
        (sums, {"value": [1.0]}, "/x", {"value": [1.0]}),  # refused later, by the handler's own 422
        (orders, {"net": 1.0}, "/x", {"net": 1.0}),
        (orders, {"order": {"net": 1.0}}, "/x", {"net": 1.0}),
        (wrapped, {"order": {"order": {}}}, "/x", {"order": {"order": {}}}),  # a body as it stands
        (embedded, {"values": [1.0]}, "/x", {"values": [1.0]}),
        (free, {"order": {"net": 1.0}}, "/x", {"order": {"net": 1.0}}),
        (limited, {"values": [1.0], "limit": 2}, "/x?limit=2", [1.0]),
    ],
)
def test_an_example_may_name_the_parameter_that_takes_the_body(handler, example, path, body):
    app = FastAPI()
    app.post("/x")(handler)
    assert request_for(app.routes[-1], "POST", example, Where()) == {"method": "POST", "path": path, "json": body}
