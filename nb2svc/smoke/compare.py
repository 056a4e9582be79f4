"""Is this answer that answer? Pure comparison of two recorded responses.

Exact in everything a client can see (status, content type, JSON types, key order, list order, text, bytes),
except for floating-point numbers, where the last bits depend on the processor: two floats are the same when
``|a - b| ≤ max(FLOAT_RELATIVE · max(|a|, |b|), FLOAT_ABSOLUTE)``. NaN is the same as NaN.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Literal

from ..exchange import BODY_FORMS

FLOAT_RELATIVE: Final = 1e-9
FLOAT_ABSOLUTE: Final = 1e-12

# One JSON value a line: compared value by value, so that the float tolerance holds in streams too.
STREAMED_JSON: Final = frozenset(
    {"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines", "text/event-stream"}
)

Reason = Literal["status", "content type", "form", "value", "type", "missing", "unexpected", "order", "length"]


class Absent(Enum):
    """Stands where there is no value, since ``None`` is one."""

    ABSENT = "nothing"


ABSENT: Final = Absent.ABSENT


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One difference. ``path`` is a JSON path (``$.outputs[0][2]``), ``status`` or ``content type``."""

    path: str
    expected: Any
    got: Any
    reason: Reason


def compare(expected: Mapping[str, Any], got: Mapping[str, Any]) -> tuple[Mismatch, ...]:
    """All differences between two responses in the form of ``Example.response``, in document order.

    Where the status differs, the bodies are given whole: one is then mostly an error message.
    """
    found: list[Mismatch] = []
    if expected.get("status") != got.get("status"):
        found.append(Mismatch("status", expected.get("status"), got.get("status"), "status"))
    if expected.get("content_type") != got.get("content_type"):
        found.append(Mismatch("content type", expected.get("content_type"), got.get("content_type"), "content type"))
    wanted_form, got_form = _form(expected), _form(got)
    wanted, given = _body(expected, wanted_form), _body(got, got_form)
    if wanted_form != got_form:
        found.append(Mismatch("$", wanted, given, "form"))
    elif any(mismatch.reason == "status" for mismatch in found):
        found.extend([Mismatch("$", wanted, given, "value")] if compare_json(wanted, given) else [])
    elif wanted_form == "text" and _media_type(expected) in STREAMED_JSON:
        found.extend(_compare_lines(wanted, given))
    else:
        found.extend(compare_json(wanted, given))
    return tuple(found)


def compare_json(expected: Any, got: Any, *, root: str = "$", key_order: bool = True) -> tuple[Mismatch, ...]:
    """All differences between two JSON values, in document order.

    With ``key_order=False`` the order of an object's keys does not count.
    """
    found: list[Mismatch] = []
    # A stack instead of recursion: the depth of the documents is the service's business, not ours.
    todo: list[tuple[str, Any, Any]] = [(root, expected, got)]
    while todo:
        path, left, right = todo.pop()
        children: list[tuple[str, Any, Any]] = []
        if left is ABSENT or right is ABSENT:
            if left is not right:
                found.append(Mismatch(path, left, right, "missing" if right is ABSENT else "unexpected"))
        elif type(left) is not type(right):
            found.append(Mismatch(path, left, right, "type"))
        elif isinstance(left, dict):
            children = list(_members(path, left, right))
            if key_order and list(left) != list(right) and left.keys() == right.keys():
                found.append(Mismatch(path, list(left), list(right), "order"))
        elif isinstance(left, list):
            if len(left) != len(right):
                found.append(Mismatch(path, len(left), len(right), "length"))
            children = [(f"{path}[{n}]", a, b) for n, (a, b) in enumerate(zip(left, right, strict=False))]
        elif not _same_scalar(left, right):
            found.append(Mismatch(path, left, right, "value"))
        todo.extend(reversed(children))
    return tuple(found)


def _members(path: str, left: dict[str, Any], right: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for key, value in left.items():
        yield _member_path(path, key), value, right.get(key, ABSENT)
    for key, value in right.items():
        if key not in left:
            yield _member_path(path, key), ABSENT, value


def _member_path(path: str, key: str) -> str:
    return f"{path}.{key}" if key.isidentifier() and key.isascii() else f"{path}[{json.dumps(key, ensure_ascii=False)}]"


def _same_scalar(left: Any, right: Any) -> bool:
    if not isinstance(left, float):
        return bool(left == right)
    if math.isnan(left) or math.isnan(right):
        return math.isnan(left) and math.isnan(right)
    return math.isclose(left, right, rel_tol=FLOAT_RELATIVE, abs_tol=FLOAT_ABSOLUTE)


def _compare_lines(expected: str, got: str) -> Iterator[Mismatch]:
    left, right = expected.split("\n"), got.split("\n")
    if len(left) != len(right):
        yield Mismatch("$", expected, got, "value")
        return
    for number, (wanted, given) in enumerate(zip(left, right, strict=True), start=1):
        if wanted == given:
            continue
        root = f"line {number} $"
        a, b = _line_value(wanted), _line_value(given)
        if a is ABSENT or b is ABSENT:
            yield Mismatch(root, wanted, given, "value")
        else:
            yield from compare_json(a, b, root=root)


def _line_value(line: str) -> Any:
    """The JSON value of a line of a stream, ``ABSENT`` where it holds none."""
    try:
        return json.loads(line.removeprefix("data:"))
    except (ValueError, RecursionError):
        return ABSENT


def _form(response: Mapping[str, Any]) -> str:
    return next((form for form in BODY_FORMS if form in response), "")


def _body(response: Mapping[str, Any], form: str) -> Any:
    return response[form] if form else ABSENT


def _media_type(response: Mapping[str, Any]) -> str:
    return str(response.get("content_type") or "").partition(";")[0].strip().lower()
