"""How an answer is written as JSON.

The rule, for an answer without a pydantic type: what FastAPI does with it, and besides

- arrays, frames, series and their scalars as :mod:`.foreign` says;
- NaN and infinities as null, at any depth;
- sets in sorted order, since Python's own differs from one process to the next.

So dates are ISO 8601, time spans seconds, a Decimal with no fraction an integer and else a float, bytes UTF-8 text,
an Enum its value, a path, UUID or address its text, a tuple an array, a dataclass or other object its fields.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import json
import math
from collections import deque
from enum import Enum
from pathlib import PurePath
from typing import Any

from fastapi.encoders import ENCODERS_BY_TYPE
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from .foreign import NATIVE, plain, to_python


def encode(value: Any) -> Any:  # noqa: PLR0911 - one line a kind of value
    """``value`` as JSON types; floats may still be NaN or infinite, which :func:`to_json` writes as null.

    Raises TypeError or ValueError for what has no JSON form.
    """
    if type(value) in NATIVE and not isinstance(value, bytes):
        return value
    value = to_python(value)
    if isinstance(value, BaseModel):
        return plain(value).model_dump(mode="json", by_alias=True)
    if isinstance(value, Enum):
        return encode(value.value)
    if isinstance(value, dict):
        # like FastAPI: SQLAlchemy keeps its own state under names that start with _sa
        return {
            _encode_key(key): encode(each)
            for key, each in value.items()
            if not (isinstance(key, str) and key.startswith("_sa"))
        }
    if isinstance(value, (list, tuple, deque)):
        return [encode(each) for each in value]
    if isinstance(value, (set, frozenset)):
        return [encode(each) for each in _ordered(value)]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: encode(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return _encode_object(value)


def _encode_object(value: Any) -> Any:
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, bytes):
        return _text(value)
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, PurePath):
        return str(value)
    for base in type(value).__mro__:
        if base in ENCODERS_BY_TYPE:
            return encode(ENCODERS_BY_TYPE[base](value))
    return encode(_contents(value))


def _contents(value: Any) -> dict[Any, Any]:
    """An object's items where it is a mapping of some kind, else its attributes: the last resort, as in FastAPI."""
    for read in (dict, vars):
        with contextlib.suppress(TypeError, ValueError):
            return dict(read(value))
    message = f"An answer holds a {type(value).__qualname__}, which has no JSON form: answer with its parts."
    raise TypeError(message)


def _encode_key(key: Any) -> Any:
    encoded = encode(key)
    if isinstance(encoded, (list, dict)):
        message = f"An answer has the key {key!r}, which has no JSON form: use text or a number."
        raise TypeError(message)
    return encoded


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        message = "An answer holds bytes that are no UTF-8 text: answer with fastapi.Response(bytes, media_type=…)."
        raise TypeError(message) from error


def _ordered(values: set[Any] | frozenset[Any]) -> list[Any]:
    try:
        return sorted(values)
    except TypeError:
        return sorted(values, key=lambda each: (type(each).__qualname__, repr(each)))


def to_json(content: Any) -> bytes:
    """JSON types as compact UTF-8. Raises ValueError or TypeError where there is no JSON form."""
    try:
        return _dumps(content)
    except ValueError:  # most answers hold no NaN, and are not searched for one
        return _dumps(_finite(content))


def _dumps(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _finite(content: Any) -> Any:
    if isinstance(content, float):
        return content if math.isfinite(content) else None
    if isinstance(content, dict):
        return {_finite(key): _finite(each) for key, each in content.items()}
    if isinstance(content, (list, tuple)):
        return [_finite(each) for each in content]
    return content


class JSONAnswer(JSONResponse):
    """FastAPI's JSON response, with null for NaN and infinities where FastAPI would fail."""

    def render(self, content: Any) -> bytes:
        return to_json(content)
