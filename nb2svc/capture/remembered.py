"""Caches of functions: what they hold is worked out anew in the service, and may be another answer by now."""

from __future__ import annotations

import functools
from types import CodeType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from . import literals

if TYPE_CHECKING:
    from ..values import Where
    from .closure import ClosureBuilder


def tell(closure: ClosureBuilder, name: str, value: Any, where: Where) -> None:
    """Warn of a cached function that holds answers, and reads what may have changed since it gave them."""
    if not isinstance(value, functools._lru_cache_wrapper) or not value.cache_info().currsize:  # noqa: SLF001 - it has no public name
        return
    function = value.__wrapped__
    if not isinstance(function, FunctionType):
        return
    changing = _changing(closure, function)
    if changing:
        held = value.cache_info().currsize
        closure.warn(
            f"{name} reads {changing}, and its cache holds answers of before ({held}): the service works them out anew",
            f"run {name}.cache_clear() here, so that both answer alike",
            where,
        )


def _changing(closure: ClosureBuilder, function: FunctionType) -> str:
    """What a function reads that may be otherwise at each call; "" for nothing."""
    code: CodeType = function.__code__
    if "self" in code.co_varnames[: code.co_argcount]:
        return "self"
    for name in code.co_names:
        value = closure.namespace.get(name)
        if value is None or callable(value) or isinstance(value, ModuleType):
            continue
        bound = sum(len(logged.binders.get(name, ())) for logged in closure.log.binding_cells(name))
        if bound > 1 or not literals.is_atom(value):
            return name
    return ""
