"""Constants that can stand in ``service/notebook.py`` as they are read: literals, and declarations of types."""

from __future__ import annotations

import ast
import logging
import re
import types
import typing
from collections.abc import Iterator
from typing import Any

MAX_CHARACTERS = 2_000  # a literal longer than this is no longer read by anybody
_ATOMS = (bool, int, str, bytes, type(None))
_SECRET_NAME = re.compile(
    r"(?i)(?:^|_)(secret|password|passwd|pwd|credentials?|api_?key|access_?key|private_?key|secret_?key|token)$",
    re.IGNORECASE,
)
# Made of functions and types only; no pickle holds what they compiled.
_COMPILED = {"numpy.vectorize", "numpy.ufunc", "pydantic.type_adapter.TypeAdapter"}
_SPECIAL_TOKEN = re.compile(r"[<\[].*[>\]]$")  # ``PAD_TOKEN = "<pad>"`` hides nothing


def is_literal(value: object) -> bool:
    """Whether ``repr(value)`` reads back as an equal value of the same types."""
    if isinstance(value, (float, complex)):
        return type(value) in {float, complex} and value == value and abs(value) != float("inf")  # noqa: PLR0124
    if type(value) in _ATOMS:
        return True
    if type(value) in {list, tuple, set, frozenset}:
        # The order of a set's text differs from run to run; sets are kept as objects unless a person wrote them.
        return type(value) in {list, tuple} and all(is_literal(item) for item in typing.cast("list[Any]", value))
    if type(value) is dict:
        return all(is_literal(key) and is_literal(item) for key, item in value.items())
    return False


def expression(value: object, *, limit: int = 60) -> str | None:
    """An immutable literal as it stands in an expression; None where it is none, or longer than ``limit``."""
    text = repr(value) if is_atom(value) and is_literal(value) else ""
    return text if 0 < len(text) <= limit else None


def literal_source(name: str, value: object) -> str | None:
    """``NAME = <literal>``, or None where the value is none or too long to read."""
    if not is_literal(value):
        return None
    text = repr(value)
    return f"{name} = {text}" if len(text) <= MAX_CHARACTERS else None


def says_the_same(node: ast.stmt, name: str, value: object) -> bool:
    """Whether the statement a person wrote is ``name = <literal>`` and still says what the value is now."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target, right = node.targets[0], node.value
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        target, right = node.target, node.value
    else:
        return False
    if not isinstance(target, ast.Name) or target.id != name:
        return False
    try:
        written = ast.literal_eval(right)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return equal(written, value)


def is_atom(value: object) -> bool:
    """Whether a value can be written into an expression, and no one can tell how many there are of it."""
    return type(value) in {*_ATOMS, float, complex} or (type(value) is tuple and all(map(is_atom, value)))


def equal(left: Any, right: Any) -> bool:
    """Equal, of the same types, and in the same order, all the way down."""
    if type(left) is not type(right):
        return False
    if isinstance(left, (list, tuple)):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, dict):
        return equal(list(left.items()), list(right.items()))
    if isinstance(left, float):
        return repr(left) == repr(right)  # tells -0.0 from 0.0
    return bool(left == right)


def has_changed(expression: ast.expr, value: object) -> bool:
    """Whether a literal no longer says what it gave: an attribute or default that was mutated or set anew."""
    try:
        written = ast.literal_eval(expression)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return is_literal_kind(value) and not equal(written, value)


def holds_itself(value: object, above: tuple[int, ...] = ()) -> bool:
    """Whether a list, dict or tuple lies somewhere inside itself, which no literal can say."""
    if not isinstance(value, (list, tuple, dict)):
        return False
    inside = value.values() if isinstance(value, dict) else value
    return id(value) in above or any(holds_itself(one, (*above, id(value))) for one in inside)


def containers(value: object) -> Iterator[object]:
    """The lists, dicts and sets in a literal, itself included."""
    if isinstance(value, (list, dict, set)):
        yield value
    if isinstance(value, (list, tuple, set, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from containers(item)


def is_literal_kind(value: object) -> bool:
    return type(value) in {*_ATOMS, float, complex, list, tuple, dict, set, frozenset}


def is_declaration(value: object, node: ast.stmt) -> bool:
    """Type aliases, type variables, compiled patterns and loggers: declarative, so their statement may run again."""
    if isinstance(value, re.Pattern):
        return _compiles(node, value)
    if isinstance(value, logging.Logger):
        return _gets_a_logger(node)
    if f"{type(value).__module__}.{type(value).__qualname__}" in _COMPILED:
        return isinstance(node, ast.Assign)
    declared = (typing.TypeVar, typing.ParamSpec, typing.NewType, types.GenericAlias, types.UnionType)
    if isinstance(value, declared):
        return True
    return type(value).__module__ in {"typing", "typing_extensions"} and not isinstance(value, type)


def _compiles(node: ast.stmt, pattern: re.Pattern[Any]) -> bool:
    """Whether the statement is ``NAME = re.compile(<just this pattern>, …)``."""
    call = node.value if isinstance(node, (ast.Assign, ast.AnnAssign)) else None
    if not isinstance(call, ast.Call) or not call.args or call.keywords:
        return False
    written, flags = call.args[0], call.args[1:]
    same = isinstance(written, ast.Constant) and written.value == pattern.pattern
    return same and all(isinstance(flag, ast.Attribute) for flag in flags)


def _gets_a_logger(node: ast.stmt) -> bool:
    """Whether the statement is ``NAME = logging.getLogger(<literal or __name__>)``."""
    call = node.value if isinstance(node, (ast.Assign, ast.AnnAssign)) else None
    if not isinstance(call, ast.Call) or not ast.unparse(call.func).endswith("getLogger"):
        return False
    return all(isinstance(one, ast.Constant) or ast.unparse(one) == "__name__" for one in call.args)


def is_secret(name: str, value: object) -> bool:
    """Whether a text under this name looks like a secret. Its value must not leave the notebook."""
    if not isinstance(value, (str, bytes)) or not value or not _SECRET_NAME.search(name):
        return False
    text = value.decode(errors="replace") if isinstance(value, bytes) else value
    return not _SPECIAL_TOKEN.match(text)
