"""How live objects are pickled: what is the same gives the same bytes, and large arrays are not copied.

Each pickler here writes what any reader of pickles (or joblib files) reads.
"""

from __future__ import annotations

import importlib
import io
import pickle
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import BuiltinFunctionType, FunctionType, MappingProxyType, MethodType, ModuleType
from typing import Any, ClassVar, Literal

from .kinds import is_only_here
from .views import View

PROTOCOL = 5
_HERE = ("cpu", "meta")  # devices of tensors that every machine has
Sets = Literal["refused", "in order", "as they come"]
"""What becomes of sets whose order differs from process to process."""

Refer = Callable[[Any], Any]
"""What stands for an object instead of its pickle, for the runtime's ``persistent_load``; None for most."""

NO_VIEWS: Mapping[int, View] = MappingProxyType({})

_SETS = (set, frozenset)
_HASHED_ALIKE = (int, float, complex, bool)  # the same in every process, whatever its seed
_ATOMS = (str, bytes, int, float, complex, bool, type(None))


class Nowhere(io.RawIOBase):
    """For picklers that only look at what they pickle."""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        return len(data)


class Reductions:
    """What pickle refuses, writes otherwise in every process, or writes although it means nothing elsewhere."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.devices: set[str] = set()  # of tensors, which were pickled as if they were on the CPU
        self.views = NO_VIEWS  # arrays that see the memory of others, by id
        self._storages: dict[tuple[int, int, object], object] = {}  # of tensors, by address: each is pickled once

    def reducer_override(self, obj: Any) -> Any:
        if is_only_here(type(obj)):
            raise TypeError("it is of no use on another machine")
        if isinstance(obj, ModuleType):
            return _module(obj)
        if isinstance(obj, MethodType) and getattr(type(obj.__self__), obj.__func__.__name__, None) is not obj.__func__:
            is_of_class = isinstance(obj.__self__, type) and getattr(obj.__self__, obj.__func__.__name__, None) == obj
            return NotImplemented if is_of_class else (MethodType, (obj.__func__, obj.__self__))
        if isinstance(obj, _SETS) and type(obj) not in _SETS:
            return _subclass_of_set(obj)
        torch, numpy = sys.modules.get("torch"), sys.modules.get("numpy")
        if torch is not None and isinstance(obj, torch.Tensor):
            return self._tensor(obj, torch)
        if id(obj) in self.views:
            return self.views[id(obj)].reduced(numpy)
        return NotImplemented if numpy is None else _array(obj, numpy)

    def _tensor(self, tensor: Any, torch: Any) -> Any:
        """PyTorch makes another object of the storage for each of its tensors, so pickle would take it for another."""
        if tensor.device.type not in _HERE:
            self.devices.add(str(tensor.device))
            return _on_the_cpu(tensor, torch)
        if type(tensor) is not torch.Tensor:
            return NotImplemented
        reduced = tensor.__reduce_ex__(PROTOCOL)
        if getattr(reduced[0], "__name__", "") != "_rebuild_tensor_v2":  # sparse and quantized ones
            return reduced
        storage, *others = reduced[1]
        memory = tensor.untyped_storage()
        key = (memory.data_ptr(), memory.nbytes(), tensor.dtype)
        return (reduced[0], (self._storages.setdefault(key, storage), *others), *reduced[2:])


def _module(module: ModuleType) -> Any:
    """By its name, where that leads back to it."""
    name = module.__name__
    if name == "__main__" or sys.modules.get(name) is not module:
        return NotImplemented
    return importlib.import_module, (name,)


def _on_the_cpu(tensor: Any, torch: Any) -> Any:
    moved = tensor.detach().cpu()
    if isinstance(tensor, torch.nn.Parameter):
        moved = torch.nn.Parameter(moved, requires_grad=tensor.requires_grad)
    else:
        moved.requires_grad_(tensor.requires_grad)
    return moved.__reduce_ex__(PROTOCOL)


def _array(obj: Any, numpy: Any) -> Any:
    """Arrays that pickle would copy to memory first, or load as arrays that may be written to, as views of others."""
    if type(obj) is numpy.memmap:  # what is loaded is one as well, though of no file
        return numpy.ndarray.view, (obj.view(numpy.ndarray), numpy.memmap)
    if type(obj) is not numpy.ndarray:
        return NotImplemented
    in_one_piece = obj.flags.c_contiguous or obj.flags.f_contiguous
    if obj.dtype.kind in "mM" and in_one_piece and obj.size:  # they give no buffer
        return numpy.ndarray.view, (obj.view("i8"), obj.dtype)
    if not obj.flags.writeable and (obj.dtype.hasobject or not in_one_piece or not obj.size):
        return numpy.ndarray.view, (obj.copy("K"),), False, None, None, numpy.ndarray.setflags
    return NotImplemented


def _subclass_of_set(value: Any) -> Any:
    reduced = value.__reduce_ex__(PROTOCOL)
    if not isinstance(reduced, tuple) or not reduced[1] or type(reduced[1][0]) is not list:
        return reduced
    items, *others = reduced[1]
    return (reduced[0], (in_order(items), *others), *reduced[2:])


class AnotherWayError(Exception):
    """The pickler cannot write what it was given as it should be; another one can."""


class _Fast(Reductions, pickle.Pickler):
    """The C pickler. Cannot be told the order of a set, so it gives up at one that has none."""

    def __init__(self, file: Any, refer: Refer, keep: Callable[[Any], bool]) -> None:
        super().__init__(file, PROTOCOL, buffer_callback=keep)
        self._refer = refer

    def persistent_id(self, obj: Any) -> Any:
        if type(obj) in _SETS and not _has_order(obj):
            raise AnotherWayError
        return self._refer(obj)


class _AsItComes(_Fast):
    def persistent_id(self, obj: Any) -> Any:
        return self._refer(obj)


class _OrderedSets:
    """For picklers written in Python: sets in the order of :func:`in_order`."""

    def save_set(self, obj: set[Any]) -> None:
        pickler: Any = self
        pickler.write(pickle.EMPTY_SET)
        pickler.memoize(obj)
        if obj:
            pickler.write(pickle.MARK)
            for item in in_order(obj):
                pickler.save(item)
            pickler.write(pickle.ADDITEMS)

    def save_frozenset(self, obj: frozenset[Any]) -> None:
        pickler: Any = self
        pickler.write(pickle.MARK)
        for item in in_order(obj):
            pickler.save(item)
        known = pickler.memo.get(id(obj))
        if known is not None:  # one of the items held this very set, and has saved it meanwhile
            pickler.write(pickle.POP_MARK + pickler.get(known[0]))
            return
        pickler.write(pickle.FROZENSET)
        pickler.memoize(obj)

    dispatch: ClassVar[dict[type, Any]] = {set: save_set, frozenset: save_frozenset}


class _InOrder(_OrderedSets, Reductions, pickle._Pickler):  # noqa: SLF001
    """The pickler written in Python: slower, and it can be told the order of sets."""

    dispatch = {**pickle._Pickler.dispatch, **_OrderedSets.dispatch}  # noqa: SLF001,RUF012

    def __init__(self, file: Any, refer: Refer, keep: Callable[[Any], bool]) -> None:
        super().__init__(file, PROTOCOL, buffer_callback=keep)
        self._refer = refer

    def persistent_id(self, obj: Any) -> Any:
        return self._refer(obj)


def dump_pickle(
    value: object,
    file: Any,
    refer: Refer,
    keep: Callable[[Any], bool],
    sets: Sets,
    *,
    views: Mapping[int, View] = NO_VIEWS,
) -> None:
    """Pickle ``value``; arrays among ``views`` as views of what they see.

    ``keep`` gets each ``PickleBuffer``: true to write it to the pickle, false to leave it out. Raises
    ``AnotherWayError`` where the sets inside must be put in order.
    """
    pickler = _InOrder if sets == "in order" else _Fast if sets == "refused" else _AsItComes
    made = pickler(file, refer, keep)
    made.views = views
    made.dump(value)


def dump_joblib(value: object, file: Any) -> None:
    """What ``joblib.dump`` writes, but that an array that occurs twice is one array when it is loaded.

    Raises ``AnotherWayError`` where joblib would load something else than ``value``.
    """
    from joblib.numpy_pickle import NumpyPickler

    class Pickler(_OrderedSets, Reductions, NumpyPickler):  # type: ignore[misc]
        dispatch = {**NumpyPickler.dispatch, **_OrderedSets.dispatch}  # noqa: RUF012 - as in the class it extends

        def save(self, obj: Any) -> None:
            if not isinstance(obj, self.np.ndarray):
                super().save(obj)
                return
            known = self.memo.get(id(obj))
            if known is not None:
                self.write(self.get(known[0]))
                return
            if not _joblib_holds(obj, self.np):
                raise AnotherWayError
            super().save(obj)
            self.memoize(obj)

    Pickler(file, protocol=PROTOCOL).dump(value)


def _joblib_holds(array: Any, numpy: Any) -> bool:
    """Whether joblib loads the array that it was given.

    One that is read-only or of another byte order becomes an ordinary one, and what an array of objects shares with
    others a copy.
    """
    if type(array) is not numpy.ndarray:
        return type(array) not in {numpy.memmap, numpy.matrix}
    if not array.flags.writeable or not array.dtype.isnative:
        return False
    if array.dtype.hasobject:
        return array.dtype == object and all(type(item) in _ATOMS for item in array.flat)
    return True


# --- the order of sets ----------------------------------------------------------------------------


def _has_order(items: Collection[Any]) -> bool:
    """Whether a set gives its items in an order that no seed of hashes changes."""
    return len(items) <= 1 or all(type(item) in _HASHED_ALIKE for item in items)


def in_order(items: Iterable[Any]) -> list[Any]:
    """The items of a set in an order of their own, the same in every process, as far as there is one."""
    found = list(items)
    if _has_order(found):
        return found
    return [item for _, item in sorted(((_key(item), item) for item in found), key=lambda pair: pair[0])]


def _key(item: Any) -> tuple[str, Any]:
    kind = type(item)
    if kind in (str, bytes):
        return kind.__name__, item
    if kind is frozenset:
        return kind.__name__, tuple(_key(one) for one in in_order(item))
    if kind is tuple:
        return kind.__name__, tuple(_key(one) for one in item)
    if isinstance(item, (type, FunctionType, BuiltinFunctionType)):
        return "named", f"{item.__module__}.{item.__qualname__}"
    return f"{kind.__module__}.{kind.__qualname__}", _text(item)


def _text(item: Any) -> str:
    """What an object's own text says; the address of one that has no text of its own says nothing."""
    own: Any = type(item).__repr__
    if own is not object.__repr__:
        return repr(item)
    try:
        return repr(pickle.dumps(item, PROTOCOL))
    except Exception:  # noqa: BLE001 - whatever a reducer raises
        return ""


# --- what differs in every process ----------------------------------------------------------------


@contextmanager
def without_addresses() -> Iterator[None]:
    """For a while, scikit-learn's text vectorizers do not pickle where in memory their stop words lie.

    They keep that to check the words only once. In another process it says nothing, and every file would differ.
    """
    vectorizer: Any = getattr(sys.modules.get("sklearn.feature_extraction.text"), "_VectorizerMixin", None)
    if vectorizer is None or "__getstate__" in vars(vectorizer):
        yield
        return

    def getstate(self: Any) -> dict[str, Any]:
        state: dict[str, Any] = super(vectorizer, self).__getstate__()
        return {name: part for name, part in state.items() if name != "_stop_words_id"}

    vectorizer.__getstate__ = getstate
    try:
        yield
    finally:
        del vectorizer.__getstate__
