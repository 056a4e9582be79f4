"""Files whose large buffers are mapped into memory instead of read, so that all workers of a machine share them.

The mapping is copy-on-write: code that writes into an array works as it did in the notebook, and what it writes stays
in its own process. Two forms: joblib's, and pickles with their buffers behind them::

    the pickle stream · each buffer, from a multiple of 64 · for each its place, size and whether it is read-only ·
    how many there are · MAGIC

Such a pickle is read with ``pickle.load(file, buffers=buffers(mapped(file)))``.
"""

from __future__ import annotations

import inspect
import math
import mmap
import os
import pickle
import struct
from io import BufferedReader
from typing import Any

MAGIC = b"nb2svc pickle with buffers 1\n"
ALIGNMENT = 64  # bytes: what vector instructions want at most
LARGE = 1 << 20  # bytes: smaller buffers stand in the pickle, where mapping them would save nothing
PLACE = struct.Struct("<QQ?")  # offset, bytes, whether it is read-only
COUNT = struct.Struct("<Q")


def mapped(file: BufferedReader) -> memoryview:
    """The content of the very file that is open, however its path is called by now."""
    try:
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
    except (OSError, ValueError):  # a file system that cannot map; an empty file
        begin = file.tell()
        file.seek(0)
        content = bytearray(file.read())
        file.seek(begin)
        return memoryview(content)


def buffers(content: memoryview) -> list[memoryview]:
    """The buffers behind the pickle in a file's content. Raises ValueError where there are none."""
    end = len(content) - len(MAGIC) - COUNT.size
    if end < 0 or content[end + COUNT.size :] != MAGIC:
        message = "no buffers follow the pickle"
        raise ValueError(message)
    size = COUNT.unpack_from(content, end)[0] * PLACE.size
    return [_buffer(content, *place) for place in PLACE.iter_unpack(content[end - size : end])]


def pickle_size(file: BufferedReader) -> int:
    """Bytes of the pickle in a file of this form, or of the whole file in another."""
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - len(MAGIC) - COUNT.size))
    count = file.read(COUNT.size)
    if file.read() != MAGIC:
        return end
    file.seek(end - len(MAGIC) - COUNT.size - COUNT.unpack(count)[0] * PLACE.size)
    first: int = PLACE.unpack(file.read(PLACE.size))[0]
    return first


def _buffer(content: memoryview, offset: int, size: int, readonly: bool) -> memoryview:
    part = content[offset : offset + size]
    return part.toreadonly() if readonly else part


def load_joblib(file: BufferedReader, content: memoryview) -> Any:
    """What ``joblib.load`` gives, large arrays lying in the file's ``content``. They are no ``numpy.memmap``."""
    import joblib.numpy_pickle

    if file.peek(1)[:1] != pickle.PROTO:  # compressed
        return joblib.load(file)

    class Wrapper(joblib.numpy_pickle.NumpyArrayWrapper):  # type: ignore[misc]
        """What stands before the bytes of an array."""

        def read_array(self, unpickler: Any, *options: Any) -> Any:
            count = math.prod(self.shape)
            size = count * self.dtype.itemsize
            aligned = getattr(self, "numpy_array_alignment_bytes", None)  # since joblib 1.2
            if self.dtype.hasobject or size < LARGE or not aligned:
                return super().read_array(unpickler, *options)
            padding = file.read(1)[0]
            offset = file.seek(padding, os.SEEK_CUR)
            file.seek(size, os.SEEK_CUR)
            flat = unpickler.np.frombuffer(content, self.dtype, count, offset)
            return flat.reshape(self.shape, order=self.order)

    class Unpickler(joblib.numpy_pickle.NumpyUnpickler):  # type: ignore[misc]
        def find_class(self, module: str, name: str) -> Any:
            found = super().find_class(module, name)
            return Wrapper if found is joblib.numpy_pickle.NumpyArrayWrapper else found

    native = "ensure_native_byte_order"  # what joblib.load asks for, where this joblib can be asked
    asked = {native: True} if native in inspect.signature(joblib.numpy_pickle.NumpyUnpickler).parameters else {}
    return Unpickler("", file, **asked).load()
