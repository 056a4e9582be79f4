"""What a pickle of a live object would name, and the path to what cannot be pickled.

A probe pickles an object into nothing and sees every class and function that the pickle would name. The notebook's
own ones are then, for the time of the dump, made members of ``service.notebook``, the module that the project will
have: so the file names them where they will be, and the kernel's objects are unchanged afterwards.
"""

from __future__ import annotations

import io
import pickle
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

from . import formats
from .kinds import kind_of
from .pickling import PROTOCOL, Nowhere, Reductions

NOTEBOOK_MODULE = "service.notebook"
_NAMED = (type, FunctionType, BuiltinFunctionType)


@dataclass
class References:
    """What a pickle of some object names."""

    notebook: dict[int, Any] = field(default_factory=dict)  # id → class or function of the notebook
    names: dict[int, str] = field(default_factory=dict)  # id → what service/notebook.py calls it, dots included
    modules: set[str] = field(default_factory=set)
    models: set[str] = field(default_factory=set)  # served models found inside
    embedded: bool = False  # holds what is written in a format of its own
    environment: dict[str, str] = field(default_factory=dict)  # variables that loading needs
    devices: set[str] = field(default_factory=set)  # of tensors that will be on the CPU
    reduced: dict[int, Any] = field(default_factory=dict)  # id → what says itself, by __getstate__, what a pickle has
    set_on: set[str] = field(default_factory=set)  # ``Class.attribute`` that cells set on the object itself
    left_out: set[str] = field(default_factory=set)  # ``Class.attribute`` that no pickle has of these


class UnpicklableError(Exception):
    """An object that cannot be pickled: ``path`` leads to it, ``reason`` is pickle's own words."""

    def __init__(self, path: str, culprit: object, reason: str) -> None:
        super().__init__(f"{path} ({type(culprit).__module__}.{type(culprit).__qualname__}): {reason}")
        self.path = path
        self.culprit = culprit
        self.reason = reason


class Probe(Reductions, pickle.Pickler):
    """Pickles into nothing. Notebook classes and functions, and served models, are noted and not entered."""

    def __init__(
        self,
        models: Mapping[int, str],
        file: io.RawIOBase | None = None,
        keep: Callable[[pickle.PickleBuffer], None] = lambda _: None,
    ) -> None:
        super().__init__(file or Nowhere(), PROTOCOL, buffer_callback=keep)
        self.found = References()
        self._models = models

    def persistent_id(self, obj: Any) -> str | None:
        if id(obj) in self._models:
            self.found.models.add(self._models[id(obj)])
            return "model"
        if not formats.enters(obj, self.found):
            return "embedded"
        if isinstance(obj, ModuleType):
            self.found.modules.add(obj.__name__)
        if isinstance(obj, _NAMED):
            module = getattr(obj, "__module__", None)
            if module == "__main__" or is_made_here(obj):
                self.found.notebook[id(obj)] = obj
                return "notebook"
            if isinstance(module, str):
                self.found.modules.add(module)
        elif type(obj).__module__ == "__main__" and states_itself(type(obj)):
            self.found.reduced[id(obj)] = obj
        return None


def states_itself(kind: type) -> bool:
    """Whether a class of the notebook has a ``__getstate__``, its own or one that it has from another."""
    return any("__getstate__" in vars(base) for base in kind.__mro__ if base.__module__ == "__main__")


def is_made_here(value: object) -> bool:
    """Whether a class is the notebook's although it names another module, as ``make_dataclass`` has it."""
    if not isinstance(value, type) or "<" in value.__qualname__ or value.__module__ == "__main__":
        return False
    found: Any = sys.modules.get(value.__module__)
    for part in value.__qualname__.split("."):
        found = getattr(found, part, None)
    return found is not value and getattr(sys.modules.get("__main__"), value.__name__, None) is value


def probe(value: object, path: str, models: Mapping[int, str] | None = None) -> References:
    """What a pickle of ``value`` would name. Raises ``UnpicklableError`` with the path to the culprit."""
    try:
        return _probe(value, models or {})
    except RecursionError as error:
        raise UnpicklableError(path, value, "it is nested too deeply") from error
    except Exception as error:
        raise _culprit(value, path, error, models or {}) from error


def _probe(value: object, models: Mapping[int, str]) -> References:
    pickler = Probe({key: name for key, name in models.items() if key != id(value)})
    pickler.dump(value)
    pickler.found.devices = pickler.devices
    return pickler.found


def _culprit(value: object, path: str, error: Exception, models: Mapping[int, str]) -> UnpicklableError:
    """Follow the object that fails down to the innermost part that fails by itself."""
    seen: set[int] = set()
    while id(value) not in seen and kind_of(value) is None:
        seen.add(id(value))
        for step, part in _parts(value):
            if id(part) in seen:
                continue
            try:
                _probe(part, models)
            except Exception as inner:  # noqa: BLE001 - whatever a reducer raises
                value, path, error = part, path + step, inner
                break
    return UnpicklableError(path, value, str(error) or type(error).__name__)


def place_of(text: str, value: object, path: str, limit: int = 200_000) -> str:
    """The path to the first string inside an object that holds ``text``; "" where none of ``limit`` parts does."""
    waiting: deque[tuple[str, object]] = deque([(path, value)])
    seen: dict[int, object] = {}
    while waiting and len(seen) < limit:
        place, part = waiting.popleft()
        if isinstance(part, bytes):
            part = part.decode("utf-8", "replace")
        if isinstance(part, str):
            if text in part:
                return place
        elif id(part) not in seen:
            seen[id(part)] = part
            waiting.extend((place + step, one) for step, one in _parts(part))
    return ""


def _parts(value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        yield from ((f"[{key!r}]", part) for key, part in value.items())
    elif isinstance(value, (list, tuple)):
        yield from ((f"[{index}]", part) for index, part in enumerate(value))
    elif isinstance(value, (set, frozenset)):
        yield from (("{…}", part) for part in value)
    yield from ((f".{name}", part) for name, part in getattr(value, "__dict__", {}).items() if _is_instance(value))
    for slot in getattr(type(value), "__slots__", ()):
        if isinstance(slot, str) and hasattr(value, slot):
            yield f".{slot}", getattr(value, slot)


def _is_instance(value: object) -> bool:
    return not isinstance(value, (type, FunctionType, ModuleType))


@contextmanager
def as_members_of_the_project(references: References) -> Iterator[None]:
    """For a while, the notebook's classes and functions are members of ``service.notebook``; then as they were."""
    package, module = ModuleType("service"), ModuleType(NOTEBOOK_MODULE)
    replaced = {name: sys.modules.get(name) for name in ("service", NOTEBOOK_MODULE)}
    own = [(one, references.names.get(key, one.__qualname__)) for key, one in references.notebook.items()]
    before = [(one, one.__module__, one.__qualname__) for one, _ in own]
    for one, name in own:
        root, _, inner = name.partition(".")
        setattr(module, root, getattr(sys.modules["__main__"], root) if inner else one)
    sys.modules.update({"service": package, NOTEBOOK_MODULE: module})
    try:
        for one, name in own:
            one.__module__, one.__qualname__ = NOTEBOOK_MODULE, name
        yield
    finally:
        for one, module_name, qualname in before:
            one.__module__, one.__qualname__ = module_name, qualname
        for name, was in replaced.items():
            if was is None:
                del sys.modules[name]
            else:
                sys.modules[name] = was
