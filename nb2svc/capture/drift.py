"""Whether a loaded helper module is what its file says: its code, and the values at its top level.

The service imports the file anew. So what was edited on disk since the import, and what the notebook changed in the
module meanwhile, would silently differ there. The rule:

- functions, classes and their methods: the live code is compared with that of the compiled file
- constants (``RATE = 0.2``, ``SIZES = [1, 2]``), also as class attributes and default values: by value
- what the module imports: the live object is still what the import gives
- every other statement of the top level: by its text when it ran, where that is known; else by the bytecode in
  ``__pycache__``, where that is older than the file
- objects that calls made at import (``TABLE = build()``) are not compared; names that the notebook adds are
  refused where captured code uses them
"""

from __future__ import annotations

import ast
import importlib.util
import marshal
import sys
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from .codes import codes_in, same_code, same_shell
from .constants import UNKNOWN, constant_value, same_value
from .executed import text_when_run
from .module_source import decorated, imported_once, module_source

_DEPTH = 6  # of wrappers round a function
_PARTS = 1_000  # items of a table of functions that are looked at
_HEADER = 16  # bytes before the code in a .pyc


@dataclass(frozen=True)
class Drift:
    """How a loaded module differs from its file. Each entry is what a person reads."""

    edited: tuple[str, ...] = ()  # the file was edited since: functions and lines that differ
    changed: tuple[str, ...] = ()  # the notebook changed the module: ``RATE is 3, but the file says 2``
    state: tuple[str, ...] = ()  # the module's own functions changed it: ``_CACHE``

    def __bool__(self) -> bool:
        return bool(self.edited or self.changed or self.state)


def drift_of(
    module: ModuleType, text: bytes, used: Collection[str] = (), replayed: Collection[tuple[int, str]] = ()
) -> Drift:
    """Compare a loaded module with ``text``, its file's content now; ``used`` are names that captured code uses.

    ``replayed`` are attributes, as (id of the module or class, name), that the service sets as they are here.
    Raises ``SyntaxError`` where the file is no Python any more.
    """
    comparison = _Comparison(module, text, used, replayed)
    comparison.run()
    unique = (tuple(dict.fromkeys(part)) for part in (comparison.edited, comparison.changed, comparison.state))
    return Drift(*unique)


