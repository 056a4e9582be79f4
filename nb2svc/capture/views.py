"""Arrays and tensors that are views of one memory: what is written through one is seen through the others, in the
service too.

Pickle copies each. Here the memory itself is what is pickled, once, and each array is a view of that. Of tensors it is
their storage, by the pickler itself: they only have to be in one file.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_ROOM = 4  # the memory may be that many times as large as what is seen of it …
_SMALL = 1 << 20  # … or this many bytes, before copies are the lesser evil


@dataclass(frozen=True)
class View:
    """An array, and where it begins (bytes) in what holds its memory: a bytearray of the notebook, or all the bytes."""

    array: Any
    holder: Any
    offset: int

    def reduced(self, numpy: Any) -> tuple[Any, ...]:
        """What a pickle says of the array: see ``object.__reduce__``."""
        array = self.array
        made = numpy.ndarray, (array.shape, array.dtype, self.holder, self.offset, array.strides)
        return made if array.flags.writeable else (*made, False, None, None, numpy.ndarray.setflags)


@dataclass
class Seen:
    """The arrays and buffers below named objects, each with the names above it."""

    parts: dict[int, Any] = field(default_factory=dict)
    names: dict[int, set[str]] = field(default_factory=dict)
    of_pandas: set[int] = field(default_factory=set)

    def note(self, part: Any, name: str) -> None:
        """Remember ``part`` where it has memory that others may see."""
        numpy = sys.modules.get("numpy")
        if numpy is None:
            return
        if isinstance(part, (numpy.ndarray, bytearray, io.BytesIO)) or _kind(part) == "array.array" or _is_tensor(part):
            self.parts[id(part)] = part
            self.names.setdefault(id(part), set()).add(name)
        elif type(part).__module__ == "pandas.core.internals.managers":  # what a DataFrame or Series holds
            for block in part.blocks:
                self._note_values(block.values)
        elif "pandas" in sys.modules and isinstance(part, sys.modules["pandas"].Index):  # pandas never writes to it
            self._note_values(getattr(part, "_data", None))

    def _note_values(self, values: Any) -> None:
        self.of_pandas |= {id(values), id(getattr(values, "_ndarray", None))}
        self.of_pandas |= {id(one) for one in getattr(values, "__dict__", {}).values()}


@dataclass(frozen=True)
class Views:
    """``known``: each array by its id. ``together``: the names of each memory; ``apart``: those whose arrays get a copy
    each, as such views cannot be made anew.
    """

    known: Mapping[int, View]
    together: tuple[frozenset[str], ...] = ()
    apart: tuple[frozenset[str], ...] = ()


def views_among(seen: Seen) -> Views:
    """Which of the arrays see the same memory, where that can ever be noticed."""
    known: dict[int, View] = {}
    together, apart = [], []
    for all_parts in _overlapping(seen.parts.values()):
        own = [part for part in all_parts if id(part) not in seen.of_pandas]
        by_pandas = len(all_parts) - len(own) > 1 and _copies_on_write()  # it copies before it writes
        parts = own if by_pandas else all_parts
        if len(parts) < 2 or not any(map(_is_written, parts)):  # noqa: PLR2004 - views are at least two
            continue
        names = frozenset(name for part in parts for name in seen.names[id(part)])
        if all(map(_is_tensor, parts)):
            together.append(names)
            continue
        found = _views(parts)
        if found:
            known.update({id(one.array): one for one in found})
            together.append(names)
        elif len(own) == len(all_parts):
            apart.append(names)
    return Views(known, tuple(together), tuple(apart))


def _overlapping(parts: Iterable[Any]) -> Iterator[list[Any]]:
    """Arrays and buffers, by the memory that they have in common."""
    placed = sorted(((*_bounds(one), number, one) for number, one in enumerate(parts)), key=lambda one: one[:3])
    group: list[Any] = []
    reach = 0
    for low, high, _, one in placed:
        if low >= reach:
            yield group
            group = []
        if high > low:
            group.append(one)
            reach = max(reach, high)
    yield group


def _bounds(part: Any) -> tuple[int, int]:
    """The first address of a part's memory, and the one behind its last."""
    numpy: Any = sys.modules["numpy"]
    if _is_tensor(part):
        return _storage(part)
    if isinstance(part, io.BytesIO):
        part = part.getbuffer()
    if not isinstance(part, numpy.ndarray):
        if not len(part):
            return 0, 0
        part = numpy.frombuffer(part, "u1")
    if not part.size:
        return 0, 0
    first: int = part.__array_interface__["data"][0]
    steps = [(length - 1) * stride for length, stride in zip(part.shape, part.strides, strict=True)]
    return first + sum(min(0, one) for one in steps), first + sum(max(0, one) for one in steps) + part.itemsize


def _storage(tensor: Any) -> tuple[int, int]:
    with contextlib.suppress(Exception):  # a sparse one has none of its own
        storage = tensor.untyped_storage()
        return storage.data_ptr(), storage.data_ptr() + storage.nbytes()
    return 0, 0


def _views(parts: list[Any]) -> list[View]:
    """Each array as a view of their memory; none where that cannot be said, or would be far larger than they are."""
    numpy: Any = sys.modules["numpy"]
    arrays = [one for one in parts if isinstance(one, numpy.ndarray)]
    holders = [one for one in parts if not isinstance(one, numpy.ndarray)]
    if any(type(one) is not numpy.ndarray or one.dtype.hasobject for one in arrays) or len(holders) > 1:
        return []
    if any(isinstance(one, io.BytesIO) or _is_tensor(one) for one in holders):
        return []
    bounds = [_bounds(one) for one in parts]
    low, high = min(low for low, _ in bounds), max(high for _, high in bounds)
    if high - low > max(_SMALL, _ROOM * sum(one.nbytes for one in arrays)):
        return []
    holder = holders[0] if holders else _bytes_at(low, high - low, numpy)
    return [View(one, holder, one.__array_interface__["data"][0] - low) for one in arrays]


def _bytes_at(address: int, size: int, numpy: Any) -> Any:
    """Memory that live arrays own, as an array of bytes."""
    return numpy.ctypeslib.as_array((ctypes.c_uint8 * size).from_address(address))


def _is_written(part: Any) -> bool:
    flags = getattr(part, "flags", None)
    return flags is None or bool(flags.writeable)


def _is_tensor(part: object) -> bool:
    """Whether it is one whose memory other objects of the process may see."""
    torch: Any = sys.modules.get("torch")
    return torch is not None and isinstance(part, torch.Tensor) and part.device.type == "cpu"


def _copies_on_write() -> bool:
    pandas: Any = sys.modules["pandas"]
    return int(pandas.__version__.partition(".")[0]) > 2 or bool(pandas.options.mode.copy_on_write)  # noqa: PLR2004


def _kind(part: object) -> str:
    return f"{type(part).__module__}.{type(part).__qualname__}"
