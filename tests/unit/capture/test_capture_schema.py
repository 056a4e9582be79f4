from __future__ import annotations

import datetime as dt
import inspect
import uuid
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fastapi import Depends, Request
from pydantic import BaseModel, TypeAdapter, ValidationError

from nb2svc.capture import schema
from nb2svc.capture.json_form import json_form
from nb2svc.capture.likeness import difference
from nb2svc.capture.schema_module import Schema, doubled_names, execute, module_source


def body_of(handler, *examples):
    body = schema.infer_body(dict(inspect.signature(handler).parameters), "the-name", examples)
    return body, TypeAdapter(execute(module_source([body]))[body.name])


def check_of(*examples):
    """The adapter of one parameter ``x``."""
    _, check = body_of(lambda x: None, *({"x": one} for one in examples))
    return check


def test_keys_that_are_the_parameters_become_them():
    body, check = body_of(lambda a, b=None: None, {"a": 1, "b": "x"}, {"a": 2.5})
    assert body.spread
    assert body.name == "TheNameBody"
    assert check.validate_python({"a": 1}) == {"a": 1}
    assert type(check.validate_python({"a": 1})["a"]) is int
    assert type(check.validate_python({"a": 1.0})["a"]) is float


@pytest.mark.parametrize("value", [{"a": "1"}, {"a": True}, {"a": None}, {}, {"a": 1, "c": 2}, {"a": 1, "b": 3}])
def test_other_types_and_keys_are_refused(value):
    _, check = body_of(lambda a, b=None: None, {"a": 1, "b": "x"})
    with pytest.raises(ValidationError):
        check.validate_python(value)


def test_a_parameter_that_no_example_shows_is_what_it_is_by_default():
    _, check = body_of(lambda a, top=5: None, {"a": 1})
    assert check.validate_python({"a": 1, "top": 3}) == {"a": 1, "top": 3}
    with pytest.raises(ValidationError, match="top"):
        check.validate_python({"a": 1, "top": "3"})


def test_else_the_one_parameter_takes_the_whole_body():
    body, check = body_of(lambda rows: None, [[1, 2.0], [3, 4]])
    assert not body.spread
    assert check.validate_python([[5]]) == [[5]]
    with pytest.raises(ValidationError):
        check.validate_python([["5"]])


def test_nested_objects_get_schemas_of_their_own():
    body, check = body_of(lambda item: None, {"deep": {"x": [{"y": None}, {"y": "t"}]}})
    assert body.source.count("class ") == 3
    assert check.validate_python({"deep": {"x": [{"y": "u"}]}})
    with pytest.raises(ValidationError):
        check.validate_python({"deep": {"x": [{"y": 1}]}})


def test_keys_that_are_no_names_stay_keys_and_numbers_are_data():
    check = check_of({"petal length (cm)": 1, "class": "a", "__x": 2, "ﬁ": 3})
    assert check.validate_python({"x": {"petal length (cm)": 2, "class": "b", "__x": 2, "ﬁ": 3}})
    with pytest.raises(ValidationError, match=r"x\.class"):
        check.validate_python({"x": {"petal length (cm)": 2, "__x": 2, "ﬁ": 3}})
    assert check_of({"2024-01-02": 1}).validate_python({"x": {"2025-01-01": 3}})


def test_objects_with_like_names_do_not_share_a_schema():
    check = check_of({"a_b": {"one": 1}, "a__b": {"two": "x"}})
    assert check.validate_python({"x": {"a_b": {"one": 1}, "a__b": {"two": "x"}}})


