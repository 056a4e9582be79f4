"""Code objects compared: the same instructions, names and constants, whatever file and lines they came from."""

from __future__ import annotations

import dis
import hashlib
import inspect
from collections.abc import Iterator
from types import CodeType, FunctionType

from ..fingerprint import FUTURE_FLAGS, POSTPONED

_IGNORED_FLAGS = FUTURE_FLAGS | inspect.CO_NESTED
_JUMPS = frozenset({*dis.hasjabs, *dis.hasjrel})
_COMPARED = (
    "co_name",
    "co_names",
    "co_varnames",
    "co_freevars",
    "co_cellvars",
    "co_flags",
    "co_argcount",
    "co_posonlyargcount",
    "co_kwonlyargcount",
)


def code_digest(code: CodeType) -> str:
    """SHA-256 (hex) of what code does: its file, lines and qualified name do not count."""
    digest = hashlib.sha256()
    for part in _code_parts(code):
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()


def is_postponed(function: FunctionType) -> bool:
    """Whether the function's annotations are texts, as ``from __future__ import annotations`` has it."""
    return bool(function.__code__.co_flags & POSTPONED)


def _code_parts(code: CodeType) -> Iterator[str]:
    yield code.co_name
    yield from operations(code)
    yield repr((code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags & ~_IGNORED_FLAGS))
    yield repr((code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars))
    for constant in code.co_consts:
        yield _constant(constant)


def operations(code: CodeType) -> Iterator[str]:
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


def same_code(left: CodeType, right: CodeType) -> bool:
    """Whether two code objects do the same. File names, lines and a docstring's indentation do not count."""
    if any(getattr(left, name) != getattr(right, name) for name in _COMPARED):
        return False
    if left.co_code != right.co_code and list(operations(left)) != list(operations(right)):
        return False
    mine, other = left.co_consts, right.co_consts
    if len(mine) != len(other):
        return False
    return all(_same_constant(a, b, first=not index) for index, (a, b) in enumerate(zip(mine, other, strict=True)))


def _same_constant(left: object, right: object, *, first: bool = False) -> bool:
    if type(left) is not type(right):
        return False
    if isinstance(left, CodeType) and isinstance(right, CodeType):
        return same_code(left, right)
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(map(_same_constant, left, right))
    if isinstance(left, str) and isinstance(right, str) and first:  # a docstring stands first; reloaders indent it
        return inspect.cleandoc(left) == inspect.cleandoc(right)
    if isinstance(left, frozenset):
        return left == right
    return repr(left) == repr(right)  # tells 1 from 1.0 inside, and -0.0 from 0.0; NaN is NaN


def codes_in(code: CodeType) -> Iterator[CodeType]:
    """Every code object inside another, at any depth."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from codes_in(constant)


def same_shell(left: CodeType, right: CodeType) -> bool:
    """Whether two modules do the same at their top level, whatever their functions and classes do."""
    if left.co_names != right.co_names or list(operations(left)) != list(operations(right)):
        return False
    mine, other = ([one for one in code.co_consts if not isinstance(one, CodeType)] for code in (left, right))
    return len(mine) == len(other) and all(map(_same_constant, mine, other))
