from __future__ import annotations

import json
import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nb2svc.smoke.compare import ABSENT, FLOAT_ABSOLUTE, FLOAT_RELATIVE, compare, compare_json
from nb2svc.smoke.difference import difference_text, summary

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(categories=None), max_size=8)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


def resolve(document: Any, path: str) -> Any:
    """What a JSON path of ours leads to, ABSENT where it leads nowhere. Independent of the code under test."""
    rest = path.removeprefix("$")
    while rest:
        quoted = re.match(r'\[("(?:[^"\\]|\\.)*")\]', rest, re.DOTALL)
        found = quoted or re.match(r"\[(\d+)\]", rest) or re.match(r"\.([A-Za-z_]\w*)", rest)
        assert found, rest
        key = json.loads(found[1], strict=False) if quoted else int(found[1]) if rest.startswith("[") else found[1]
        try:
            document = document[key]
        except (KeyError, IndexError):
            return ABSENT
        rest = rest[found.end() :]
    return document


@given(DOCUMENTS)
def test_a_document_equals_itself(document):
    assert compare_json(document, document) == ()


@given(DOCUMENTS)
def test_a_document_equals_its_json_form(document):
    assert compare_json(document, json.loads(json.dumps(document))) == ()


@given(DOCUMENTS, DOCUMENTS)
def test_paths_lead_to_the_values_that_differ(left, right):
    for mismatch in compare_json(left, right):
        wanted, given_ = resolve(left, mismatch.path), resolve(right, mismatch.path)
        if mismatch.reason == "length":
            wanted, given_ = len(wanted), len(given_)
        if mismatch.reason == "order":
            wanted, given_ = list(wanted), list(given_)
        assert repr((mismatch.expected, mismatch.got)) == repr((wanted, given_))


@given(DOCUMENTS, DOCUMENTS)
def test_it_is_symmetric(left, right):
    there, back = compare_json(left, right), compare_json(right, left)
    assert {mismatch.path for mismatch in there} == {mismatch.path for mismatch in back}


@given(DOCUMENTS, DOCUMENTS)
def test_no_difference_only_where_the_texts_agree_but_for_floats(left, right):
    """What is called equal has the same JSON text once every float is replaced by one mark."""
    if not compare_json(left, right):
        assert json.dumps(_without_floats(left)) == json.dumps(_without_floats(right))


def _without_floats(value: Any) -> Any:
    if isinstance(value, float):
        return "a float"
    if isinstance(value, list):
        return [_without_floats(item) for item in value]
    return {key: _without_floats(item) for key, item in value.items()} if isinstance(value, dict) else value


@given(DOCUMENTS, DOCUMENTS)
def test_the_text_of_a_difference_is_bounded_and_can_be_written(left, right):
    text = difference_text(compare_json(left, right))
    assert len(text) < 10_000
    text.encode("utf-8")


@given(st.floats(-1e300, 1e300), st.floats(-1, 1))
def test_floats_within_the_tolerance_are_the_same(value, share):
    near = value * (1 + share * FLOAT_RELATIVE / 2)
    assert compare_json([value], [near]) == ()


@given(st.floats(1e-3, 1e300), st.sampled_from([-1, 1]))
def test_floats_beyond_the_tolerance_differ(value, sign):
    far = value * (1 + sign * 3 * FLOAT_RELATIVE)
    assert [mismatch.path for mismatch in compare_json([value], [far])] == ["$[0]"]


@pytest.mark.parametrize(
    ("expected", "got", "reason"),
    [
        (1, 1.0, "type"),
        (1, True, "type"),
        (0, False, "type"),
        (1.0, True, "type"),
        (None, False, "type"),
        ("1", 1, "type"),
        (None, math.nan, "type"),
        (1, 2, "value"),
        (10**400, 10**400 + 1, "value"),
        (math.inf, -math.inf, "value"),
        (math.inf, 1e308, "value"),
        (math.nan, 1.0, "value"),
        (0.0, 2 * FLOAT_ABSOLUTE, "value"),
        ("a", "á", "value"),
        ([], {}, "type"),
        ([1], [1, 2], "length"),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, "order"),
        ({"a": 1}, {}, "missing"),
        ({}, {"a": None}, "unexpected"),
    ],
)
def test_each_difference_has_its_reason(expected, got, reason):
    assert [mismatch.reason for mismatch in compare_json(expected, got)] == [reason]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 0.0, 5e-324])
def test_special_floats_equal_themselves(value):
    assert compare_json({"x": value}, {"x": value}) == ()


def test_paths_quote_what_is_no_name():
    (mismatch,) = compare_json({"a b": [{"ß": 1}]}, {"a b": [{"ß": 2}]})
    assert mismatch.path == '$["a b"][0]["ß"]'


