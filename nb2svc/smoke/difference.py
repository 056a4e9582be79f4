"""Differences as a person reads them: where, expected, got. Bounded, whatever the size of the answers."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any, Final

from .compare import ABSENT, Mismatch

MAX_SHOWN: Final = 10  # differences; the rest is counted
MAX_WIDTH: Final = 160  # characters of one value
CONTEXT: Final = 40  # characters of a long text shown before its first difference

_TYPE_NAMES: Final = {
    bool: "true/false",
    int: "integer",
    float: "float",
    str: "string",
    list: "array",
    dict: "object",
    type(None): "null",
}


def difference_text(mismatches: Sequence[Mismatch], *, limit: int = MAX_SHOWN) -> str:
    """A diff of at most ``limit`` differences, three lines each; "" where there are none."""
    parts = [_one(mismatch) for mismatch in mismatches[:limit]]
    if len(mismatches) > limit:
        more = len(mismatches) - limit
        parts.append(f"… and {more} more difference{'s' if more > 1 else ''}")
    return "\n".join(parts)


def summary(mismatches: Sequence[Mismatch]) -> str:
    """One line: how many, and where the first is."""
    count = len(mismatches)
    first = mismatches[0].path
    return f"differs at {first}" if count == 1 else f"{count} differences, the first at {first}"


def _one(mismatch: Mismatch) -> str:
    expected, got, note = _sides(mismatch)
    tail = f"   ({note})" if note else ""
    return f"{_clean(mismatch.path)}\n    expected  {expected}\n    got       {got}{tail}"


def _sides(mismatch: Mismatch) -> tuple[str, str, str]:
    expected, got = mismatch.expected, mismatch.got
    if mismatch.reason == "length":
        return _count(expected), _count(got), ""
    if mismatch.reason == "type":
        return _value(expected), _value(got), f"{_type_name(got)} instead of {_type_name(expected)}"
    if mismatch.reason == "order":
        return _value(expected), _value(got), "the keys stand in another order"
    if isinstance(expected, str) and isinstance(got, str):
        return _texts(expected, got)
    if isinstance(expected, float) and isinstance(got, float):
        return _value(expected), _value(got), _distance(expected, got)
    return _value(expected), _value(got), ""


def _texts(expected: str, got: str) -> tuple[str, str, str]:
    """Both texts from a little before their first difference on."""
    if max(len(expected), len(got)) <= MAX_WIDTH:
        return _value(expected), _value(got), ""
    at = next((n for n, (a, b) in enumerate(zip(expected, got, strict=False)) if a != b), min(len(expected), len(got)))
    start = max(0, at - CONTEXT)
    lead = "…" if start else ""
    return (
        lead + _value(expected[start:]),
        lead + _value(got[start:]),
        f"the texts part at character {at} of {len(expected)} and {len(got)}",
    )


def _distance(expected: float, got: float) -> str:
    gap = abs(got - expected)
    if not math.isfinite(gap):
        return ""
    relative = f", {gap / abs(expected):.2g} of the expected" if expected else ""
    return f"off by {gap:.3g}{relative}"


def _count(number: int) -> str:
    return f"{number} item{'' if number == 1 else 's'}"


def _type_name(value: Any) -> str:
    return _TYPE_NAMES.get(type(value), type(value).__name__)


def _value(value: Any) -> str:
    if value is ABSENT:
        return "nothing"
    try:
        text = json.dumps(value, ensure_ascii=False)
    except RecursionError:
        text = f"a deeply nested {_type_name(value)}"
    text = text if len(text) <= MAX_WIDTH else f"{text[:MAX_WIDTH]}… ({len(text)} characters)"
    return _clean(text)


def _clean(text: str) -> str:
    """Lone surrogates are legal in JSON escapes, but no terminal or file can take them."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
