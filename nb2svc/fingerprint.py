"""What a function or class does, as texts that two processes can compare.

The kernel takes the fingerprint of every definition it hands over, the clean room takes that of what the project made
of it; a difference between them is one between notebook and service that no example need show. Standard library
only: the clean room runs this file by itself.
"""

from __future__ import annotations

import dis
import enum
import functools
import hashlib
import inspect
from collections.abc import Iterator, Mapping
from types import CodeType, FunctionType
from typing import Any

#: Modules that hold the notebook's own definitions: there, and in the project.
OWN_MODULES = ("__main__", "service.notebook")

_MAX_DEPTH = 6
_MAX_ITEMS = 1_000  # of a container; what is longer is compared by its length
# ``from __future__`` holds for a module, in a notebook only for the cells after it; and where a function stands is of
# no matter.
_IGNORED_FLAGS = 0x1FE0000 | inspect.CO_NESTED
_JUMPS = frozenset({*dis.hasjabs, *dis.hasjrel})
_ATOMS = (bool, int, float, complex, str, bytes, type(None), type(Ellipsis))
#: What Python and metaclasses write into a class; it says nothing or differs from run to run.
_BOOKKEEPING = frozenset(
    {
        "__dict__",
        "__weakref__",
        "__module__",
        "__qualname__",
        "__firstlineno__",
        "__static_attributes__",
        "__doc__",
        "__annotations__",
        "__annotate_func__",
        "__annotations_cache__",
        "__parameters__",
        "__orig_bases__",
        "__slotnames__",
    }
)


def fingerprint(value: object) -> dict[str, str]:
    """Texts by what they are about: ``code``, ``default x``, ``closure n``, ``method predict code``, …"""
    return dict(_Writer().about(value, "", 0))


