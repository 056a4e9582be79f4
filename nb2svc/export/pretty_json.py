"""JSON as a person would lay it out: what fits on a line stays on one, so that a row of a model's input is a row."""

from __future__ import annotations

import json
import re
from typing import Any

WIDTH = 100
_STEP = 2
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")  # a Python string may hold one, UTF-8 cannot


def dumps(value: Any) -> str:
    """``value`` as JSON in its own key order, with a final newline.

    Numbers are written so that they read back to the very same float. Raises ``ValueError`` for NaN and
    infinities, which JSON does not have, and ``TypeError`` for what is no JSON value.
    """
    text = _layout(value, indent=0, room=WIDTH)
    return _LONE_SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", text) + "\n"


def _layout(value: Any, *, indent: int, room: int) -> str:
    line = json.dumps(value, ensure_ascii=False, allow_nan=False)
    if len(line) <= room or not isinstance(value, (dict, list, tuple)) or not value:
        return line
    inner = indent + _STEP
    if isinstance(value, dict):
        items = [_member(key, item, inner) for key, item in value.items()]
        return _enclose("{}", items, indent)
    return _enclose("[]", [_layout(item, indent=inner, room=WIDTH - inner - 1) for item in value], indent)


def _member(key: Any, item: Any, indent: int) -> str:
    # json.dumps of a one-member object, to have its spelling of keys that are no strings (True → "true")
    name = json.dumps({key: 0}, ensure_ascii=False)[1:-4]
    return f"{name}: {_layout(item, indent=indent, room=WIDTH - indent - len(name) - 3)}"


def _enclose(brackets: str, items: list[str], indent: int) -> str:
    pad = " " * (indent + _STEP)
    body = ",\n".join(pad + item for item in items)
    return f"{brackets[0]}\n{body}\n{' ' * indent}{brackets[1]}"
