"""Bodies that no client should send, to a real server: refused, none an error, and the next good one is right."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from observed_project import write_project
from served_project import serving

pytestmark = pytest.mark.once

GOOD = {
    "/predict": {"values": [1.5, -2.25, 4e10]},
    "/models/model/predict": {"inputs": [[1.5, 2.25], [3.0, -0.5]]},
    "/v2/models/model/infer": {"inputs": [{"name": "x", "shape": [1, 2], "datatype": "FP64", "data": [1.5, 2.25]}]},
}
PATHS = st.sampled_from(sorted(GOOD))
JSON = "application/json"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    project = write_project(tmp_path_factory.mktemp("project"))
    with serving(project) as service, httpx.Client(base_url=service.url, timeout=60) as client:
        yield client
        assert not [line for line in service.lines if '"traceback"' in line and '"level": "error"' in line]


def ask(client: httpx.Client, path: str, content: bytes, content_type: str = JSON) -> httpx.Response:
    return client.post(path, content=content, headers={"Content-Type": content_type})


def good_answers(client: httpx.Client) -> list[tuple[int, object]]:
    answers = [client.post(path, json=body) for path, body in GOOD.items()]
    return [(each.status_code, _without_id(each.json())) for each in answers]


def _without_id(answer: dict) -> dict:
    return {key: value for key, value in answer.items() if key != "id"}


@pytest.fixture(scope="module")
def right(client: httpx.Client) -> list[tuple[int, object]]:
    answers = good_answers(client)
    assert [status for status, _ in answers] == [200, 200, 200]
    return answers


fuzzed = settings(
    max_examples=25, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@fuzzed
@given(path=PATHS, share=st.floats(0, 1, exclude_max=True))
def test_what_is_cut_off(client: httpx.Client, right: list, path: str, share: float) -> None:
    whole = json.dumps(GOOD[path]).encode()
    assert ask(client, path, whole[: int(len(whole) * share)]).status_code in {400, 422}
    assert good_answers(client) == right


@fuzzed
@given(path=PATHS, content=st.binary(max_size=200))
def test_bytes_that_are_no_text(client: httpx.Client, right: list, path: str, content: bytes) -> None:
    body = json.dumps(GOOD[path]).encode()[:-1] + b', "more": "\xff' + content + b'"}'
    assert ask(client, path, body).status_code in {400, 422}
    assert good_answers(client) == right


@fuzzed
@given(path=PATHS, depth=st.integers(1_000, 200_000), bracket=st.sampled_from(['{"values":', "[", '{"inputs":[']))
def test_what_is_nested_too_deeply(client: httpx.Client, right: list, path: str, depth: int, bracket: str) -> None:
    assert ask(client, path, (bracket * depth).encode()).status_code in {400, 422}
    closed = bracket.translate(str.maketrans({"[": "]", "{": "}"}))[::-1]
    closing = "".join(each for each in closed if each in "]}")
    assert ask(client, path, (bracket * depth + "1" + closing * depth).encode()).status_code in {400, 422}
    assert good_answers(client) == right


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)


@fuzzed
@given(path=PATHS, value=values, key=st.sampled_from(["values", "inputs", "more"]), wrapped=st.booleans())
def test_any_json(client: httpx.Client, right: list, path: str, value: object, key: str, wrapped: bool) -> None:
    body = json.dumps({**GOOD[path], key: value} if wrapped else value)  # NaN and infinities as Python writes them
    answer = ask(client, path, body.encode())
    assert answer.status_code in {200, 400, 422}, answer.text
    json.loads(answer.text, parse_constant=pytest.fail)
    assert good_answers(client) == right


@fuzzed
@given(path=PATHS, value=values)
def test_keys_that_come_twice(client: httpx.Client, right: list, path: str, value: object) -> None:
    (key, good), *_ = GOOD[path].items()
    last_wins = f'{{"{key}": {json.dumps(value)}, "{key}": {json.dumps(good)}}}'
    answer = ask(client, path, last_wins.encode())
    assert (answer.status_code, _without_id(answer.json())) == right[list(GOOD).index(path)]
    assert ask(client, path, f'{{"{key}": {json.dumps(good)}, "{key}": "x"}}'.encode()).status_code in {400, 422}
    assert good_answers(client) == right


@fuzzed
@given(
    path=PATHS,
    content_type=st.sampled_from(
        [
            *("", "text/plain", "application/xml", "application/x-www-form-urlencoded", "nonsense"),
            *("multipart/form-data", "multipart/form-data; boundary=x", "application/octet-stream"),
            *("application/json", "application/json; charset=utf-16"),
        ]
    )
    | st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30),
    content=st.sampled_from([b"", b"values=1", b"--x\r\n", b"[1.5]", b"\x93NUMPY\x01\x00"]) | st.binary(max_size=100),
)
def test_other_content_types(client: httpx.Client, right: list, path: str, content_type: str, content: bytes) -> None:
    assert ask(client, path, content, content_type.strip()).status_code in {400, 415, 422}
    assert good_answers(client) == right


@pytest.mark.parametrize("path", sorted(GOOD))
def test_what_is_huge(client: httpx.Client, right: list, path: str) -> None:
    (key, _), *_ = GOOD[path].items()
    assert ask(client, path, b'{"%s": "%s"}' % (key.encode(), b"x" * (15 << 20))).status_code in {400, 422}
    assert ask(client, path, b'{"%s": 1%s}' % (key.encode(), b"0" * (1 << 20))).status_code in {400, 422}
    assert ask(client, path, b" " * (17 << 20)).status_code == 413
    assert good_answers(client) == right
