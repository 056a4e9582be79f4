"""What a function or class does, as texts that two processes can compare.

The kernel takes the fingerprint of every definition it hands over, the clean room takes that of what the project made
of it; a difference between them is one between notebook and service that no example need show. Standard library
only: the clean room runs this file by itself.
"""

from __future__ import annotations

import ast
import collections
import dis
import enum
import functools
import hashlib
from collections.abc import Callable, Iterator, Mapping
from types import CodeType, FunctionType
from typing import Any

#: Modules that hold the notebook's own definitions: there, and in the project.
OWN_MODULES = ("__main__", "service.notebook")

_MAX_DEPTH = 6
_MAX_ITEMS = 1_000  # of a container; what is longer is compared by its length
_MAX_BYTES = 1 << 22  # of an array; what is larger is compared by its shape
_MAX_TEXT = 200  # characters; the rest of a longer one is compared by its digest
FUTURE_FLAGS, POSTPONED = 0x1FE0000, 0x1000000  # in ``co_flags``: any ``from __future__``, that of annotations
_ATOMS = (bool, int, float, complex, str, bytes, type(None), type(Ellipsis))
_CONTAINERS = (list, tuple, set, frozenset, dict, collections.deque)
_WEAK = frozenset({"WeakKeyDictionary", "WeakValueDictionary", "WeakSet"})
#: By module and name: compared as they write themselves.
_WRITTEN = frozenset(
    {
        ("datetime", "date"),
        ("datetime", "datetime"),
        ("datetime", "timedelta"),
        ("decimal", "Decimal"),
        ("fractions", "Fraction"),
        ("itertools", "count"),
        ("uuid", "UUID"),
    }
)
#: Whose objects are what their attributes say, also after a pickle; of other libraries' only the kind is compared.
_PLAIN_PACKAGES = frozenset({"builtins", "abc", "typing", "collections", "pydantic", "sklearn"})
PICKLING = ("__getstate__", "__setstate__", "__reduce__", "__reduce_ex__", "__getnewargs__", "__getnewargs_ex__")
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


Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Scope = Function | ast.ClassDef
#: Finds the syntax tree of a live function; None where its source is not known.
Find = Callable[[FunctionType], "Scope | None"]


def fingerprint(value: object, find: Find) -> dict[str, str]:
    """Texts by what they are about: ``code``, ``default x``, ``closure n``, ``method predict code``, …

    Code is compared by its syntax: the same source may give other bytecode below other imports.
    """
    return dict(_Writer(find).about(value, "", 0))


def text_of(value: object, find: Find) -> str:
    """What a value is, in one text."""
    return _Writer(find).text(value)


def in_file(source: str) -> Find:
    """Finds functions in the source of the module that defines them."""
    tree = ast.parse(source)

    def find(function: FunctionType) -> Scope | None:
        found = node_of(tree, function.__code__, codes_of(source, function.__code__.co_flags & FUTURE_FLAGS))
        return found[0] if found else None

    return find


