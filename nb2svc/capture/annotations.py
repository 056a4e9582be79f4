"""Live values as the annotations that let through what is like them: the text of ``service/schemas.py``."""

from __future__ import annotations

import datetime as dt
import keyword
import re
import unicodedata
import uuid
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import PurePath
from typing import Any

from .likeness import python_scalar

_MISSING = object()
_SHOWN = 60  # characters of a value in a sentence


class UnknownTypeError(Exception):
    """A value that no request in JSON can bring back; the text says what it is."""


class Writer:
    """Writes an annotation for values that were seen, and one TypedDict for each shape of objects, inner ones first.

    ``modules`` are the libraries that what it wrote needs when a request comes.
    """

    def __init__(self, decorator: str = 'with_config(ConfigDict(extra="forbid"))') -> None:
        self.decorator = decorator  # of each TypedDict
        self.parts: list[str] = []
        self.modules: set[str] = set()
        self._names: set[str] = set()

    @property
    def source(self) -> str:
        return "\n\n\n".join(self.parts)

    def bind(self, name: str, annotation: str) -> None:
        """Let ``name`` stand for the annotation, where it is not its name already."""
        if annotation != name:
            self.parts.append(f"{name} = {annotation}")

    def annotation(self, name: str, values: Iterable[Any]) -> str:
        """The union of what the values are, in a fixed order. Raises UnknownTypeError."""
        seen: dict[str, list[Any]] = {}
        for value in values:
            seen.setdefault(_kind(value), []).append(value)
        found = [self._of_kind(kind, name, seen[kind]) for kind in _KINDS if kind in seen]
        return " | ".join(found) if found and found != ["None"] else "Any"

    def typed_dict(self, name: str, fields: Mapping[str, str], doc: str = "") -> str:
        """Write a TypedDict that takes exactly these fields, each with its annotation; the name that it got."""
        name = self._free(name)
        if all(_is_field(key) for key in fields):
            lines = [f"@{self.decorator}"] if self.decorator else []
            lines += [f"class {name}(TypedDict):", *([f'    """{_quoted(doc)}"""\n'] if doc else [])]
            lines += [f"    {key}: {annotation}" for key, annotation in fields.items()] or ["    pass"]
            self.parts.append("\n".join(lines))
        else:
            items = ", ".join(f"{key!r}: {annotation}" for key, annotation in fields.items())
            definition = f"TypedDict({name!r}, {{{items}}})"
            self.parts.append(
                f"{name} = {self.decorator}({definition})" if self.decorator else f"{name} = {definition}"
            )
        return name

    def record(self, name: str, dicts: Sequence[Mapping[str, Any]], doc: str = "", optional: Iterable[str] = ()) -> str:
        """A TypedDict of what these objects hold; what one of them lacks may be left out."""
        fields = {}
        for key in dict.fromkeys(key for one in dicts for key in one):
            values = [one.get(key, _MISSING) for one in dicts]
            annotation = self.annotation(name + titled(key), [value for value in values if value is not _MISSING])
            left_out = key in optional or any(value is _MISSING for value in values)
            fields[key] = f"NotRequired[{annotation}]" if left_out else annotation
        return self.typed_dict(name, fields, doc)

    def _free(self, name: str) -> str:
        number, free = 2, name
        while free in self._names:
            number, free = number + 1, f"{name}{number}"
        self._names.add(free)
        return free

    def _of_kind(self, kind: str, name: str, values: list[Any]) -> str:
        match kind:
            case "object":
                return self._object(name, values)
            case "list" | "set" | "frozenset":
                return f"{kind}[{self.annotation(f'{name}Item', [item for value in values for item in value])}]"
            case "tuple":
                return self._tuple(name, values)
            case "frame" | "series" | "array":
                from .columns import foreign

                return foreign(self, kind, name, values)
            case "number":
                return self._number(values)
            case _:
                return _KINDS[kind]

    def _number(self, values: list[Any]) -> str:  # noqa: ARG002
        return "Number"

    def _object(self, name: str, dicts: list[dict[Any, Any]]) -> str:
        keys = {key for one in dicts for key in one}
        for key in keys:
            if not isinstance(key, str):
                message = f"an object with the key {key!r}, which JSON would make a text"
                raise UnknownTypeError(message)
        if not any(character.isalpha() for key in keys for character in key):  # numbers or dates: they are data
            return f"dict[str, {self.annotation(f'{name}Value', [each for one in dicts for each in one.values()])}]"
        return self.record(name, dicts)

    def _tuple(self, name: str, values: list[tuple[Any, ...]]) -> str:
        if len({len(value) for value in values}) > 1 or not values[0]:
            return f"tuple[{self.annotation(f'{name}Item', [item for value in values for item in value])}, ...]"
        items = (self.annotation(f"{name}Item", column) for column in zip(*values, strict=True))
        return f"tuple[{', '.join(items)}]"


