"""Rows as comma-separated values: ``text/csv`` in UTF-8, with a header where rows have names.

A cell is what JSON would have in its place: a text where the column takes texts, else the number or truth value that
it spells. An empty cell is null; a text where the column takes texts but not null.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import TypeAdapter

from .arrays import Intake
from .columns import refused
from .encoding import encode, to_json
from .rows import Frame, Matrix
from .tables import columns_of

MEDIA_TYPE = "text/csv"
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_WHOLE = re.compile(r"[+-]?\d{1,400}")
_TRUTH = {"true": True, "false": False}

_Cell = Callable[[str], Any]


class Reader:
    """Reads bodies of rows for one model."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        form = intake.form
        kinds = form.kinds if isinstance(form, (Frame, Matrix)) else {}
        self._cells = {name: _cell(kind) for name, kind in kinds.items()}
        row = _schema(form.row)
        self._is_list = row.get("type") == "array"
        self._is_wide = getattr(form, "width", None) is not None
        self._is_object = "properties" in row or row.get("type") == "object"
        self._value = _cell_of(row.get("items", {}) if self._is_list else row)

    def rows(self, body: bytearray, parameters: Mapping[str, str]) -> Any:
        """Checked rows. Raises pydantic's ValidationError, whose places are those of the lines below the header."""
        lines = _lines(body)
        has_names = bool(self._cells) or self._is_object
        header = parameters.get("header", "present" if has_names else "absent").lower() != "absent"
        names = lines.pop(0) if header and lines else list(self._cells)
        array = self._floats(lines)
        if not has_names and array is not None:
            return self._intake.array(array if self._is_list else array[:, 0])
        if not has_names:
            return self._intake.rows([self._unnamed(line) for line in lines])
        if self._cells:
            self._intake.check_names(names)
        if array is not None and array.shape[1] == len(names):
            return self._intake.columns(dict(zip(names, array.T, strict=True)))
        cells = [self._cells.get(name, _cell_of({})) for name in names]
        return self._intake.rows([_named(place, line, names, cells) for place, line in enumerate(lines)])

    def _floats(self, lines: list[list[str]]) -> Any:
        """All cells at once where they can only be floats; None where one must be looked at by itself."""
        if not self._intake.takes_floats or not lines:
            return None
        import numpy as np

        try:
            array = np.asarray(lines, dtype=float)
        except ValueError:  # a cell is empty or no number, or the lines differ in length
            return None
        is_plain = np.isfinite(array).all() and not any("_" in cell for line in lines for cell in line)
        return array if is_plain else None

    def _unnamed(self, line: list[str]) -> Any:
        """A line of one cell is a value, unless rows are lists."""
        if len(line) == 1 and not (self._is_list or self._is_wide):
            return self._value(line[0])
        return [self._value(cell) for cell in line]


def _lines(body: bytearray) -> list[list[str]]:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refused((), None, f"this is no text in UTF-8: byte {error.start} begins no character") from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        return [line for line in reader if line]
    except csv.Error as error:
        raise refused((), None, f"line {reader.line_num} is no CSV: {error}") from error


def _named(place: int, line: list[str], names: list[str], cells: list[_Cell]) -> dict[str, Any]:
    if len(line) != len(names):
        raise refused((place,), None, f"a row has {len(names)} values ({', '.join(names)}), this one {len(line)}")
    return {name: cell(text) for name, cell, text in zip(names, cells, line, strict=True)}


# --- cells --------------------------------------------------------------------------------------


def _schema(kind: Any) -> dict[str, Any]:
    """What JSON takes there, any reference followed."""
    schema = TypeAdapter(kind).json_schema()
    reference = schema.get("$ref", "")
    return schema["$defs"][reference.rpartition("/")[2]] if reference else schema


def _cell(kind: Any) -> _Cell:
    return _cell_of(_schema(kind))


def _cell_of(schema: Mapping[str, Any]) -> _Cell:
    types = set(_types(schema))
    takes_all = not types
    takes_text, takes_null = "string" in types, takes_all or "null" in types

    def read(text: str) -> Any:
        if not text:
            return "" if takes_text and not takes_null else None
        return text if types <= {"string", "null"} and not takes_all else _spelled(text)

    return read


def _types(schema: Mapping[str, Any]) -> list[str]:
    found = [schema["type"]] if isinstance(schema.get("type"), str) else []
    choices = [*schema.get("enum", ()), *([schema["const"]] if "const" in schema else ())]
    found += ["null" if each is None else "string" if isinstance(each, str) else "number" for each in choices]
    for option in schema.get("anyOf", ()):
        found += _types(option)
    return found


def _spelled(text: str) -> Any:
    bare = text.strip()
    if _WHOLE.fullmatch(bare):
        return int(bare)
    if _NUMBER.fullmatch(bare):
        return float(bare)
    return _TRUTH.get(bare.lower(), text)


# --- answers ------------------------------------------------------------------------------------


def write(answer: Any) -> bytes:
    """A header, and a line for each row. Raises ValueError or TypeError where the answer is no table."""
    columns = columns_of(answer)
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(columns)
    values = [encode(column) for column in columns.values()]
    writer.writerows([_written(value) for value in row] for row in zip(*values, strict=True))
    return out.getvalue().encode()


def _written(value: Any) -> str:
    """Numbers and truth values as JSON writes them; null, and what is no number, as nothing."""
    return value if isinstance(value, str) else to_json(value).decode().replace("null", "")
