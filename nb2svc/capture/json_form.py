"""Live values as JSON carries them: what a client can send, and what it reads."""

from __future__ import annotations

import json
import math
from typing import Any

from ..errors import UsageError
from ..values import Where

_TOLERANCE = 1e-9  # relative, as in the parity test: the same rows in another memory layout may round otherwise


def json_form(value: Any) -> Any:
    """``value`` written by the rule for answers, and read again: dates are texts by now, NaN is None.

    Raises ``TypeError`` or ``ValueError`` for what has no JSON form.
    """
    from ..runtime.encoding import encode, to_json

    return json.loads(to_json(encode(value)))


def example_as_json(value: Any, where: Where) -> Any:
    """:func:`json_form` of an example. Raises ``UsageError`` for one that no client could send."""
    try:
        return json_form(value)
    except (TypeError, ValueError, RecursionError) as error:
        hint = "give numbers, texts, dates, or lists, objects and DataFrames of them"
        raise UsageError(f"the example has no JSON form: {error}", hint=hint, where=where) from None


def same(left: Any, right: Any) -> bool:
    """Whether two JSON values agree: floats to a relative 1e-9, types, keys and order exactly."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return list(left) == list(right) and all(map(same, left.values(), right.values()))
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, float):
        return math.isclose(left, right, rel_tol=_TOLERANCE)
    return bool(left == right)