class AnswerWriter(Writer):
    """Describes answers, which nobody checks: JSON types, objects open to more."""

    def __init__(self) -> None:
        super().__init__(decorator="")

    def _of_kind(self, kind: str, name: str, values: list[Any]) -> str:
        return "bool" if kind == "bool" else super()._of_kind(kind, name, values)

    def _number(self, values: list[Any]) -> str:
        return "int" if all(isinstance(value, int) for value in values) else "float"


#: Every kind of value in the order of a union, with its annotation where that is always the same.
_KINDS = {
    "frame": "",
    "series": "",
    "array": "",
    "object": "",
    "list": "",
    "tuple": "",
    "set": "",
    "frozenset": "",
    "timestamp": "Timestamp",
    "zoned timestamp": "ZonedTimestamp",
    "pandas timedelta": "Timedelta",
    "datetime": "Datetime",
    "zoned datetime": "ZonedDatetime",
    "date": "Date",
    "time": "Time",
    "timedelta": "Seconds",
    "uuid": "UUID",
    "decimal": "Decimal",
    "path": "Path",
    "bytes": "bytes",
    "str": "str",
    "bool": "StrictBool",
    "number": "Number",
    "nan": "NaN",
    "none": "None",
}

_EXACT = {
    type(None): "none",
    str: "str",
    bool: "bool",
    int: "number",
    list: "list",
    tuple: "tuple",
    set: "set",
    frozenset: "frozenset",
    bytes: "bytes",
    dt.date: "date",
    dt.time: "time",
    dt.timedelta: "timedelta",
    uuid.UUID: "uuid",
    Decimal: "decimal",
}
_PANDAS = {"DataFrame": "frame", "Series": "series", "Timedelta": "pandas timedelta"}


def _kind(value: Any) -> str:  # noqa: PLR0911 - one line a kind of value
    kind = type(value)
    root = kind.__module__.partition(".")[0]
    if kind in _EXACT:
        return _EXACT[kind]
    if isinstance(value, dict):
        return "object"
    if root == "numpy" and not getattr(value, "shape", None):
        return _kind(_item(value))
    if kind is float:
        return "number" if value == value else "nan"  # noqa: PLR0124 - only NaN differs from itself
    if kind is dt.datetime:
        return "datetime" if value.tzinfo is None else "zoned datetime"
    if root == "pandas" and kind.__name__ == "Timestamp":
        return "timestamp" if value.tzinfo is None else "zoned timestamp"
    if root == "pandas" and kind.__name__ in _PANDAS:
        return _PANDAS[kind.__name__]
    if root == "numpy" and kind.__name__ == "ndarray" and value.ndim:
        return "array"
    if isinstance(value, PurePath):
        return "path"
    raise UnknownTypeError(described(value))


def _item(scalar: Any) -> Any:
    """A numpy number or text as Python's own."""
    item = python_scalar(scalar)
    if type(item) in (bool, int, float, str):
        return item
    raise UnknownTypeError(described(scalar))


def described(value: Any) -> str:
    kind = type(value)
    name = (
        kind.__qualname__ if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}.{kind.__qualname__}"
    )
    text = repr(value)
    return f"a {name} ({text if len(text) <= _SHOWN else text[: _SHOWN - 1] + '…'})"


def _quoted(doc: str) -> str:
    return doc.replace("\\", "\\\\").replace('"', '\\"')


def titled(name: str) -> str:
    """``petal length (cm)`` as a part of a class name: ``PetalLengthCm``."""
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[\W_]+", name))


def _is_field(key: str) -> bool:
    """Whether a class can have an attribute of exactly this name."""
    plain = key.isidentifier() and key == unicodedata.normalize("NFKC", key)
    return plain and not keyword.iskeyword(key) and not key.startswith("__")