class _Comparison:
    def __init__(
        self, module: ModuleType, text: bytes, used: Collection[str], replayed: Collection[tuple[int, str]]
    ) -> None:
        self.replayed = replayed
        self.module = module
        self.names: dict[str, Any] = vars(module)
        self.file = str(module.__file__)
        self.code = compile(text, self.file, "exec", dont_inherit=True)
        self.source = module_source(importlib.util.decode_source(text))
        self.used = used
        self.candidates: dict[str, list[CodeType]] = {}
        for one in codes_in(self.code):
            self.candidates.setdefault(one.co_name, []).append(one)
        ran = text_when_run(self.file)
        self.ran = None if ran is None else module_source(importlib.util.decode_source(ran))
        self.is_as_it_ran = ran == text
        self.edited: list[str] = []
        self.changed: list[str] = []
        self.state: list[str] = []

    def run(self) -> None:
        self._top_level()
        for node in self.source.definitions:
            self._definition(node, self.module, "")
        for value in list(self.names.values()):
            for function in self._own_functions(value):
                self._code(function)
        for name, written in self.source.constants.items():
            if not self._is_replayed(self.module, name):
                self._constant(name, written)
        for name, statement in imported_once(self.source).items():
            if not self._is_replayed(self.module, name):
                self._import(name, *statement)
        self._added()

    # --- statements ---------------------------------------------------------------------------

    def _top_level(self) -> None:
        if self.is_as_it_ran:
            return
        if self.ran is not None:
            self.edited += [self._line(node) for node in _differing(self.ran.others, self.source.others)]
            for name, shape in self.source.shapes.items():
                if name in self.ran.shapes and self.ran.shapes[name] != shape:
                    self.edited.append(name)
            return
        cached = _stale_bytecode(self.module, Path(self.file))
        if cached is not None and not same_shell(cached, self.code):
            self.edited.append("its top level")

    def _line(self, node: ast.stmt) -> str:
        first = ast.unparse(node).partition("\n")[0]
        return f"line {node.lineno} ({first if len(first) <= 60 else first[:57] + '…'})"  # noqa: PLR2004

    # --- functions and classes ----------------------------------------------------------------

    def _is_replayed(self, owner: object, name: str) -> bool:
        return (id(owner), name) in self.replayed

    def _definition(self, node: ast.stmt, owner: object, prefix: str) -> None:
        """What an undecorated ``def`` or ``class`` bound is still there, and still what the file defines."""
        name: str = node.name  # type: ignore[attr-defined]
        if self._is_replayed(owner, name):
            return
        shown = prefix + name
        live = _bound(owner, name)
        if live is UNKNOWN:
            self._gone(shown)
        elif isinstance(node, ast.ClassDef):
            self._class(node, live, shown)
        elif decorated(node):
            return  # its code is found below, if at all: a decorator may give anything
        elif not isinstance(live, FunctionType) or live.__code__.co_name != name or not self._is_own(live):
            self._replaced(shown)
        else:
            self._defaults(shown, node, live)

    def _class(self, node: ast.ClassDef, live: Any, shown: str) -> None:
        name = node.name
        if not isinstance(live, type) or live.__module__ != self.module.__name__ or live.__name__ != name:
            self._replaced(shown)
            return
        for inner in _plain_definitions(node.body):
            self._definition(inner, live, f"{shown}.")
        for constant, value in module_source(node).constants.items():
            if not self._is_replayed(live, constant):
                self._class_constant(name, constant, shown, vars(live).get(constant, UNKNOWN), value)

    def _own_functions(self, value: Any, depth: int = 0) -> Iterator[FunctionType]:
        """Functions of this file in a value: behind decorators, in classes, in tables."""
        if depth > _DEPTH:
            return
        if isinstance(value, FunctionType) and self._is_own(value):
            yield value
        inside = [] if isinstance(value, type) and value.__module__ != self.module.__name__ else _inside(value)
        for part in inside:
            if part is not None and not isinstance(part, (str, int, float, bytes, ModuleType)):
                yield from self._own_functions(part, depth + 1)

    def _is_own(self, function: FunctionType) -> bool:
        return function.__code__.co_filename == self.file

    def _code(self, function: FunctionType) -> None:
        code = function.__code__
        known = self.candidates.get(code.co_name, [])
        if any(same_code(code, one) for one in known):
            return
        if known or code.co_name in self.used:  # what is neither on disk nor used is left over from before a reload
            self.edited.append(function.__qualname__.replace(".<locals>", ""))

    def _defaults(self, shown: str, node: ast.stmt, live: FunctionType) -> None:
        arguments: ast.arguments = node.args  # type: ignore[attr-defined]
        positional = [*arguments.posonlyargs, *arguments.args]
        given = list(zip(positional[len(positional) - len(arguments.defaults) :], arguments.defaults, strict=True))
        values = list(live.__defaults__ or ())
        if len(values) != len(given):
            self._differs(shown, "another number of default values")
            return
        pairs = [(argument.arg, default, value) for (argument, default), value in zip(given, values, strict=True)]
        by_name = live.__kwdefaults__ or {}
        for argument, one in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
            if one is not None and argument.arg in by_name:
                pairs.append((argument.arg, one, by_name[argument.arg]))
        for name, default, value in pairs:
            written = constant_value(default)
            if written is not UNKNOWN and not same_value(written, value):
                self._differs(f"{shown}({name}=…)", f"{_short(value)}, but the file says {_short(written)}")

    # --- values -------------------------------------------------------------------------------

    def _constant(self, name: str, node: ast.expr) -> None:
        written = constant_value(node)
        if written is UNKNOWN:
            return
        live = self.names.get(name, UNKNOWN)
        if live is UNKNOWN:
            self._gone(name)
        elif same_value(written, live):
            return
        elif name in self.source.own_state:
            self.state.append(name)
        else:
            self._differs(name, f"{_short(live)}, but the file says {_short(written)}")

    def _class_constant(self, owner: str, name: str, shown: str, live: Any, node: ast.expr) -> None:
        """Only plain values: metaclasses make members, fields and descriptors of them."""
        written = constant_value(node)
        if written is UNKNOWN or type(live) not in {bool, int, float, complex, str, bytes, tuple, list, dict, set}:
            return
        if same_value(written, live):
            return
        if self.source.own_state & {owner, name}:
            self.state.append(f"{shown}.{name}")
        else:
            self._differs(f"{shown}.{name}", f"{_short(live)}, but the file says {_short(written)}")

    def _import(self, name: str, module: str, attribute: str) -> None:
        """``from module import attribute as name`` still holds; with no attribute, ``import module as name``."""
        source = sys.modules.get(module)
        if name not in self.names and self.ran is not None and name not in self.ran.bound:
            self.edited.append(f"import of {name}")
        if source is None or module == "sys" or name not in self.names:
            return
        live = self.names[name]
        expected = getattr(source, attribute, UNKNOWN) if attribute else source
        inner = sys.modules.get(f"{module}.{attribute}", UNKNOWN) if attribute else UNKNOWN
        if expected is UNKNOWN or live is expected or live is inner or _same_function(live, expected):
            return
        if not same_value(expected, live):
            self.changed.append(f"{name} is no longer what the file imports")

    def _added(self) -> None:
        """Names that captured code uses and the file does not bind: the notebook set them from outside."""
        if self.source.is_dynamic:
            return
        prefix = f"{self.module.__name__}."
        for name, value in self.names.items():
            if name in self.source.bound or name not in self.used or (name.startswith("__") and name.endswith("__")):
                continue
            if self._is_replayed(self.module, name):
                continue
            if isinstance(value, ModuleType) and value.__name__ == prefix + name:
                continue  # a part of the package
            if isinstance(value, FunctionType) and self._is_own(value):
                continue  # judged by its code
            self.changed.append(f"{name} was set from outside the file")

    # --- words --------------------------------------------------------------------------------

    def _differs(self, shown: str, how: str) -> None:
        if self.is_as_it_ran:
            self.changed.append(f"{shown} is {how}")
        else:
            self.edited.append(f"{shown} (is {how})")

    def _replaced(self, shown: str) -> None:
        self.changed.append(f"{shown} was replaced")

    def _gone(self, shown: str) -> None:
        if self.ran is None or shown in self.ran.bound:
            self.changed.append(f"{shown} was deleted") if self.is_as_it_ran else self.edited.append(shown)
        elif shown.partition(".")[0] in self.used or "." in shown:
            self.edited.append(shown)


