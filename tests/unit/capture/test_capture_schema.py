from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from nb2svc.capture import schema


def adapter(handler, *examples):
    body = schema.infer_body(handler, "the-name", examples)
    namespace = schema.execute(schema.module_source({body.name: body}))
    return body, TypeAdapter(namespace[body.name])


def test_keys_that_are_the_parameters_become_them():
    body, check = adapter(lambda a, b=None: None, {"a": 1, "b": "x"}, {"a": 2.5})
    assert body.spread
    assert body.name == "TheNameBody"
    assert check.validate_python({"a": 1}) == {"a": 1}
    assert type(check.validate_python({"a": 1})["a"]) is int
    assert type(check.validate_python({"a": 1.0})["a"]) is float


@pytest.mark.parametrize("value", [{"a": "1"}, {"a": True}, {"a": None}, {}, {"a": 1, "c": 2}, {"a": 1, "b": 3}])
def test_other_types_and_keys_are_refused(value):
    _, check = adapter(lambda a, b=None: None, {"a": 1, "b": "x"})
    with pytest.raises(ValidationError):
        check.validate_python(value)


def test_else_the_one_parameter_takes_the_whole_body():
    body, check = adapter(lambda rows: None, [[1, 2.0], [3, 4]])
    assert not body.spread
    assert check.validate_python([[5]]) == [[5]]
    body, check = adapter(lambda item: None, {"deep": {"x": [{"y": None}, {"y": "t"}]}, "not an id": 1})
    assert not body.spread
    assert check.validate_python({"anything": 1}) == {"anything": 1}


def test_nested_objects_get_schemas_of_their_own():
    body, check = adapter(lambda item: None, {"deep": {"x": [{"y": None}, {"y": "t"}]}})
    assert body.source.count("class ") == 3
    assert check.validate_python({"deep": {"x": [{"y": "u"}]}})
    with pytest.raises(ValidationError):
        check.validate_python({"deep": {"x": [{"y": 1}]}})


def test_examples_that_fit_neither_way_are_named():
    with pytest.raises(ValueError, match=r"keys \(c\) are not the handler's parameters \(a, b\)"):
        schema.infer_body(lambda a, b: None, "f", [{"c": 1}])


def test_only_used_names_are_imported():
    body = schema.infer_body(lambda a: None, "f", [{"a": 1}])
    assert "Any" not in schema.module_source({body.name: body})
    assert schema.module_source({}) == ""


def test_half_annotated_handlers_are_known():
    def handler(a: int, b, *args, **kwargs): ...

    assert schema.half_annotated(handler) == ["b"]
    assert not schema.needs_schema(handler)
    assert schema.needs_schema(lambda a: None)
    assert not schema.needs_schema(lambda: None)