def test_list_order_counts():
    assert [mismatch.path for mismatch in compare_json([1, 2, 3], [1, 3, 2])] == ["$[1]", "$[2]"]


def test_depth_is_no_matter():
    deep_left, deep_right = 1, 2
    for _ in range(50_000):
        deep_left, deep_right = [deep_left], [deep_right]
    (mismatch,) = compare_json(deep_left, deep_right)
    assert mismatch.path == "$" + "[0]" * 50_000


def test_key_order_can_be_left_out():
    assert compare_json({"a": {"x": 1, "y": 2}}, {"a": {"y": 2, "x": 1}}, key_order=False) == ()


# --- responses ----------------------------------------------------------------------------------


def answer(**body: Any) -> dict[str, Any]:
    return {"status": 200, "content_type": "application/json", **body}


def test_status_and_content_type_are_exact():
    expected = answer(json=1)
    assert [m.path for m in compare(expected, {**expected, "status": 201, "json": 1})] == ["status"]
    kinds = compare(expected, {**expected, "content_type": "application/json; charset=utf-8"})
    assert [m.path for m in kinds] == ["content type"]


def test_with_another_status_the_bodies_are_given_whole():
    found = compare(answer(json={"a": 1, "b": 2}), {**answer(json={"detail": "boom"}), "status": 500})
    assert [(m.path, m.got) for m in found] == [("status", 500), ("$", {"detail": "boom"})]


def test_another_form_of_body_differs():
    assert [m.reason for m in compare(answer(json=1), answer(text="1"))] == ["form"]
    assert [m.reason for m in compare(answer(), answer(json=None))] == ["form"]
    assert compare(answer(), answer()) == ()


def test_text_and_bytes_are_exact():
    assert compare(answer(text="0.30"), answer(text="0.3"))
    assert compare(answer(base64="AAA="), answer(base64="AAE="))
    assert compare(answer(text="a\n"), answer(text="a\n")) == ()


@pytest.mark.parametrize("kind", ["application/jsonl", "application/x-ndjson", "text/event-stream; charset=utf-8"])
def test_streams_of_json_keep_the_tolerance_for_floats(kind):
    lead = "data: " if "event" in kind else ""
    head = {"status": 200, "content_type": kind}
    first, second = ({**head, "text": f'{lead}{{"y": {y}}}\n\n{lead}2\n'} for y in ("0.1", "0.10000000000000002"))
    assert compare(first, second) == ()
    third = {**head, "text": f'{lead}{{"y": 0.2}}\n\n{lead}2\n'}
    assert [m.path for m in compare(first, third)] == ["line 1 $.y"]
    fourth = {**head, "text": f'{lead}{{"y": 0.1}}\n\n{lead}2.0\n'}
    assert [(m.path, m.reason) for m in compare(first, fourth)] == [("line 3 $", "type")]
    assert compare(first, {**head, "text": first["text"] + f"{lead}3\n"})
    assert compare(first, {**head, "text": first["text"].replace("2\n", "two\n")})


def test_plain_text_has_no_tolerance():
    head = {"status": 200, "content_type": "text/plain; charset=utf-8"}
    assert compare({**head, "text": "0.1"}, {**head, "text": "0.10000000000000002"})


# --- what a person reads ------------------------------------------------------------------------


def test_a_difference_reads_well():
    found = compare_json({"outputs": [[1, 2, 0.97]], "n": 1}, {"outputs": [[1, 2, 0.91]], "n": 1.0})
    assert difference_text(found) == (
        "$.outputs[0][2]\n"
        "    expected  0.97\n"
        "    got       0.91   (off by 0.06, 0.062 of the expected)\n"
        "$.n\n"
        "    expected  1\n"
        "    got       1.0   (float instead of integer)"
    )
    assert summary(found) == "2 differences, the first at $.outputs[0][2]"
    assert summary(found[:1]) == "differs at $.outputs[0][2]"


def test_many_differences_are_counted():
    text = difference_text(compare_json(list(range(100)), list(range(1, 101))))
    assert text.count("expected") == 10
    assert text.endswith("… and 90 more differences")


def test_long_texts_show_where_they_part():
    left = "x" * 5000 + "left" + "y" * 5000
    text = difference_text(compare_json(left, left.replace("left", "right")))
    assert "part at character 5000 of 10004 and 10005" in text
    assert '…"' + "x" * 40 + "left" in text
    assert len(text) < 600


def test_missing_keys_and_lengths_read_well():
    text = difference_text(compare_json({"a": 1, "rows": [1]}, {"rows": []}))
    assert "$.a\n    expected  1\n    got       nothing" in text
    assert "$.rows\n    expected  1 item\n    got       0 items" in text