RETURNING = [
    1, 1.5, "a", True, None, [1, None], [], {"a": []}, dt.date(2024, 1, 2), dt.datetime(2024, 1, 2, 3, 4, 5, 6),  # noqa: DTZ001
    dt.datetime(2024, 1, 2, tzinfo=dt.timezone.utc), dt.time(3, 4), dt.timedelta(seconds=1.5), uuid.UUID(int=3),
    Decimal("1.5"), Decimal(3), Path("a/b"), b"text", {1, 2}, frozenset("ab"), (1, "a"), [(1,), (2, 3)], float("nan"),
    [1.0, float("nan")], np.float64(1.5), np.int8(3), np.str_("x"), np.bool_(True), np.array([[1.0, np.nan]]),
    np.array([1, 2], dtype="uint8"), np.array(["a", "bcd"]), np.array([True]),
    np.array(["2024-01-02", "NaT"], "M8[ns]"),
    np.array([90], "m8[s]"), np.array(["a", 1, None], dtype=object), np.zeros((2, 3, 1), dtype="float32"),
    pd.Timestamp("2024-01-02 03:04"), pd.Timestamp("2024-01-02", tz="UTC"), pd.Timedelta("90s"),
    pd.Series([1.5, None], name="q"), pd.Series(["a", None], dtype=object), pd.Series([1, None], dtype="Int64"),
    pd.DataFrame({"a": [1, 2], "b c": ["u", None], "when": pd.to_datetime(["2024-01-02", None])}, index=[7, 3]),
    pd.DataFrame({"c": pd.Categorical(["lo", None], ["lo", "hi"], ordered=True), "o": ["x", float("nan")]}),
    pd.DataFrame({"p": pd.period_range("2024-01", periods=2, freq="M"), "l": [[1], [2, 3]]}),
]  # fmt: skip


@pytest.mark.parametrize("value", RETURNING, ids=lambda value: type(value).__name__)
def test_the_handler_gets_what_the_example_held(value):
    got = check_of(value).validate_python({"x": json_form(value)})["x"]
    assert difference(value, got) == ""


class Color(Enum):
    RED = "red"


class Item(BaseModel):
    price: float


@dataclass
class Box:
    width: int


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (1j, "complex"),
        (Color.RED, "Color"),
        (Item(price=2), "Item"),
        ([Box(1)], "Box"),
        ({1: "a"}, "the key 1"),
        (np.array([1j]), "complex128"),
        (pd.Interval(0, 1), "Interval"),
        (pd.DataFrame({"a": [1]}, index=["x"]), "reset_index"),
        (pd.DataFrame([[1]]), "not named"),
        (pd.DataFrame({"a": pd.cut([1, 5], 2)}), "'a', whose categories are no texts"),
        (pd.DataFrame({"a": [1j]}), "'a', which holds complex"),
        (pd.Timestamp("2024-01-02 00:00:00.123456789"), "does not pass as a request: x: .* to the microsecond"),
        ([dt.date(2024, 1, 2), "2024-01-02"], "comes back as a"),
    ],
    ids=str,
)
def test_what_cannot_come_back_from_json_is_refused(value, says):
    with pytest.raises(schema.NotLearnedError, match=says):
        check_of(value)


def test_a_value_of_the_wrong_type_is_named():
    check = check_of(pd.DataFrame({"age": [1.5], "city": ["x"]}))
    with pytest.raises(ValidationError) as raised:
        check.validate_python({"x": [{"age": 1, "city": "y"}, {"age": "2", "city": "z"}]})
    assert raised.value.errors()[0]["loc"] == ("x", 1, "age")


def test_examples_that_fit_neither_way_are_named():
    with pytest.raises(schema.NotLearnedError, match=r"keys \(c\) are not the handler's parameters \(a, b\)"):
        body_of(lambda a, b: None, {"c": 1})


# --- path and query -----------------------------------------------------------------------------


def fields(learned: schema.Learned) -> dict[str, str]:
    assert learned.parameters
    annotations = execute(module_source([learned.parameters]))[learned.parameters.name].__annotations__
    lines = [line.strip() for line in learned.parameters.source.splitlines() if line.startswith("    ")]
    assert len(lines) == len(annotations)
    return dict(line.split(": ", 1) for line in lines)


def test_parameters_of_a_query_are_learned_one_by_one():
    def handler(n, ratio, both, name, exact, day, tags, top=3): ...

    examples = [
        {"n": 3, "ratio": 1.5, "both": 1, "name": "02", "exact": True, "day": dt.date(2024, 1, 2), "tags": ["a"]},
        {"n": 4, "ratio": 1e-7, "both": 2.5, "name": "true", "exact": False, "day": dt.date(1, 1, 1), "tags": []},
    ]
    assert fields(schema.learn(handler, "f", "GET", "/f", examples)) == {
        "n": "int",
        "ratio": "float",
        "both": "int | float",
        "name": "str",
        "exact": "bool",
        "day": "Date",
        "tags": "Annotated[list[str], Query()]",
        "top": "int",
    }


