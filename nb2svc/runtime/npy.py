"""Arrays as NumPy saves them: ``application/x-npy``.

A body is foreign: its header is read as data only, objects (which would be a pickle) are refused, and the values are
taken where they lie in the body, never more than there are.
"""

from __future__ import annotations

import io
import math
from typing import Any

from .columns import MISFIT, refused
from .encoding import encode

MEDIA_TYPE = "application/x-npy"
_HEADER = 1 << 16  # bytes; numpy reads none that is longer
_DIMENSIONS = 32  # what every numpy takes


def read(body: bytearray) -> Any:
    """The array in ``body``, which it shares. Raises pydantic's ValidationError."""
    import numpy as np

    dtype, shape, fortran, offset = _header(body)
    if dtype.hasobject or not dtype.itemsize or dtype.subdtype:
        raise _bad(f"an array of {dtype} holds no plain values")
    expected, found = math.prod(shape) * dtype.itemsize, len(body) - offset
    if found != expected:
        raise _bad(f"{dtype} values of the shape {shape} are {expected} bytes, {found} follow the header")
    if not found:
        raise _bad(f"an array of the shape {shape} has no values")
    array = np.frombuffer(body, dtype, offset=offset)
    return array.reshape(shape, order="F" if fortran else "C")


def _header(body: bytearray) -> tuple[Any, tuple[int, ...], bool, int]:
    """The dtype, the shape, whether the first dimension varies fastest, and where the values begin."""
    stream = io.BytesIO(memoryview(body)[:_HEADER])
    try:
        shape, fortran, dtype = _parsed(stream)
    except Exception as error:  # numpy lets through whatever Python's parser and its own dtypes raise
        raise _bad(f"this is no array as numpy.save writes it: {str(error).partition(chr(10))[0]}") from error
    if len(shape) > _DIMENSIONS or any(size < 0 for size in shape):
        raise _bad(f"the shape {shape} has negative sizes, or more than {_DIMENSIONS}")
    return dtype, shape, fortran, stream.tell()


def _parsed(stream: io.BytesIO) -> tuple[tuple[int, ...], bool, Any]:
    from numpy.lib import format as npy

    version = npy.read_magic(stream)
    read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}.get(version)
    if read is None:
        message = f"version {version[0]}.{version[1]} of the format is unknown here"
        raise ValueError(message)
    shape, fortran, dtype = read(stream)
    return shape, fortran, dtype


def _bad(sentence: str) -> Exception:
    return refused((), None, sentence)


def write(answer: Any) -> bytes:
    """Raises ValueError or TypeError where the answer is no array of plain values."""
    import numpy as np

    out = io.BytesIO()
    np.lib.format.write_array(out, array_of(answer), allow_pickle=False)
    return out.getvalue()


def array_of(answer: Any) -> Any:
    """An array as it is, anything else by its JSON values; a DataFrame has its columns as named fields.

    Raises ValueError or TypeError where those are no array of numbers, truth values, texts or dates.
    """
    import numpy as np

    if hasattr(answer, "columns") and hasattr(answer, "dtypes"):
        return _table({str(name): array_of(answer[name]) for name in answer.columns})
    if hasattr(answer, "toarray"):
        answer = answer.toarray()
    has_dtype = isinstance(getattr(answer, "dtype", None), np.dtype) and not isinstance(answer, np.ma.MaskedArray)
    array = np.asarray(answer) if has_dtype else None
    if array is None or array.dtype.hasobject:
        array = _of_json(encode(answer))
    return array


def _of_json(values: Any) -> Any:
    import numpy as np

    try:
        array = np.asarray(values)
        if array.dtype.hasobject and not any(isinstance(each, (dict, list, str)) for each in array.flat):
            array = array.astype(float)  # null is not a number
    except MISFIT:
        array = np.empty((), dtype=object)
    if array.dtype.hasobject or (array.dtype.kind == "U" and not _is_text(values)):
        message = "the answer is no array of numbers, truth values or texts"
        raise ValueError(message)
    return array


def _is_text(values: Any) -> bool:
    return all(map(_is_text, values)) if isinstance(values, list) else isinstance(values, str)


def _table(columns: dict[str, Any]) -> Any:
    import numpy as np

    fields = [(name, column.dtype, column.shape[1:]) for name, column in columns.items()]
    table = np.empty(len(next(iter(columns.values()), ())), dtype=fields)
    for name, column in columns.items():
        table[name] = column
    return table
