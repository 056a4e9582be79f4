"""Code objects compared: the same instructions, names and constants, whatever file and lines they came from."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from types import CodeType

from ..fingerprint import operations

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