def test_the_path_is_text_and_the_rest_is_the_body():
    learned = schema.learn(lambda item, x: None, "f", "PUT", "/items/{item}", [{"item": 3, "x": [1]}])
    assert fields(learned) == {"item": "int"}
    assert learned.body
    assert learned.body.spread
    assert "    item:" not in learned.body.source


def test_missing_annotations_are_as_if_written():
    def handler(a: int, scale, rows): ...

    learned = schema.learn(handler, "f", "POST", "/f", [{"a": 1, "scale": 2.5, "rows": [[1], [2]]}])
    assert learned.body is None
    assert fields(learned) == {"scale": "float", "rows": "Annotated[list[list[Number]], Body(embed=True)]"}


def test_what_fastapi_fills_does_not_count_as_annotated():
    def handler(request: Request, x, service=Depends(dict)): ...  # noqa: B008

    assert schema.learn(handler, "f", "POST", "/f", [{"x": 1}]).body.spread


@pytest.mark.parametrize(
    ("handler", "method", "path", "examples", "says"),
    [
        (lambda a, b: None, "POST", "/f", [], "nothing says what a, b are"),
        (lambda q=None: None, "GET", "/f", [{}], "no example gives a value for q"),
        (lambda q: None, "GET", "/f", [{"q": {"a": 1}}], "q cannot be read from the text"),
        (lambda q: None, "GET", "/{q}", [{"q": [1]}], "q cannot be read from the text"),
        (lambda q: None, "GET", "/f", [{"q": 1}, {"q": "1"}], "q cannot be read from the text"),
        (lambda q: None, "GET", "/f", [{"q": 1j}], "complex"),
    ],
)
def test_what_the_examples_do_not_say_is_refused(handler, method, path, examples, says):
    with pytest.raises(schema.NotLearnedError, match=says):
        schema.learn(handler, "f", method, path, examples)


def test_annotated_handlers_need_nothing():
    def handler(a: int, b: str = "", *args, **kwargs): ...

    assert schema.learn(handler, "f", "POST", "/f", []) == schema.Learned()
    assert schema.learn(lambda: None, "f", "GET", "/f", []) == schema.Learned()


# --- answers ------------------------------------------------------------------------------------


class Classifier:
    classes_ = np.array(["no", "yes"])


@pytest.mark.parametrize(
    ("answers", "text"),
    [
        ([1, 2.5], "FAnswer = float"),
        (["a", None], "FAnswer = str | None"),
        ([[], [{"n": 1}, {"n": 2, "m": True}]], "n: int\n    m: NotRequired[bool]"),
        ([{"species": "a", "proba": [0.5]}], "species: str\n    proba: list[float]"),
        ([{}], "FAnswer = "),
    ],
)
def test_answers_are_described(answers, text):
    described = schema.answer_schema("f", answers)
    assert text in described.source
    assert described.name in execute(module_source([described]))


def test_a_classifier_predicts_one_of_its_classes():
    described = schema.outputs_schema("m", "predict", [["no"]], Classifier())
    assert "outputs: list[Literal['no', 'yes']]" in described.source
    assert "list[list[float]]" in schema.outputs_schema("m", "predict_proba", [[[0.5, 0.5]]], Classifier()).source


# --- the module ---------------------------------------------------------------------------------


def test_only_used_names_are_imported():
    body, _ = body_of(lambda a: None, {"a": 1})
    assert "Any" not in module_source([body])
    assert module_source([]) == ""


def test_schemas_of_one_name_are_found():
    one, two = (schema.answer_schema(public, [{"a": 1}]) for public in ("a-b", "a_b"))
    assert doubled_names([one, two]) == {"ABAnswer"}
    assert doubled_names([one, Schema("B", "B = int")]) == set()


@pytest.mark.parametrize("public", ["2d", "a-b", "x_1"])
def test_every_public_name_gives_a_class_name(public):
    assert schema.class_name(public, "Body").isidentifier()


def test_the_text_is_as_it_stands_in_the_project():
    body, _ = body_of(lambda rows, k=1: None, {"rows": pd.DataFrame({"a": [1.5], "b": ["x"]})})
    assert body.modules == {"pandas"}
    text: Any = module_source([body])
    assert "from .runtime.rows import Frame" in text
    assert "a: Annotated[Float, Dtype('float64')]" in text
    assert "rows: Annotated[Any, Frame(TheNameBodyRowsRow)]" in text
