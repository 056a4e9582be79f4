"""What captured code gives otherwise in every process, whatever is captured: the order of texts in sets, hash(), id(),
and numbers drawn from the generators that every process seeds for itself.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

from .constants import UNKNOWN
from .expressions import Scope, scoped

#: What takes the items of a set in their order, and gives that on.
_IN_ORDER = frozenset({"array", "enumerate", "filter", "iter", "join", "list", "map", "next", "tuple", "zip"})
#: For whose answer the order of what is iterated is of no matter.
_ANY_ORDER = frozenset(
    {"all", "any", "frozenset", "len", "max", "min", "set", "sorted", "sum", "fsum", "update", "Counter"}
)
_STATE = frozenset({"seed", "getstate", "setstate", "get_state", "set_state"})
_STEADY = (bool, int, float, complex)  # hashed by their value, the same in every process


def unsteady(source: str, values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(what, next step) of each expression whose answer is another one in another process.

    Texts, and all that holds them, are hashed with a key that each process draws. ``values`` are the live values of
    global names.
    """
    tree = ast.parse(source)
    found: dict[str, str] = {}
    seeds = any(isinstance(one, ast.Call) and _name(one) == "seed" for one in ast.walk(tree))
    free = {id(one) for node in ast.walk(tree) for one in _without_order(node)}
    for node, scope in scoped([tree], values):
        for each in _in_order(node):
            if id(node) not in free and (named := _set_of_texts(each, scope)):
                found[f"the order of {named} is another one in every process"] = f"write sorted({named})"
        if isinstance(node, ast.Call) and _is_builtin(node, scope, hash):
            found["hash() of a text is another number in every process"] = (
                "take hashlib.sha256(text.encode()).hexdigest(), or zlib.crc32 for a number"
            )
        if isinstance(node, ast.Call) and _is_builtin(node, scope, id):
            found["id() of an object is another number in every process"] = (
                "let objects have a number or name of theirs"
            )
        if isinstance(node, ast.Call) and not seeds and (drawn := _drawn(node, scope)):
            found[f"{drawn}() draws from a generator that every process seeds for itself"] = (
                "draw from one that a cell makes, whose state the service begins with: "
                "random.Random(0), numpy.random.default_rng(0)"
            )
    return list(found.items())


def _without_order(node: ast.AST) -> Iterator[ast.AST]:
    """Comprehensions whose items are taken in whatever order."""
    if isinstance(node, ast.Call) and _name(node) in _ANY_ORDER:
        for argument in node.args:
            if isinstance(argument, (ast.GeneratorExp, ast.ListComp, ast.Call)):
                yield argument
                yield from getattr(argument, "generators", ())
    elif isinstance(node, ast.SetComp):
        yield from node.generators


def _in_order(node: ast.AST) -> Iterator[ast.expr]:
    """Expressions whose items the node takes in their order."""
    if isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
        yield node.iter
    elif isinstance(node, ast.Starred):
        yield node.value
    elif isinstance(node, ast.Call) and _name(node) in _IN_ORDER:
        yield from node.args


def _set_of_texts(node: ast.expr, scope: Scope) -> str:
    """How the source names a set whose order cannot be relied on; "" where it is none."""
    shown = ast.unparse(node)
    if isinstance(node, ast.Set):
        texts = any(isinstance(one, ast.Constant) and isinstance(one.value, (str, bytes)) for one in node.elts)
        return shown if texts else ""
    if not isinstance(node, ast.Name):
        return ""
    value, inner = scope.find(node.id)
    if isinstance(value, ast.Set):
        return shown if _set_of_texts(value, inner) else ""
    if value is UNKNOWN or not isinstance(value, (set, frozenset)):
        return ""
    return "" if all(isinstance(one, _STEADY) for one in value) else shown


def _is_builtin(node: ast.Call, scope: Scope, function: object) -> bool:
    if not (isinstance(node.func, ast.Name) and len(node.args) == 1):
        return False
    name = getattr(function, "__name__", "")
    return node.func.id == name and scope.find(name)[0] in (UNKNOWN, function)


def _drawn(node: ast.Call, scope: Scope) -> str:
    """How the source names a function that draws from the one generator of ``random`` or ``numpy.random``."""
    function: Any = node.func
    value = _live(function, scope)
    owner = getattr(value, "__self__", None)
    shared = (getattr(sys.modules.get("random"), "_inst", node), _of_numpy("_rand"))
    if owner is None or not any(owner is one for one in shared) or _name(node) in _STATE:
        return ""
    return ast.unparse(function)


def _of_numpy(name: str) -> object:
    return getattr(sys.modules.get("numpy.random.mtrand"), name, _STATE)


def _live(node: ast.expr, scope: Scope) -> Any:
    """What a dotted name means; None where nobody knows."""
    if isinstance(node, ast.Name):
        value = scope.find(node.id)[0]
        return None if value is UNKNOWN or isinstance(value, ast.AST) else value
    if isinstance(node, ast.Attribute):
        owner = _live(node.value, scope)
        return vars(owner).get(node.attr) if isinstance(owner, ModuleType) else None
    return None


def _name(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
