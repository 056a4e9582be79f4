"""Tensors of the Open Inference Protocol (v2): their datatypes, and their values in JSON or as bytes.

Bytes are little-endian, in row-major order; each element of BYTES follows its length in four bytes. BF16, which NumPy
does not have, becomes float32.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from .encoding import encode, to_json
from .foreign import is_json_array

DATATYPES = {
    "bool": "BOOL",
    **{f"{sign}int{bits}": f"{sign}int{bits}".upper() for sign in ("", "u") for bits in (8, 16, 32, 64)},
    **{f"float{bits}": f"FP{bits}" for bits in (16, 32, 64)},
}
_DTYPES = {datatype: dtype for dtype, datatype in DATATYPES.items()}
KNOWN = (*_DTYPES, "BF16", "BYTES")
_PYTHON_DATATYPES = ((bool, "BOOL"), (int, "INT64"), (float, "FP64"))
_LENGTH = 4  # bytes


# --- inputs -------------------------------------------------------------------------------------


def from_json(data: Any, shape: Sequence[int]) -> Any:
    """Values, flat or nested, as nested lists of ``shape``. Raises ValueError where their number is another."""
    flat = data
    for _ in shape[1:]:
        flat = list(chain.from_iterable(each if isinstance(each, list) else [each] for each in flat))
    return _nested(flat, shape)


def from_bytes(data: memoryview, datatype: str, shape: Sequence[int]) -> Any:
    """An array that shares its memory with ``data``; of texts nested lists. Raises ValueError."""
    if datatype == "BYTES":
        return _nested(list(_texts(data)), shape)
    import numpy as np

    dtype = np.dtype({"BF16": "uint16", "BOOL": "uint8"}.get(datatype) or _DTYPES[datatype]).newbyteorder("<")
    expected = math.prod(shape) * dtype.itemsize
    if len(data) != expected:
        message = f"{datatype} of the shape {list(shape)} is {expected} bytes, not {len(data)}"
        raise ValueError(message)
    _check(shape)
    array = np.frombuffer(data, dtype).reshape(shape)
    if datatype == "BOOL":
        return array.astype(bool)
    return (array.astype("uint32") << 16).view("float32") if datatype == "BF16" else array


def _texts(data: memoryview) -> Iterator[str]:
    position = 0
    while position < len(data):
        start = position + _LENGTH
        position = start + int.from_bytes(data[position:start], "little")
        if start > len(data) or position > len(data):
            message = "an element of BYTES ends after the data"
            raise ValueError(message)
        yield str(data[start:position], "utf-8")


def _nested(flat: list[Any], shape: Sequence[int]) -> Any:
    if len(flat) != math.prod(shape):
        message = f"shape {list(shape)} needs {math.prod(shape)} values, there are {len(flat)}"
        raise ValueError(message)
    _check(shape)
    for size in reversed(shape[1:]):
        flat = [flat[start : start + size] for start in range(0, len(flat), size)]
    return flat


def _check(shape: Sequence[int]) -> None:
    if 0 in shape[1:]:
        message = f"the shape {list(shape)} has rows of nothing"
        raise ValueError(message)


def flattened(values: Any) -> list[Any]:
    if not isinstance(values, list):
        return [values]
    return list(chain.from_iterable(map(flattened, values)))


# --- outputs ------------------------------------------------------------------------------------


def outputs_of(method: str, answer: Any) -> list[tuple[str, Any]]:
    """One tensor a method; of a frame one a column, of a list of arrays one an array."""
    if hasattr(answer, "columns") and hasattr(answer, "dtypes"):
        return [(str(name), answer[name].to_numpy()) for name in answer.columns]
    if isinstance(answer, (list, tuple)) and any(hasattr(each, "shape") and len(each.shape) for each in answer):
        return [(f"{method}_{position}", each) for position, each in enumerate(answer)]
    return [(method, answer)]


def written(name: str, answer: Any, *, binary: bool) -> tuple[dict[str, Any], bytes]:
    """A tensor's description, with its values as JSON or beside it as bytes."""
    if binary and is_json_array(answer) and (datatype := DATATYPES.get(str(answer.dtype))):
        array = answer.reshape(1) if not answer.ndim else answer
        data = array.astype(array.dtype.newbyteorder("<")).tobytes()
        return _described(name, list(array.shape), datatype, data), data
    values = encode(answer)
    values = values if isinstance(values, list) else [values]
    flat = flattened(values)
    shape, datatype = _shape(values), _datatype(answer, flat)
    if not binary:
        return {"name": name, "shape": shape, "datatype": datatype, "data": flat}, b""
    data = _to_bytes(flat, datatype)
    return _described(name, shape, datatype, data), data


def _described(name: str, shape: list[int], datatype: str, data: bytes) -> dict[str, Any]:
    return {"name": name, "shape": shape, "datatype": datatype, "parameters": {"binary_data_size": len(data)}}


def _to_bytes(flat: list[Any], datatype: str) -> bytes:
    if datatype == "BYTES":
        texts = [each.encode() if isinstance(each, str) else to_json(each) for each in flat]
        return b"".join(len(text).to_bytes(_LENGTH, "little") + text for text in texts)
    import numpy as np

    dtype = np.dtype(_DTYPES[datatype]).newbyteorder("<")
    data: bytes = np.asarray(flat, dtype).tobytes()
    return data


def _shape(values: Any) -> list[int]:
    shape = []
    while isinstance(values, list):
        shape.append(len(values))
        values = values[0] if values else None
    return shape


def _datatype(answer: Any, flat: list[Any]) -> str:
    known = DATATYPES.get(str(getattr(answer, "dtype", "")))
    if known:
        return known
    matching = (datatype for kind, datatype in _PYTHON_DATATYPES if flat and all(type(each) is kind for each in flat))
    return next(matching, "BYTES")