def differences(expected: Mapping[str, str], got: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """(what, expected, got) where two fingerprints are not the same; "" for what is not there."""
    names = sorted({*expected, *got})
    return [(one, expected.get(one, ""), got.get(one, "")) for one in names if expected.get(one) != got.get(one)]


# --- from code to syntax ------------------------------------------------------------------------


@functools.lru_cache(maxsize=512)
def codes_of(source: str, flags: int) -> tuple[CodeType, ...]:
    """Every code object below a module's, in the order of the text; none where the source is no Python."""
    try:
        tree = ast.parse(source)  # without what only the first line of a file may say, but any line of a cell
        tree.body = [one for one in tree.body if not isinstance(one, ast.ImportFrom) or one.module != "__future__"]
        module = compile(tree, "<cell>", "exec", flags=flags, dont_inherit=True)
    except (SyntaxError, ValueError):
        return ()
    return tuple(_below(module))


def _below(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _below(constant)


def node_of(tree: ast.Module, code: CodeType, codes: tuple[CodeType, ...]) -> tuple[Function, tuple[Scope, ...]] | None:
    """The function or lambda of ``tree`` that was compiled to ``code``, and the scopes around it, outermost first.

    ``codes`` are all of the module's (:func:`codes_of`).
    """

    def is_alike(name: str, line: int) -> bool:
        return (name, line) == (code.co_name, code.co_firstlineno)

    alike = list(_functions(tree).get((code.co_name, code.co_firstlineno), ()))
    spots = list(_spots(code)) if len(alike) > 1 else []
    if spots:
        alike = [found for found in alike if _contains(found[0], spots)]
        alike.sort(key=lambda found: _extent(found[0]))
    elif len(alike) > 1:  # code without columns: all before Python 3.11, and ``lambda: 1``
        rivals = [one for one in codes if is_alike(one.co_name, one.co_firstlineno)]
        alike = [alike[rivals.index(code)]] if len(rivals) == len(alike) and code in rivals else []
    return alike[0] if alike else None


@functools.lru_cache(maxsize=16)
def _functions(tree: ast.Module) -> dict[tuple[str, int], list[tuple[Function, tuple[Scope, ...]]]]:
    """The functions and lambdas of a tree by their name and first line, so that not each search walks it."""
    found: dict[tuple[str, int], list[tuple[Function, tuple[Scope, ...]]]] = {}
    for node, parents in scopes(tree):
        if not isinstance(node, ast.ClassDef):
            found.setdefault((name_of(node), first_line(node)), []).append((node, parents))
    return found


def first_line(node: ast.AST) -> int:
    """The 1-based line where a statement or lambda begins, its decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([getattr(node, "lineno", 0), *(decorator.lineno for decorator in decorators)])


def name_of(node: Scope) -> str:
    return "<lambda>" if isinstance(node, ast.Lambda) else node.name


def scopes(tree: ast.AST, parents: tuple[Scope, ...] = ()) -> Iterator[tuple[Scope, tuple[Scope, ...]]]:
    """Every function, lambda and class of a tree in the order of the text, with the scopes around it."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            yield node, parents
            yield from scopes(node, (*parents, node))
        else:
            yield from scopes(node, parents)


def _spots(code: CodeType) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Where the expressions that the code evaluates begin and end: (line, UTF-8 column)."""
    for instruction in dis.get_instructions(code):
        place = getattr(instruction, "positions", None)
        if place is not None and place.col_offset is not None and place.end_col_offset:  # 0: the function as a whole
            yield (place.lineno, place.col_offset), (place.end_lineno, place.end_col_offset)


def _contains(node: Scope, spots: list[tuple[tuple[int, int], tuple[int, int]]]) -> bool:
    """Whether all that the code does stands inside the body of ``node``."""
    body = node.body if isinstance(node, ast.Lambda) else node
    first = (body.lineno, body.col_offset)
    last = (body.end_lineno or 0, body.end_col_offset or 0)
    return all(first <= begin <= end <= last for begin, end in spots)


def _extent(node: Scope) -> tuple[int, int]:
    return (node.end_lineno or 0) - node.lineno, (node.end_col_offset or 0) - node.col_offset


def annotations_in(tree: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """(field, annotation) of every annotation in a tree."""
    fields = ((field, getattr(node, field, None)) for node in ast.walk(tree) for field in ("annotation", "returns"))
    return ((field, found) for field, found in fields if isinstance(found, ast.expr))


def as_text(annotation: ast.expr) -> str:
    """The text that ``from __future__ import annotations`` makes of an annotation, by Python itself."""
    module = ast.parse("def _(*_: 0): ...")
    module.body[0].args.vararg.annotation = annotation  # type: ignore[attr-defined]
    made: dict[str, Any] = {}
    exec(compile(module, "<annotation>", "exec", POSTPONED, dont_inherit=True), made)  # noqa: S102 - runs none of it
    return str(made["_"].__annotations__["_"])


def _syntax(node: Scope, *, postponed: bool) -> str:
    """What a function does when it is called: its parameters' names and its body, annotations as they are kept."""
    names = "" if isinstance(node, ast.ClassDef) else ast.dump(_bare(node.args))
    body: list[ast.stmt] = node.body if isinstance(node.body, list) else [ast.Expr(node.body)]
    text = "\n".join([names, *map(_dump, body)])
    found = annotations_in(ast.Module(body, [])) if postponed else ()
    for field, annotation in sorted(found, key=lambda one: not isinstance(one[1], ast.Constant)):
        text = text.replace(f"{field}={ast.dump(annotation)}", f"{field}={ast.dump(ast.Constant(as_text(annotation)))}")
    return hashlib.sha256(text.encode()).hexdigest()


def _dump(node: ast.stmt) -> str:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        return " ".join(node.value.value.split())  # a docstring: its indentation is the formatter's
    return ast.dump(node)


def _bare(arguments: ast.arguments) -> ast.arguments:
    """Without defaults and annotations, which are compared as values."""

    def named(one: ast.arg) -> ast.arg:
        return ast.arg(arg=one.arg)

    return ast.arguments(
        posonlyargs=[named(one) for one in arguments.posonlyargs],
        args=[named(one) for one in arguments.args],
        vararg=named(arguments.vararg) if arguments.vararg else None,
        kwonlyargs=[named(one) for one in arguments.kwonlyargs],
        kw_defaults=[],
        kwarg=named(arguments.kwarg) if arguments.kwarg else None,
        defaults=[],
    )


# --- the texts ----------------------------------------------------------------------------------


class _Writer:
    def __init__(self, find: Find) -> None:
        self._find = find
        self._seen: dict[int, object] = {}  # the objects stay alive, so that no two have one id

    def about(self, value: object, prefix: str, depth: int) -> Iterator[tuple[str, str]]:
        """The fingerprint of a function, class or value, each key after ``prefix``."""
        wrapped = getattr(value, "__wrapped__", None)
        is_plain = _is_plain(value) or (type(value) is dict and len(value) <= _MAX_ITEMS)
        if is_plain or isinstance(value, (FunctionType, type)):
            self._seen[id(value)] = value
        if isinstance(value, FunctionType):
            yield from self._function(value, prefix, depth)
        elif isinstance(value, type):
            yield from self._class(value, prefix, depth)
        elif isinstance(wrapped, FunctionType):
            yield from {
                **dict(self._function(wrapped, prefix, depth)),
                **dict(self._set_on(value, prefix, depth)),
            }.items()
        elif isinstance(value, dict) and is_plain:
            yield f"{prefix}keys", self._container([*value], depth)
            for key, item in value.items():
                yield f"{prefix}[{self._value(key, depth)}]", self._value(item, depth + 1)
        elif is_plain:
            for name, item in attributes_of(value):
                yield f"{prefix}attribute {name}", self._value(item, depth + 1)
        else:
            yield f"{prefix}value", self._value(value, depth)

    def _function(self, function: FunctionType, prefix: str, depth: int) -> Iterator[tuple[str, str]]:
        code = function.__code__
        node = self._find(function) if _globals_of(function) in OWN_MODULES else None
        if node is not None:
            yield f"{prefix}code", _syntax(node, postponed=bool(code.co_flags & POSTPONED))
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
        yield from self._set_on(function, prefix, depth)

    def _set_on(self, function: object, prefix: str, depth: int) -> Iterator[tuple[str, str]]:
        own = ((name, value) for name, value in vars(function).items() if not name.startswith("__"))
        yield from ((f"{prefix}attribute {name}", self._value(value, depth)) for name, value in own)

    def _cell(self, cell: Any, depth: int) -> str:
        try:
            return self._value(cell.cell_contents, depth)
        except ValueError:
            return "empty"

    def _class(self, kind: type, prefix: str, depth: int) -> Iterator[tuple[str, str]]:
        yield f"{prefix}name", kind.__name__
        yield f"{prefix}bases", " ".join(self._value(base, depth) for base in kind.__bases__)
        for name, field in vars(kind).get("__pydantic_fields__", {}).items():
            yield f"{prefix}field {name}", self._value(getattr(field, "default", None), depth)
        members: list[enum.Enum] = list(kind) if isinstance(kind, enum.EnumMeta) else []
        for member in members:
            set_on = {name: one for name, one in vars(member).items() if not name.startswith("_")}
            if set_on:
                yield f"{prefix}member {member.name}", self._container(set_on, depth)
        for name, member in sorted(vars(kind).items()):
            value = _own_member(member)
            function = _function_of(value)
            if function is not None and _is_own(function):
                self._seen[id(function)] = function
                yield from self._function(function, f"{prefix}method {name} ", depth + 1)
            elif name not in _BOOKKEEPING and not name.startswith(("__pydantic", "_abc_", "__")):
                yield f"{prefix}attribute {name}", self._value(value, depth)

    def text(self, value: object) -> str:
        return self._value(value, 0)

    def _value(self, value: object, depth: int) -> str:
        if isinstance(value, enum.Enum):
            return f"{type(value).__qualname__}.{value.name}"
        kind = (type(value).__module__, type(value).__name__)
        if type(value) in _ATOMS or kind in _WRITTEN:
            return shortened(repr(value))
        if id(value) in self._seen or depth > _MAX_DEPTH:
            return f"seen {_kind(value)}"
        return self._part(value, kind, depth + 1)

    def _part(self, value: Any, kind: tuple[str, str], depth: int) -> str:
        if isinstance(value, _CONTAINERS) and kind[0] in _PLAIN_PACKAGES:
            self._seen[id(value)] = value
            return self._container(value, depth)
        if _is_plain(value) or (isinstance(value, (FunctionType, type)) and _is_own(value)):
            lines = self.about(value, "", depth)
            return f"{_kind(value)}({'; '.join(f'{name}: {text}' for name, text in lines)})"
        if kind == ("random", "Random"):
            return shortened(repr(value.getstate()))
        if isinstance(value, functools.singledispatchmethod):
            registry = value.dispatcher.registry.items()
            return self._container({one.__qualname__: method for one, method in registry}, depth)
        if kind[1] in _WEAK and kind[0] in {"weakref", "_weakrefset"}:
            return f"{kind[1]} of {len(value)}"
        return self._array(value, depth) if _is_array(value) else _kind(value)

    def _container(self, value: Any, depth: int) -> str:
        if len(value) > _MAX_ITEMS:
            return f"{type(value).__name__} of {len(value)}"
        if isinstance(value, dict):
            pairs = (f"{self._value(key, depth)}: {self._value(item, depth)}" for key, item in value.items())
            return shortened("{" + ", ".join(pairs) + "}")
        items = [self._value(item, depth) for item in value]
        if isinstance(value, (set, frozenset)):
            items.sort()
        return shortened(f"{type(value).__name__}({', '.join(items)})")

    def _array(self, value: Any, depth: int) -> str:
        kind = f"array {value.dtype} {value.shape}"
        if value.dtype.hasobject:
            return f"{kind} {self._container(value.tolist(), depth)}" if value.shape else kind
        return kind if value.nbytes > _MAX_BYTES else f"{kind} {hashlib.sha256(value.tobytes()).hexdigest()[:16]}"


def shortened(text: str) -> str:
    """A long text as its beginning and its digest."""
    if len(text) <= _MAX_TEXT:
        return text
    return f"{text[:_MAX_TEXT]}… {hashlib.sha256(text.encode('utf-8', 'backslashreplace')).hexdigest()[:16]}"


def _is_array(value: object) -> bool:
    return any(base.__module__ == "numpy" and base.__name__ == "ndarray" for base in type(value).__mro__)


def _is_plain(value: object) -> bool:
    """Whether this is an object of the notebook's that is what its attributes say."""
    kind = type(value)
    if not _is_own(kind) or isinstance(value, (type, FunctionType)):
        return False
    known = (_is_own(base) or base.__module__.partition(".")[0] in _PLAIN_PACKAGES for base in kind.__mro__)
    by_hand = any(name in vars(base) for base in kind.__mro__ if _is_own(base) for name in PICKLING)
    return all(known) and not by_hand and not isinstance(value, (*_CONTAINERS, BaseException))


def attributes_of(value: object) -> Iterator[tuple[str, object]]:
    """(name, value) of what an object has in its ``__dict__`` and its slots."""
    yield from ((name, item) for name, item in getattr(value, "__dict__", {}).items() if isinstance(name, str))
    for base in type(value).__mro__:
        slots = vars(base).get("__slots__", ())
        for slot in (slots,) if isinstance(slots, str) else slots:
            if not slot.startswith("__") and hasattr(value, slot):
                yield slot, getattr(value, slot)


def _annotations(function: FunctionType) -> Mapping[str, object]:
    try:
        return function.__annotations__
    except NameError:  # evaluated late, and never needed so far
        return {}


def _own_member(member: Any) -> Any:
    """What stood in the class before the service's runtime put a method there that joins calls."""
    kind = type(member)
    is_coalesced = kind.__name__ == "CoalescedMethod" and kind.__module__.endswith(".runtime.coalescing")
    return member.own if is_coalesced else member


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


def _globals_of(function: FunctionType) -> object:
    """The module whose globals a function uses; %run takes the name out of those of its script, which ran as this."""
    return function.__globals__.get("__name__", "__main__")


def _kind(value: object) -> str:
    """A name for what is not compared any further: a function's or class's own, else that of its class."""
    named = value if isinstance(value, (FunctionType, type)) else type(value)
    module = "" if _is_own(named) else f"{named.__module__}."
    if module.startswith("torch.jit."):  # what was traced is read back as what was scripted
        return "a module of torch.jit"
    # Inside functions: where they stood is of no matter, and in the project they may stand elsewhere.
    name = named.__name__ if isinstance(named, FunctionType) else named.__qualname__.rpartition("<locals>.")[2]
    return ("" if named is value else "a ") + module + name
