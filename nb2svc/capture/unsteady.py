"""What captured code gives otherwise in every process, whatever is captured: the order of texts in sets, hash(), id(),
numbers drawn from the generators that every process seeds for itself; and texts that name the module of a class.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping
from types import FunctionType, MethodType, ModuleType
from typing import Any

from .constants import UNKNOWN
from .expressions import Scope, scoped
from .unordered import in_order, named_set, without_order

_STATE = frozenset({"seed", "getstate", "setstate", "get_state", "set_state"})
#: Of PyTorch's functions these draw from its one generator, unless they are given another.
_OF_TORCH = frozenset({"bernoulli", "multinomial", "normal", "poisson"}) | {
    f"{name}{like}" for name in ("rand", "randint", "randn", "randperm") for like in ("", "_like")
}
_OTHERWISE = {
    "hash": (
        "hash() of a text is another number in every process",
        "take hashlib.sha256(text.encode()).hexdigest(), or zlib.crc32 for a number",
    ),
    "id": ("id() of an object is another number in every process", "let objects have a number or name of theirs"),
}
_OWN_GENERATOR = (
    "draw from one that a cell makes, whose state the service begins with: "
    "random.Random(0), numpy.random.default_rng(0)"
)
_CONSTANTS = (str, bytes, int, float, complex, tuple, frozenset)  # without bool, of which there are two


def unsteady(source: str, values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(what, next step) of each expression whose answer is another one in another process.

    Texts, and all that holds them, are hashed with a key that each process draws. ``values`` are the live values of
    global names.
    """
    tree = ast.parse(source)
    found: dict[str, str] = {}
    seeds = any(isinstance(one, ast.Call) and _name(one) == "seed" for one in ast.walk(tree))
    free = without_order(tree)
    for node, scope in scoped([tree], values):
        for each in in_order(node):
            if id(node) not in free and (named := named_set(each, scope)):
                found[f"the order of {named} is another one in every process"] = f"write sorted({named})"
        found |= dict((*_addresses(node, scope), *_texts(node, scope), *_identities(node, scope)))
        if isinstance(node, ast.Call) and not seeds and (drawn := _drawn(node, scope)):
            step = "give it a random_state" if _takes_state(_live(node.func, scope)) else _OWN_GENERATOR
            found[f"{drawn}() draws from a generator that every process seeds for itself"] = step
    return list(found.items())


def _addresses(node: ast.AST, scope: Scope) -> Iterator[tuple[str, str]]:
    """``hash(x)``, ``id(x)``, and ``key=hash``."""
    if not isinstance(node, ast.Call):
        return
    called = [node.func] if len(node.args) == 1 else []
    for one in (*called, *node.args, *(keyword.value for keyword in node.keywords)):
        if isinstance(one, ast.Name) and one.id in _OTHERWISE:
            value = scope.find(one.id)[0]
            if value is UNKNOWN or value in (hash, id):
                yield _OTHERWISE[one.id]


def _texts(node: ast.AST, scope: Scope) -> Iterator[tuple[str, str]]:
    """``str(Flower)``, ``f"{type(flower)}"``: texts of the notebook's own classes and plain objects."""
    if isinstance(node, ast.FormattedValue):
        told = node.value
    elif isinstance(node, ast.Call) and _name(node) in {"str", "repr", "format"} and node.args:
        told = node.args[0]
    else:
        return
    is_type = isinstance(told, ast.Call) and _name(told) == "type" and len(told.args) == 1
    inner = told.args[0] if is_type and isinstance(told, ast.Call) else told
    if isinstance(told, ast.Attribute) and told.attr == "__class__":
        is_type, inner = True, told.value
    value = _live(inner, scope)
    kind = value if isinstance(value, type) else type(value)
    plain = is_type or kind is value or _has_no_text(kind)
    if plain and kind.__module__ == "__main__" and type(kind).__repr__ is type.__repr__:
        step = "answer its __name__"
        yield f"the text of {ast.unparse(told)} names its module, which is service.notebook in the service", step


def _has_no_text(kind: Any) -> bool:
    return kind.__str__ is object.__str__ and kind.__repr__ is object.__repr__


def _identities(node: ast.AST, scope: Scope) -> Iterator[tuple[str, str]]:
    """``a is b`` of numbers, texts and tuples: whether two that are equal are one is up to Python."""
    if not isinstance(node, ast.Compare) or not isinstance(node.ops[0], (ast.Is, ast.IsNot)):
        return
    pair = [_live(one, scope) for one in (node.left, node.comparators[0])]
    if all(isinstance(one, _CONSTANTS) and not isinstance(one, bool) for one in pair):
        yield f"{ast.unparse(node)} may be otherwise in the service, where constants are written out", "compare by =="


def _drawn(node: ast.Call, scope: Scope) -> str:
    """How the source names a function that draws from a generator that all code shares."""
    value = _live(node.func, scope)
    owner = getattr(value, "__self__", None)
    shared = (getattr(sys.modules.get("random"), "_inst", node), _of_numpy("_rand"))
    of_shared = owner is not None and any(owner is one for one in shared) and _name(node) not in _STATE
    given = {keyword.arg for keyword in node.keywords}
    if of_shared or (_of_torch(value) and "generator" not in given) or _draws_by_itself(node, value, given):
        return ast.unparse(node.func)
    return ""


def _of_numpy(name: str) -> object:
    return getattr(sys.modules.get("numpy.random.mtrand"), name, _STATE)


def _of_torch(value: object) -> bool:
    name = getattr(value, "__name__", "")
    return name in _OF_TORCH and value is getattr(sys.modules.get("torch"), name, None)


def _draws_by_itself(node: ast.Call, value: object, given: set[str | None]) -> bool:
    """``df.sample(3)`` and ``sklearn.utils.shuffle(rows)``, where no ``random_state`` is given."""
    if None in given or any(isinstance(one, ast.Starred) for one in node.args) or not _takes_state(value):
        return False
    positional = [*inspect.signature(value).parameters].index("random_state")  # type: ignore[arg-type]
    return "random_state" not in given and len(node.args) <= positional


def _takes_state(value: object) -> bool:
    """Whether this is a library's function that takes a ``random_state``, and draws from NumPy's own without one."""
    if not isinstance(value, (FunctionType, MethodType)) or value.__module__ == "__main__":
        return False
    parameter = inspect.signature(value).parameters.get("random_state")
    return parameter is not None and parameter.default is None


def _live(node: ast.expr, scope: Scope) -> Any:
    """What a dotted name means; None where nobody knows."""
    if isinstance(node, ast.Name):
        value = scope.find(node.id)[0]
        return None if value is UNKNOWN or isinstance(value, ast.AST) else value
    if isinstance(node, ast.Attribute):
        owner = _live(node.value, scope)
        if isinstance(owner, ModuleType):
            return vars(owner).get(node.attr)
        method = getattr(type(owner), node.attr, None)
        return MethodType(method, owner) if isinstance(method, FunctionType) else None
    return None


def _name(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