def differences(expected: Mapping[str, str], got: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """(what, expected, got) where two fingerprints are not the same; "" for what is not there."""
    names = sorted({*expected, *got})
    return [(one, expected.get(one, ""), got.get(one, "")) for one in names if expected.get(one) != got.get(one)]


def code_digest(code: CodeType) -> str:
    """SHA-256 (hex) of what code does: its file, lines and qualified name do not count."""
    digest = hashlib.sha256()
    for part in _code_parts(code):
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()


def _code_parts(code: CodeType) -> Iterator[str]:
    yield code.co_name
    yield from _operations(code)
    yield repr((code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags & ~_IGNORED_FLAGS))
    yield repr((code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars))
    for constant in code.co_consts:
        yield _constant(constant)


def _operations(code: CodeType) -> Iterator[str]:
    """The bytecode, but for how it calls attributes.

    ``math.sqrt(x)`` is compiled in one of two ways: as a call of a method, or, where ``import math`` stands in the same
    cell or file, as a call of a function that an attribute holds. They do the same.
    """
    kept: list[dis.Instruction] = []
    numbers: dict[int, int] = {}
    for one in dis.get_instructions(code):
        numbers[one.offset] = len(kept)
        if one.opname not in {"PUSH_NULL", "EXTENDED_ARG"}:
            kept.append(one)
    for one in kept:
        name = "LOAD_ATTR" if one.opname == "LOAD_METHOD" else one.opname
        if one.opcode in _JUMPS:
            yield f"{name} {numbers[one.argval]}"
        else:
            yield f"{name} {one.argval if one.opcode in dis.hasname else one.arg}"


def _constant(value: object) -> str:
    if isinstance(value, CodeType):
        return code_digest(value)
    if isinstance(value, frozenset):  # ``x in {"a", "b"}``: its order differs from process to process
        return "frozenset " + " ".join(sorted(_constant(item) for item in value))
    if isinstance(value, tuple):
        return "(" + " ".join(_constant(item) for item in value) + ")"
    return f"{type(value).__name__} {value!r}"


class _Writer:
    def __init__(self) -> None:
        self._seen: dict[int, object] = {}  # the objects stay alive, so that no two have one id

    def about(self, value: object, prefix: str, depth: int) -> Iterator[tuple[str, str]]:
        """The fingerprint of a function or class, each key after ``prefix``."""
        self._seen[id(value)] = value
        if isinstance(value, FunctionType):
            yield from self._function(value, prefix, depth)
        elif isinstance(value, type):
            yield from self._class(value, prefix, depth)
        elif isinstance(wrapped := getattr(value, "__wrapped__", None), FunctionType):
            yield from self._function(wrapped, prefix, depth)
        else:
            yield f"{prefix}value", self._value(value, depth)

    def _function(self, function: FunctionType, prefix: str, depth: int) -> Iterator[tuple[str, str]]:
        code = function.__code__
        yield f"{prefix}code", code_digest(code)
        positional = code.co_varnames[: code.co_argcount]
        defaults = function.__defaults__ or ()
        named = dict(zip(positional[len(positional) - len(defaults) :], defaults, strict=True))
        for name, value in {**named, **(function.__kwdefaults__ or {})}.items():
            yield f"{prefix}default {name}", self._value(value, depth)
        for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
            yield f"{prefix}closure {name}", self._cell(cell, depth)
        for name, value in _annotations(function).items():
            if not isinstance(value, str):
                yield f"{prefix}annotation {name}", self._value(value, depth)
        for name, value in vars(function).items():
            if not name.startswith("__"):
                yield f"{prefix}attribute {name}", self._value(value, depth)

    def _cell(self, cell: Any, depth: int) -> str:
        try:
            return self._value(cell.cell_contents, depth)
        except ValueError:
            return "empty"

    def _class(self, kind: type, prefix: str, depth: int) -> Iterator[tuple[str, str]]:
        yield f"{prefix}bases", " ".join(self._value(base, depth) for base in kind.__bases__)
        for name, value in sorted(vars(kind).items()):
            function = _function_of(value)
            if function is not None and _is_own(function):
                self._seen[id(function)] = function
                yield from self._function(function, f"{prefix}method {name} ", depth + 1)
            elif name not in _BOOKKEEPING and not name.startswith(("__pydantic", "_abc_", "__")):
                yield f"{prefix}attribute {name}", self._value(value, depth)

    def _value(self, value: object, depth: int) -> str:
        if isinstance(value, enum.Enum):
            return f"{type(value).__qualname__}.{value.name}"
        if type(value) in _ATOMS:
            return repr(value)
        if id(value) in self._seen or depth > _MAX_DEPTH:
            return f"seen {_kind(value)}"
        if type(value) in {list, tuple, set, frozenset, dict} and len(value) <= _MAX_ITEMS:  # type: ignore[arg-type]
            self._seen[id(value)] = value
            return self._container(value, depth + 1)
        if isinstance(value, (FunctionType, type)) and _is_own(value):
            lines = self.about(value, "", depth + 1)
            return f"{_kind(value)}({'; '.join(f'{name}: {text}' for name, text in lines)})"
        return _kind(value)

    def _container(self, value: Any, depth: int) -> str:
        if isinstance(value, dict):
            pairs = (f"{self._value(key, depth)}: {self._value(item, depth)}" for key, item in value.items())
            return "{" + ", ".join(pairs) + "}"
        items = [self._value(item, depth) for item in value]
        if isinstance(value, (set, frozenset)):
            items.sort()
        return f"{type(value).__name__}({', '.join(items)})"


def _annotations(function: FunctionType) -> Mapping[str, object]:
    try:
        return function.__annotations__
    except NameError:  # evaluated late, and never needed so far
        return {}


def _function_of(value: object) -> FunctionType | None:
    """The function in a method of any kind, or None."""
    if isinstance(value, (staticmethod, classmethod)):
        value = value.__func__
    elif isinstance(value, property):
        value = value.fget
    elif isinstance(value, functools.cached_property):
        value = value.func
    return value if isinstance(value, FunctionType) else None


def _is_own(value: object) -> bool:
    return getattr(value, "__module__", None) in OWN_MODULES


def _kind(value: object) -> str:
    """A name for what is not compared any further: a function's or class's own, else that of its class."""
    named = value if isinstance(value, (FunctionType, type)) else type(value)
    module = "" if _is_own(named) else f"{named.__module__}."
    # Inside functions: where they stood is of no matter, and in the project they may stand elsewhere.
    return ("" if named is value else "a ") + module + named.__qualname__.rpartition("<locals>.")[2]
