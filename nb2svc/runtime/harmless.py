"""Whether a handler is known to wait for nothing but batched models: it may then run on the event loop.

What it can reach is looked through: its code, the notebook's functions and classes that it names, the objects it holds.
Only what is known is let through, so what cannot be seen stays on a thread: files, sockets, locks, sleeping, training,
models that are not batched, libraries that are not listed here.
"""

from __future__ import annotations

import builtins
import dis
import functools
import inspect
from collections.abc import Callable, Iterable
from enum import Enum
from types import BuiltinFunctionType, CodeType, FunctionType, MethodDescriptorType, MethodType, ModuleType
from typing import Any, get_args, get_origin

from fastapi import BackgroundTasks, Request, UploadFile, WebSocket, params

from .signatures import is_coroutine_function, resolved

_KNOWN = frozenset(
    {
        *("abc", "array", "base64", "binascii", "bisect", "builtins", "calendar", "cmath", "collections"),
        *("contextvars", "copy", "dataclasses", "datetime", "decimal", "enum", "fractions", "functools", "hashlib"),
        *("heapq", "hmac", "html", "itertools", "json", "logging", "math", "numbers", "operator", "random", "re"),
        *("statistics", "string", "struct", "textwrap", "time", "types", "typing", "typing_extensions", "unicodedata"),
        *("uuid", "warnings", "zlib", "zoneinfo", "annotated_types", "fastapi", "numpy", "pandas", "pydantic"),
        *("pydantic_core", "scipy", "sklearn", "starlette"),
    }
)
#: Names in those that read, write, wait, train, run what cannot be seen, or set what others on this thread would see.
_WAITS = frozenset(
    {
        *("__import__", "breakpoint", "compile", "eval", "exec", "input", "open", "sleep", "fit", "fit_transform"),
        *("partial_fit", "datasets", "dump", "load", "loadtxt", "genfromtxt", "fromfile", "memmap", "DataSource"),
        *("save", "savetxt", "savez", "savez_compressed", "tofile", "to_clipboard", "to_csv", "to_excel", "to_feather"),
        *("to_gbq", "to_hdf", "to_html", "to_json", "to_latex", "to_markdown", "to_orc", "to_parquet", "to_pickle"),
        *("to_sql", "to_stata", "to_xml", "ExcelFile", "ExcelWriter", "HDFStore", "FileHandler"),
        *("catch_warnings", "config_context", "errstate", "option_context", "set_config", "seterr"),  # for a while
    }
)
_WAITING_PREFIXES = ("read_", "fetch_")
_UNKNOWN_ARGUMENTS = (BackgroundTasks, Request, UploadFile, WebSocket)
_MOST = 2000  # values that are looked at


def is_harmless(handler: Callable[..., Any], is_batched: Callable[[Any], bool]) -> bool:
    """``is_batched`` says of an object whether it is a model whose calls wait for others."""
    if is_coroutine_function(handler) or inspect.isgeneratorfunction(inspect.unwrap(handler)):
        return False
    walk = _Walk(is_batched)
    try:
        return walk.value(handler) and all(walk.argument(each) for each in resolved(handler).parameters.values())
    except Exception:  # noqa: BLE001 - a notebook's objects do what they like when looked at
        return False


class _Walk:
    def __init__(self, is_batched: Callable[[Any], bool]) -> None:
        self._is_batched = is_batched
        self._seen: dict[int, Any] = {}  # the objects, too, so that no other gets the id of one

    def argument(self, parameter: inspect.Parameter) -> bool:
        """FastAPI's own objects may wait, what a dependency gives may be anything."""
        return not isinstance(parameter.default, params.Depends) and self._annotation(parameter.annotation)

    def _annotation(self, annotation: Any) -> bool:
        if isinstance(annotation, params.Depends):
            return False
        if inspect.isclass(annotation) and issubclass(annotation, _UNKNOWN_ARGUMENTS):
            return False
        parts = (*get_args(annotation), *getattr(annotation, "__metadata__", ()))
        return all(map(self._annotation, parts)) if get_origin(annotation) or parts else self.value(annotation)

    def value(self, value: Any) -> bool:  # noqa: PLR0911 - one line a kind of value
        if id(value) in self._seen:
            return True
        self._seen[id(value)] = value
        if len(self._seen) > _MOST:
            return False
        if self._is_batched(value):
            return True
        if isinstance(value, ModuleType):
            return _root(value.__name__) in _KNOWN
        if isinstance(value, MethodType):
            return self.value(value.__func__) and self.value(value.__self__)
        if isinstance(value, functools.partial):
            return self._all((value.func, *value.args, *value.keywords.values()))
        if isinstance(value, (FunctionType, BuiltinFunctionType)) or hasattr(value, "__wrapped__"):
            return self._function(value)
        if isinstance(value, type):
            return all(map(self._class, value.__mro__))
        return self._object(value)

    def _all(self, values: Iterable[Any]) -> bool:
        return all(map(self.value, values))

    def _function(self, function: Any) -> bool:
        if _root(getattr(function, "__module__", "")) in _KNOWN:
            return not _waits(function.__name__)
        if not isinstance(function, FunctionType):
            return self.value(getattr(function, "__wrapped__", None))  # what keeps the answers of another one
        held = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
        held += [cell.cell_contents for cell in function.__closure__ or ()]
        return self._all(held) and self._code(function.__code__, function.__globals__)

    def _code(self, code: CodeType, names: dict[str, Any]) -> bool:
        for step in dis.get_instructions(code):
            name = step.argval
            if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
                if _waits(name) and name not in names:
                    return False
                if not self.value(names[name] if name in names else getattr(builtins, name)):
                    return False
            elif step.opname == "IMPORT_NAME":
                if _root(name) not in _KNOWN:
                    return False
            elif isinstance(name, str) and step.opcode in dis.hasname and _waits(name):
                return False
        return all(self._code(each, names) for each in code.co_consts if isinstance(each, CodeType))

    def _class(self, kind: type) -> bool:
        if _root(kind.__module__) in _KNOWN:
            return not issubclass(kind, _UNKNOWN_ARGUMENTS)
        members = vars(kind).items()
        if issubclass(kind, Enum):  # its own way of keeping them
            members = {name: each for name, each in members if not name.startswith("_") or _functions(each)}.items()
        return all(self._member(*each) for each in members)

    def _member(self, name: str, member: Any) -> bool:
        if isinstance(member, (BuiltinFunctionType, MethodDescriptorType)):  # of a class that was compiled
            return False
        functions = _functions(member)
        return self._all(functions) if functions or name.startswith("__") else self.value(member)

    def _object(self, value: Any) -> bool:
        kind = type(value)
        if kind in (list, tuple, set, frozenset):
            return self._all(value)
        if kind is dict:
            return self._all(value) and self._all(value.values())
        if _root(kind.__module__) == "sklearn":
            return not hasattr(kind, "predict")  # scalers and the like are quick
        return self.value(kind) and (
            _root(kind.__module__) in _KNOWN or self._all(getattr(value, "__dict__", {}).values())
        )


def _functions(member: Any) -> list[Any]:
    """The functions behind a member of a class."""
    if isinstance(member, (classmethod, staticmethod)):
        return [member.__func__]
    if isinstance(member, property):
        return [each for each in (member.fget, member.fset, member.fdel) if each is not None]
    if isinstance(member, functools.cached_property):
        return [member.func]
    return [member] if isinstance(member, FunctionType) else []


def _root(module: str | None) -> str:
    return (module or "").partition(".")[0].lstrip("_")


def _waits(name: str) -> bool:
    return name in _WAITS or name.startswith(_WAITING_PREFIXES)
