"""``examples/<name>.json``: a recorded request with its answer, for people and for the tests."""

from __future__ import annotations

from ..errors import ExportError
from ..values import Example
from .pretty_json import dumps


def example_text(example: Example) -> str:
    """The file of ``example``. Raises ``ExportError`` where JSON cannot hold it (NaN, say)."""
    record = {
        "name": example.name,
        "endpoint": example.endpoint,
        "request": example.request,
        "response": example.response,
    }
    try:
        return dumps(record)
    except (TypeError, ValueError) as error:
        raise ExportError(
            f"the example {example.name} cannot be written as JSON: {error}",
            hint="give --example values that JSON has: null for NaN and infinities",
            where=example.where,
        ) from error
