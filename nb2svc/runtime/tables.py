"""An answer as a table: columns with names, for the formats that hold nothing else."""

from __future__ import annotations

from typing import Any

from .encoding import encode
from .foreign import is_json_array

_DIMENSIONS = 2


def columns_of(answer: Any) -> dict[str, Any]:
    """Arrays or lists of JSON's values, by name: of a DataFrame or of records, else ``outputs``, ``outputs_1``, ….

    Raises ValueError or TypeError where a row is no value, list or record of such.
    """
    if hasattr(answer, "columns") and hasattr(answer, "dtypes"):
        return {name: _column(answer[name], values) for name, values in _transposed(encode(answer)).items()}
    if is_json_array(answer) and 0 < answer.ndim <= _DIMENSIONS:
        columns = [answer] if answer.ndim == 1 else list(answer.T)
        return dict(zip(_names(len(columns), wide=answer.ndim > 1), columns, strict=True))
    values = encode(answer)
    return _transposed(values if isinstance(values, list) else [values])


def _column(series: Any, values: list[Any]) -> Any:
    array = series.to_numpy() if hasattr(series, "to_numpy") else None
    return array if is_json_array(array) else values


def _transposed(rows: list[Any]) -> dict[str, list[Any]]:
    if rows and all(isinstance(row, dict) for row in rows):
        names = list(map(str, rows[0]))
        rows = [list(row.values()) if list(map(str, row)) == names else [] for row in rows]
    elif rows and all(isinstance(row, list) for row in rows):
        names = _names(len(rows[0]), wide=True)
    else:
        names, rows = _names(1, wide=False), [[row] for row in rows]
    if any(len(row) != len(names) for row in rows):
        message = "the rows of the answer differ in their columns"
        raise ValueError(message)
    if any(isinstance(value, (list, dict)) for row in rows for value in row):
        message = "the answer has more than rows and columns"
        raise ValueError(message)
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}


def _names(width: int, *, wide: bool) -> list[str]:
    return [f"outputs_{place}" for place in range(width)] if wide else ["outputs"]