def _bound(owner: object, name: str) -> Any:
    """What a module or class has under a name; of a class also a private one."""
    names = vars(owner)
    private = f"_{owner.__name__.lstrip('_')}{name}" if isinstance(owner, type) else name
    return names.get(name, names.get(private, UNKNOWN))


def _inside(value: Any) -> list[Any]:
    """Where functions may hide in a value."""
    if isinstance(value, FunctionType):
        cells = [cell.cell_contents for cell in value.__closure__ or () if _is_filled(cell)]
        return [*cells, vars(value).get("__wrapped__")]
    if isinstance(value, property):
        return [value.fget, value.fset, value.fdel]
    if isinstance(value, partial):
        return [value.func, *value.args, *value.keywords.values()]
    if isinstance(value, type) or type(value) is dict:
        return list((vars(value) if isinstance(value, type) else value).values())[:_PARTS]
    if type(value) in {list, tuple}:
        return list(value)[:_PARTS]
    return [getattr(value, name, None) for name in ("__wrapped__", "__func__", "func") if _has_plain(value, name)]


def _plain_definitions(body: Iterable[ast.stmt]) -> list[ast.stmt]:
    """The definitions of a class body that nothing decorates, each the only one of its name."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    found = [node for node in body if isinstance(node, kinds)]
    names = [node.name for node in found]
    return [node for node in found if names.count(node.name) == 1 and not node.decorator_list]


def _differing(before: list[ast.stmt], now: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements of ``now`` that were not there before; the first one after a gap where one is missing."""
    old = [ast.dump(node) for node in before]
    new = [ast.dump(node) for node in now]
    if old == new:
        return
    added = [node for node, text in zip(now, new, strict=True) if text not in old]
    if added or not now:
        yield from added or before[:1]
        return
    at = next((index for index, text in enumerate(new) if index >= len(old) or old[index] != text), len(new) - 1)
    yield now[at]


def _stale_bytecode(module: ModuleType, file: Path) -> CodeType | None:
    """The code that ``__pycache__`` holds of an older state of the file: what was last imported."""
    cached = getattr(module, "__cached__", None) or getattr(getattr(module, "__spec__", None), "cached", None)
    try:
        data = Path(cached).read_bytes() if cached else b""
        stat = file.stat()
    except OSError:
        return None
    if data[:4] != importlib.util.MAGIC_NUMBER or data[4:8] != bytes(4):  # checked by hash, or of another Python
        return None
    edited, size = (int.from_bytes(data[start : start + 4], "little") for start in (8, 12))
    if (edited, size) == (int(stat.st_mtime) & 0xFFFFFFFF, stat.st_size & 0xFFFFFFFF):
        return None
    code = marshal.loads(data[_HEADER:])  # noqa: S302 - what Python itself would load
    return code if isinstance(code, CodeType) else None


def _same_function(left: Any, right: Any) -> bool:
    both = isinstance(left, FunctionType) and isinstance(right, FunctionType)
    return both and same_code(left.__code__, right.__code__)


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False


def _has_plain(value: Any, name: str) -> bool:
    """Whether an object has this attribute by itself; asking a proxy could run anything."""
    own = getattr(value, "__dict__", None)
    return (isinstance(own, dict) and name in own) or name in vars(type(value))


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "…"  # noqa: PLR2004
