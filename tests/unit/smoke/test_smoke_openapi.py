from __future__ import annotations

import copy
from typing import Any

import pytest
from fastapi import FastAPI, UploadFile
from pydantic import BaseModel

from nb2svc.smoke.openapi import openapi_differences, openapi_problems


class Flower(BaseModel):
    petal: float
    sepal: float = 1.0


@pytest.fixture
def document() -> dict[str, Any]:
    app = FastAPI(title="iris", version="1")

    @app.post("/predict/{variant}")
    def predict(variant: int, flower: Flower, verbose: bool = False) -> list[Flower]:
        return []

    @app.post("/upload")
    def upload(file: UploadFile) -> dict[str, int]:
        return {}

    return app.openapi()


def test_a_document_of_fastapi_is_valid(document):
    assert openapi_problems(document) == ()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda d: d.update(openapi="2.0"), "not 3.x"),
        (lambda d: d["info"].pop("version"), "info.title or info.version"),
        (lambda d: d.pop("paths"), "paths is missing"),
        (lambda d: d["components"]["schemas"].pop("Flower"), "'#/components/schemas/Flower' leads nowhere"),
        (lambda d: d["paths"]["/upload"]["post"].update(responses={}), "POST /upload declares no answer"),
        (lambda d: d["paths"]["/predict/{variant}"]["post"].pop("parameters"), "'variant' is not declared"),
        (
            lambda d: d["paths"]["/upload"]["post"].update(
                operationId=d["paths"]["/predict/{variant}"]["post"]["operationId"]
            ),
            "POST /upload has the operationId of POST /predict/{variant}",
        ),
        (lambda d: d["paths"].update({"nowhere": {"get": {"responses": {"200": {}}}}}), "does not start with /"),
    ],
)
def test_each_fault_is_named(document, spoil, said):
    spoil(document)
    assert said in "; ".join(openapi_problems(document))


@pytest.mark.parametrize("value", [None, [], "text"])
def test_what_is_no_object_is_no_document(value):
    assert openapi_problems(value) == ("it is not a JSON object",)


def test_path_parameters_may_stand_at_the_path_or_behind_a_reference(document):
    item = document["paths"]["/predict/{variant}"]
    parameters = item["post"].pop("parameters")
    document["components"]["parameters"] = {"v": next(each for each in parameters if each["in"] == "path")}
    item["parameters"] = [{"$ref": "#/components/parameters/v"}]
    assert openapi_problems(document) == ()


def test_order_and_title_are_no_difference(document):
    other = copy.deepcopy(document)
    other["info"]["title"] = "other"
    other["paths"] = dict(reversed(other["paths"].items()))
    assert openapi_differences(document, other) == ()


def test_another_promise_is_a_difference(document):
    other = copy.deepcopy(document)
    other["components"]["schemas"]["Flower"]["required"] = ["petal", "sepal"]
    other["paths"]["/upload"]["put"] = other["paths"]["/upload"].pop("post")
    paths = [mismatch.path for mismatch in openapi_differences(document, other)]
    assert paths == [
        'openapi.json $.paths["/upload"].post',
        'openapi.json $.paths["/upload"].put',
        "openapi.json $.components.schemas.Flower.required",
    ]
