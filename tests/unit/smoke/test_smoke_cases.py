from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nb2svc.errors import ExportError
from nb2svc.exchange import decode, encode
from nb2svc.smoke.cases import load_examples
from nb2svc.smoke.compare import compare
from nb2svc.values import Example, to_json


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_examples_come_from_their_files_in_natural_order(tmp_path):
    recorded = {"status": 200, "content_type": "application/json", "json": {"a": 1, "b": 1.0, "c": [None, True]}}
    for name in ("predict-10", "predict-2", "about-1"):
        text = {"name": name, "endpoint": "predict", "request": {"method": "GET", "path": "/"}, "response": recorded}
        (tmp_path / f"{name}.json").write_text(json.dumps(text))
    examples = load_examples(tmp_path)
    assert [each.name for each in examples] == ["about-1", "predict-2", "predict-10"]
    assert compare(recorded, examples[0].response) == ()


def test_examples_come_in_the_order_in_which_the_notebook_answered_them(tmp_path):
    (tmp_path / "examples").mkdir()
    for name in ("a-1", "b-1", "b-2", "c-1"):
        example = Example(name=name, endpoint=name[0], request={"method": "GET", "path": "/"}, response={"status": 204})
        (tmp_path / "examples" / f"{name}.json").write_text(to_json(example))
    (tmp_path / "nb2svc.json").write_text(json.dumps({"examples": ["b-2", "a-1"]}))
    assert [each.name for each in load_examples(tmp_path / "examples")] == ["b-2", "a-1", "b-1", "c-1"]
    (tmp_path / "nb2svc.json").write_text("{")
    assert [each.name for each in load_examples(tmp_path / "examples")] == ["a-1", "b-1", "b-2", "c-1"]


def test_the_file_form_of_a_record_is_read_back(tmp_path):
    recorded = Example(name="a-1", endpoint="a", request={"method": "GET", "path": "/a"}, response={"status": 204})
    (tmp_path / "a-1.json").write_text(to_json(recorded))
    assert load_examples(tmp_path) == (recorded,)


def test_no_folder_holds_no_example(tmp_path):
    assert load_examples(tmp_path / "examples") == ()


@pytest.mark.parametrize("text", ["{", '{"name": "a"}', "[]"])
def test_a_file_that_is_no_example_is_named(tmp_path, text):
    (tmp_path / "broken.json").write_text(text)
    with pytest.raises(ExportError, match=r"broken\.json is not an example") as caught:
        load_examples(tmp_path)
    assert caught.value.hint


def test_json_requests():
    sent = encode({"method": "POST", "path": "/p?q=ä b", "json": {"x": 1.0, "y": [1, None], "z": "ß"}})
    assert (sent.method, sent.target) == ("POST", "/p?q=%C3%A4%20b")
    assert dict(sent.headers)["content-type"] == "application/json"
    assert sent.body == '{"x":1.0,"y":[1,null],"z":"ß"}'.encode()


def test_requests_without_a_body():
    sent = encode({"method": "GET", "path": "/p"})
    assert (sent.target, sent.body) == ("/p", b"")
    assert "content-type" not in dict(sent.headers)
    assert "host" not in dict(sent.headers)


def test_raw_requests():
    sent = encode({"method": "PUT", "path": "/p", "base64": b64(b"\x00\xff"), "content_type": "image/png"})
    assert (sent.body, dict(sent.headers)["content-type"]) == (b"\x00\xff", "image/png")


def test_forms_without_files():
    sent = encode({"method": "POST", "path": "/p", "form": {"a": "1", "b": ["x", "y"]}})
    assert sent.body == b"a=1&b=x&b=y"
    assert dict(sent.headers)["content-type"] == "application/x-www-form-urlencoded"


def test_given_headers_are_kept():
    sent = encode({"method": "POST", "path": "/p", "json": 1, "headers": {"Accept": "text/event-stream"}})
    assert dict(sent.headers)["accept"] == "text/event-stream"


def test_files_are_the_same_bytes_each_time():
    file = {"filename": "a.csv", "content_type": "text/csv", "base64": b64(b"x,y\n1,2\n")}
    request = {"method": "POST", "path": "/p", "form": {"k": "v"}, "files": {"one": file, "two": [file, file]}}
    assert encode(request) == encode(request)
    assert encode(request).body.count(b'filename="a.csv"') == 3
    assert b"x,y\n1,2\n" in encode(request).body


@pytest.mark.parametrize(
    ("kind", "body", "form", "value"),
    [
        ("application/json", b'{"a": 1.0}', "json", {"a": 1.0}),
        ("application/problem+json", b"[]", "json", []),
        ("application/json", b"not json", "text", "not json"),
        ("text/plain; charset=utf-8", "ä".encode(), "text", "ä"),
        ("text/plain; charset=latin-1", "ä".encode("latin-1"), "text", "ä"),
        ("text/plain; charset=nonsense", b"a", "base64", b64(b"a")),
        ("text/csv", b"\xff\xfe", "base64", b64(b"\xff\xfe")),
        ("application/jsonl", b"1\n2\n", "text", "1\n2\n"),
        ("image/png", b"\x89PNG", "base64", b64(b"\x89PNG")),
        ("", b"abc", "base64", b64(b"abc")),
    ],
)
def test_the_form_of_an_answer_follows_its_content_type(kind, body, form, value):
    assert decode(200, kind, body) == {"status": 200, "content_type": kind, form: value}


def test_an_empty_answer_has_no_body():
    assert decode(204, "", b"") == {"status": 204, "content_type": ""}
    assert decode(200, "text/plain", b"", like={"text": ""}) == {
        "status": 200,
        "content_type": "text/plain",
        "text": "",
    }


@given(st.binary(), st.sampled_from(["json", "text", "base64"]))
def test_any_bytes_equal_themselves_in_every_recorded_form(body, form):
    like = {form: ""}
    got = decode(200, "application/octet-stream", body, like=like)
    assert compare(got, decode(200, "application/octet-stream", body, like=got)) == ()


@given(st.binary(min_size=1), st.binary(min_size=1))
def test_other_bytes_are_another_answer(left, right):
    recorded = decode(200, "application/octet-stream", left)
    got = decode(200, "application/octet-stream", right, like=recorded)
    assert bool(compare(recorded, got)) == (left != right)
