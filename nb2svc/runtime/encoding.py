"""How an answer is written as JSON.

The rule, for an answer without a pydantic type: what FastAPI does with it, and besides

- arrays, frames, series and their scalars as :mod:`.foreign` says;
- NaN and infinities as null, at any depth;
- sets in sorted order, since Python's own differs from one process to the next;
- any sequence as an array, any mapping as an object, a Fraction as a number.

So dates are ISO 8601, time spans seconds, a Decimal with no fraction an integer and else a float, bytes UTF-8 text,
an Enum its value, a path, UUID or address its text, a tuple an array, a dataclass or other object its fields. Keys of
objects are written as text. What would lose something is an error: two keys of one text, complex numbers, functions.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import inspect
import json
import math
from array import array
from collections import UserString, deque
from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, Sequence, ValuesView
from collections.abc import Set as AbstractSet
from enum import Enum
from fractions import Fraction
from pathlib import PurePath
from types import ModuleType
from typing import Any

from fastapi.encoders import ENCODERS_BY_TYPE
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from .foreign import NATIVE, is_json_array, plain, to_python

_SEQUENCES = (list, tuple, deque, Sequence, array, KeysView, ItemsView, ValuesView, Iterator)  # views keep their order
_TEXTS = (str, bytes, bytearray, memoryview, UserString)
#: Their objects' attributes say nothing to a client.
_LIBRARIES = {
    *("numpy", "scipy", "pandas", "polars", "pyarrow", "sklearn", "xgboost", "lightgbm", "catboost", "statsmodels"),
    *("torch", "tensorflow", "jax", "matplotlib", "PIL"),
}
_NO_ANSWER = (type, ModuleType, BaseException)


def encode(value: Any) -> Any:  # noqa: PLR0911 - one line a kind of value
    """``value`` as JSON types; floats may still be NaN or infinite, which :func:`to_json` writes as null.

    Raises TypeError or ValueError for what has no JSON form.
    """
    if type(value) in NATIVE and not isinstance(value, bytes):
        return value
    if is_json_array(value):
        return value.tolist()
    value = to_python(value)
    if isinstance(value, BaseModel):
        return plain(value).model_dump(mode="json", by_alias=True)
    if isinstance(value, Enum):
        return encode(value.value)
    if isinstance(value, (dict, Mapping)):
        return _encode_mapping(value)
    if isinstance(value, _SEQUENCES) and not isinstance(value, _TEXTS):
        return [encode(each) for each in value]
    if isinstance(value, (set, frozenset, AbstractSet)):
        return [encode(each) for each in _ordered(value)]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: encode(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return _encode_object(value)


def _encode_mapping(value: Mapping[Any, Any]) -> dict[Any, Any]:
    encoded, count, texts = {}, 0, True
    for key, each in value.items():
        if type(key) is not str:
            key, texts = _encode_key(key), False  # noqa: PLW2901
        elif key.startswith("_sa"):  # like FastAPI: SQLAlchemy keeps its own state under such names
            continue
        encoded[key] = encode(each)
        count += 1
    if not texts and (len(encoded) < count or _collide(encoded)):
        message = f"An answer has keys that are one text in JSON ({', '.join(map(repr, value))}): use other keys."
        raise ValueError(message)
    return encoded


def _collide(keys: Iterable[Any]) -> bool:
    """Whether two keys have one text: 1 and "1", None and NaN."""
    texts = [key if isinstance(key, str) else json.dumps(_finite(key)) for key in keys]
    return len(set(texts)) < len(texts)


def _encode_object(value: Any) -> Any:  # noqa: PLR0911 - one line a kind of value
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, (bytes, bytearray)):
        return _text(bytes(value))
    if isinstance(value, UserString):
        return str(value)
    if isinstance(value, Fraction):
        return value.numerator if value.denominator == 1 else float(value)
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
    library = type(value).__module__.partition(".")[0]
    no_answer = isinstance(value, _NO_ANSWER) or inspect.isroutine(value) or library in _LIBRARIES
    for read in () if no_answer else (dict, vars):
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


def _ordered(values: AbstractSet[Any]) -> list[Any]:
    try:
        return sorted(values)
    except TypeError:
        return sorted(values, key=lambda each: (type(each).__qualname__, repr(each)))


_to_text = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def to_json(content: Any) -> bytes:
    """JSON types as compact UTF-8. Raises ValueError or TypeError where there is no JSON form."""
    try:
        return _dumps(content)
    except ValueError:  # most answers hold no NaN, and are not searched for one
        return _dumps(_finite(content))


def _dumps(content: Any) -> bytes:
    return _to_text(content).encode()


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
