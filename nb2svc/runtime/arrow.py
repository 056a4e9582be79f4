"""Rows as a stream of Arrow's: ``application/vnd.apache.arrow.stream``, where the service has pyarrow.

Columns have the names of the features; without such, they are a row's values in order. A body may not be larger than it
looks: compressed streams and columns that take no room are refused.
"""

from __future__ import annotations

from importlib import metadata
from typing import Any

from .arrays import Intake
from .columns import refused
from .foreign import is_json_array
from .rows import Array, Untyped
from .tables import columns_of

MEDIA_TYPE = "application/vnd.apache.arrow.stream"


def is_installed() -> bool:
    """Asked of the installed distributions: looking for the module would look as if the notebook's code wanted it."""
    try:
        metadata.distribution("pyarrow")
    except metadata.PackageNotFoundError:
        return False
    return True


def read(body: bytearray, intake: Intake) -> Any:
    """Checked rows, or what a form would make of them. Raises pydantic's ValidationError."""
    import pyarrow as pa

    try:
        table = _table(pa.py_buffer(body))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise refused((), None, f"this is no stream of Arrow's: {str(error).partition(chr(10))[0]}") from error
    if intake.form.features:
        intake.check_names(table.column_names)
        return intake.columns({name: _values(table[name]) for name in table.column_names})
    columns = [_values(column) for column in table.columns]
    if isinstance(intake.form, (Array, Untyped)) and columns and all(map(is_json_array, columns)):
        import numpy as np

        return intake.array(np.stack(columns, axis=1) if len(columns) > 1 or _is_wide(intake) else columns[0])
    lists = [column.tolist() if hasattr(column, "tolist") else column for column in columns]
    if len(lists) == 1 and not _is_wide(intake):
        return intake.rows(lists[0])
    return intake.rows([list(row) for row in zip(*lists, strict=True)])


def _is_wide(intake: Intake) -> bool:
    """Whether a row is more than one value, also where there is one column."""
    form = intake.form
    return len(getattr(form, "shape", ())) > 1 or getattr(form, "width", None) is not None


def _table(buffer: Any) -> Any:
    import pyarrow as pa

    for message in pa.ipc.MessageReader.open_stream(buffer):
        if message.type in ("record batch", "dictionary") and _is_compressed(
            message.metadata.to_pybytes(), message.type
        ):
            problem = "compressed batches are not taken"
            raise ValueError(problem)
    table = pa.ipc.open_stream(buffer).read_all()
    for field in table.schema:
        if not _is_taken(field.type):
            problem = f"columns of {field.type} are not taken, as in {field.name}"
            raise ValueError(problem)
    if table.nbytes > buffer.size or table.num_rows > 8 * buffer.size:
        problem = "its columns are larger than it is"
        raise ValueError(problem)
    table.validate(full=True)
    return table


def _is_taken(kind: Any) -> bool:
    from pyarrow import types

    if types.is_dictionary(kind):
        return _is_taken(kind.value_type) and not types.is_dictionary(kind.value_type)
    tests = (
        *(types.is_integer, types.is_floating, types.is_boolean, types.is_string, types.is_large_string),
        *(types.is_date, types.is_timestamp, types.is_duration, types.is_decimal),
    )
    return any(test(kind) for test in tests)


def _values(column: Any) -> Any:
    """An array where there are numbers only, else Python's values, each of a dictionary once."""
    from pyarrow import types

    kind = column.type
    if types.is_dictionary(kind):
        return [value for chunk in column.chunks for value in _of_dictionary(chunk)]
    is_number = types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind)
    is_local = types.is_timestamp(kind) and kind.tz is None
    if (is_number and not column.null_count) or is_local or types.is_duration(kind):
        return column.to_numpy()
    if types.is_timestamp(kind) and kind.unit == "ns":
        import pyarrow as pa

        column = column.cast(pa.timestamp("us", kind.tz), safe=False)
    return column.to_pylist()


def _of_dictionary(chunk: Any) -> list[Any]:
    values = chunk.dictionary.to_pylist()
    return [None if place is None else values[place] for place in chunk.indices.to_pylist()]


# --- compressed batches --------------------------------------------------------------------------


def _is_compressed(message: bytes, kind: str) -> bool:
    """Whether a batch names a codec, by the place of that field in Arrow's ``Message.fbs``: pyarrow does not tell."""
    batch = _at(message, _field(message, _at(message, 0), 2))
    if kind == "dictionary":
        batch = _at(message, _field(message, batch, 1))
    return bool(_field(message, batch, 3))


def _at(data: bytes, place: int) -> int:
    """Where the reference at ``place`` leads."""
    return place + int.from_bytes(data[place : place + 4], "little")


def _field(data: bytes, table: int, number: int) -> int:
    """Where a table of a flatbuffer has its field; 0 where it has none."""
    names = table - int.from_bytes(data[table : table + 4], "little", signed=True)
    entry = names + 4 + 2 * number
    if entry >= names + int.from_bytes(data[names : names + 2], "little"):
        return 0
    offset = int.from_bytes(data[entry : entry + 2], "little")
    return table + offset if offset else 0


# --- answers ------------------------------------------------------------------------------------


def write(answer: Any) -> bytes:
    """Raises ValueError or TypeError where the answer is no table."""
    import pyarrow as pa

    table = pa.table({name: pa.array(column) for name, column in columns_of(answer).items()})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    content: bytes = sink.getvalue().to_pybytes()
    return content
