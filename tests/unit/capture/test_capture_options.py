from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nb2svc.capture.options import endpoint_options, model_options
from nb2svc.errors import UsageError


def test_defaults():
    options = endpoint_options("")
    assert (options.method, options.path, options.status, options.examples) == ("POST", "", 200, ())


def test_json_stands_unquoted_between_options():
    options = endpoint_options(
        'PUT /a --status 201 --example {"a": [1, 2], "b": "x y"} --name good --timeout 2.5 --batch'
    )
    assert options.method == "PUT"
    assert options.path == "/a"
    assert options.status == 201
    assert options.examples == ('{"a": [1, 2], "b": "x y"}',)
    assert options.name == "good"
    assert options.timeout == 2.5
    assert options.batch


def test_an_option_s_name_inside_an_example_is_part_of_it():
    options = endpoint_options('/a --example {"text": "use --name or --status 3 here"} --example {"b": 1}')
    assert [json.loads(one) for one in options.examples] == [{"text": "use --name or --status 3 here"}, {"b": 1}]


def test_an_example_may_be_an_expression():
    assert endpoint_options("--example dict(a=1, b=[x for x in (1, 2)])").examples == (
        "dict(a=1, b=[x for x in (1, 2)])",
    )
    assert model_options("model --example X_test[:3]").example == "X_test[:3]"


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.floats(allow_nan=False) | st.none(), max_size=4))
def test_any_json_object_comes_out_as_it_went_in(value):
    text = json.dumps(value)
    assert json.loads(endpoint_options(f"POST /x --example {text} --status 202").examples[0]) == value


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--exmaple 1", "did you mean --example"),
        ("FETCH /x", "no HTTP method"),
        ("POST x", "must begin with /"),
        ("POST /x y", "unexpected 'y'"),
        ("--status 404", "no status of success"),
        ("--timeout -1", "no positive number"),
        ("--timeout soon", "no positive number"),
        ("--example", "needs a value"),
        ("--example {", "neither JSON nor a Python expression"),
        ("--batch yes", "takes no value"),
        ("--name 1x", "cannot be a name in a URL"),
        ('WEBSOCKET /chat --example {"a": 1}', "--example says something of a request"),
        ("WEBSOCKET /chat --batch", "--batch says something of a request"),
        ("WEBSOCKET /chat --timeout 3", "--timeout says something of a request"),
    ],
)
def test_what_is_wrong_is_named(line, message):
    with pytest.raises(UsageError, match=message):
        endpoint_options(line)


def test_model_options():
    options = model_options("clf --name iris --methods predict,predict_proba --no-batch --max-batch 8 --format joblib")
    assert (options.variable, options.name, options.batch, options.max_batch) == ("clf", "iris", False, 8)
    assert options.methods == ("predict", "predict_proba")
    for line, message in {
        "": "needs the name of the variable",
        "a b": "needs the name of the variable",
        "clf --location s3://x": "is no place for a model",
        "clf --format onyx": "not available",
    }.items():
        with pytest.raises(UsageError, match=message):
            model_options(line)
