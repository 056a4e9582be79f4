"""What cells did to libraries: patched attributes, registered accessors, settings.

None of it has a name that a handler uses, and a service without it answers otherwise. It is run again where the
library is part of the service, as long as it is still in force.
"""

from __future__ import annotations

import ast
import enum
import logging
import typing
from abc import ABCMeta
from collections.abc import Iterator
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from ..fingerprint import first_line
from ..values import Definition
from . import pandas_options
from .cells import statements
from .names import names_of
from .ordering import Node
from .sources import source_of

if TYPE_CHECKING:
    from .cells import LoggedCell
    from .closure import ClosureBuilder

#: Functions whose call changes how a library behaves from then on, by top-level package.
SETTINGS = {
    ("calendar", "setfirstweekday"),
    ("codecs", "register"),
    ("codecs", "register_error"),
    ("copyreg", "pickle"),
    ("csv", "field_size_limit"),
    ("csv", "register_dialect"),
    ("decimal", "setcontext"),
    ("gc", "disable"),
    ("gc", "set_threshold"),
    ("locale", "setlocale"),
    ("logging", "addLevelName"),
    ("logging", "disable"),
    ("matplotlib", "rc"),
    ("matplotlib", "update"),
    ("matplotlib", "use"),
    ("mimetypes", "add_type"),
    ("numpy", "seterr"),
    ("numpy", "set_printoptions"),
    ("pandas", "set_option"),
    ("polars", "set_fmt_float"),
    ("seaborn", "set_palette"),
    ("seaborn", "set_style"),
    ("seaborn", "set_theme"),
    ("sklearn", "set_config"),
    ("socket", "setdefaulttimeout"),
    ("sqlite3", "register_adapter"),
    ("sqlite3", "register_converter"),
    ("sys", "set_int_max_str_digits"),
    ("sys", "setrecursionlimit"),
    ("sys", "setswitchinterval"),
    ("time", "tzset"),
    ("torch", "set_default_device"),
    ("torch", "set_default_dtype"),
    ("torch", "set_float32_matmul_precision"),
    ("torch", "set_grad_enabled"),
    ("torch", "set_printoptions"),
    ("torch", "use_deterministic_algorithms"),
    ("warnings", "filterwarnings"),
    ("warnings", "simplefilter"),
    ("xarray", "set_options"),
}
#: Of these the first argument says which setting it is.
_BY_NAME = frozenset({"add_type", "addLevelName", "pickle", "register_adapter", "register_converter"}) | {
    "register_dialect",
    "register_error",
    "set_option",
}
#: They change what code does that does not name their module.
_EVERYWHERE = frozenset({"builtins", "codecs", "gc", "socket", "sys", "warnings"})
#: What a function's or class's own statement decides; other attributes are set again.
_MACHINERY = frozenset({"__annotations__", "__bases__", "__code__", "__module__", "__qualname__", "__signature__"})
_MISSING = object()
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class _Effect:
    key: str  # what it changes: the newest effect on it is the one in force
    node: ast.stmt
    logged: LoggedCell
    package: str  # the library; "" where it is on a class of the notebook
    owner: Any = None  # that class


def replay(closure: ClosureBuilder) -> None:
    """Take in the effects on libraries that the service uses, until no effect brings in another library."""
    _tell(closure)
    waiting = list(_newest(closure))
    while ready := [effect for effect in waiting if _is_used(closure, effect)]:
        waiting = [effect for effect in waiting if effect not in ready]
        for effect in ready:
            _take(closure, effect)
        closure.take_in()
    if _is_imported(closure, "pandas"):
        pandas_options.replay(closure)


def _tell(closure: ClosureBuilder) -> None:
    """What cells did to the machinery of a function or class that the service has by its own statement."""
    for logged in closure.log.newest_first():
        for node in statements(logged.tree.body):
            assigned = _assignment(node)
            target = assigned.targets[0] if assigned is not None else None
            if not isinstance(target, ast.Attribute) or target.attr not in _MACHINERY:
                continue
            owner = _resolve(closure, target.value)
            if any(owner is one for one in closure.found.live.values()) and _package(owner) in {"__main__", ""}:
                told = ast.unparse(target)
                message = (
                    f"{told} was set by this cell; the service has what {ast.unparse(target.value)}'s statement says"
                )
                closure.warn(message, "write it into that statement", closure.log.where(logged, told))


def _newest(closure: ClosureBuilder) -> Iterator[_Effect]:
    """Effects still in force, in the order in which they ran."""
    found: dict[str, _Effect] = {}
    for logged in reversed(list(closure.log.newest_first())):
        if logged.cell.raw.lstrip().startswith("%%startup"):
            continue  # it runs again as a whole
        for node in statements(logged.tree.body):
            effect = _effect(closure, logged, node)
            if effect is not None:
                found.pop(effect.key, None)
                found[effect.key] = effect
    yield from found.values()


def _is_used(closure: ClosureBuilder, effect: _Effect) -> bool:
    package = effect.package
    if package in _EVERYWHERE:
        return True
    if not package:
        return all(_is_taken(closure, name) for name in ast.walk(effect.node) if isinstance(name, ast.Name))
    return _is_imported(closure, package)


def _is_imported(closure: ClosureBuilder, package: str) -> bool:
    names = {module.partition(".")[0] for module in (*closure.found.modules, *closure.helpers.distributed)}
    used = (word for lines in closure.found.imports.values() for line in lines for word in line.split())
    return package in names or package in {word.partition(".")[0] for word in used}


def _is_taken(closure: ClosureBuilder, name: ast.Name) -> bool:
    value = closure.namespace.get(name.id)
    if name.id in closure.found.nodes:
        return True
    return any(value is one for one in closure.found.live.values()) or _package(value) not in {"", "__main__"}


def _effect(closure: ClosureBuilder, logged: LoggedCell, node: ast.stmt) -> _Effect | None:
    assigned = _assignment(node)
    if assigned is not None and isinstance(assigned.targets[0], ast.Attribute):
        return _patch(closure, logged, assigned, assigned.targets[0])
    if assigned is not None and isinstance(assigned.targets[0], ast.Subscript):
        return _item(closure, logged, assigned, assigned.targets[0])
    if isinstance(node, (ast.Expr, ast.Assign)) and isinstance(node.value, ast.Call):
        return _setting(closure, logged, ast.copy_location(ast.Expr(node.value), node.value), node.value)
    if isinstance(node, _DEFINITIONS):
        return _registration(closure, logged, node)
    return None


def _assignment(node: ast.stmt) -> ast.Assign | None:
    """``a.b = c`` and ``a[b] = c``, also where it is written ``setattr(a, "b", c)`` or ``a.b += c``."""
    if isinstance(node, ast.Assign):
        return node if len(node.targets) == 1 else None
    if isinstance(node, ast.AugAssign) and not isinstance(node.target, ast.Name):
        return ast.copy_location(ast.Assign([node.target], node.value), node)
    call = node.value if isinstance(node, ast.Expr) else None
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "setattr":
        owner, name, *value = [*call.args, None, None][:3]
        if owner is not None and isinstance(name, ast.Constant) and isinstance(value[0], ast.expr):
            target = ast.Attribute(owner, str(name.value), ast.Store())
            return ast.copy_location(ast.Assign([target], value[0]), node)
    return None


def _item(closure: ClosureBuilder, logged: LoggedCell, node: ast.Assign, target: ast.Subscript) -> _Effect | None:
    """``matplotlib.rcParams["…"] = …``; variables of the environment and loaded modules have rules of their own."""
    root = closure.namespace.get(_root(target.value))
    if not isinstance(root, ModuleType) or _package(root) in {"__main__", "os", "sys"}:
        return None
    return _Effect(ast.unparse(target), node, logged, _package(root))


def _patch(closure: ClosureBuilder, logged: LoggedCell, node: ast.Assign, target: ast.Attribute) -> _Effect | None:
    owner = _resolve(closure, target.value)
    root = closure.namespace.get(_root(target.value))
    if not isinstance(owner, (ModuleType, type)) and isinstance(root, ModuleType) and owner is not None:
        return _Effect(ast.unparse(target), node, logged, _package(root))  # ``pd.options.mode.copy_on_write = True``
    if _is_part(owner, target.value):
        return _Effect(ast.unparse(target), node, logged, "")
    if not isinstance(owner, (ModuleType, type)) or _package(owner) in {"__main__", ""}:
        context = ast.unparse(target.value).endswith("getcontext()")
        return _Effect(ast.unparse(target), node, logged, "decimal") if context else None
    value = vars(owner).get(target.attr, _MISSING)
    if value is _MISSING or (isinstance(value, FunctionType) and _package(value) == _package(owner)):
        return None  # taken back since
    return _Effect(f"{id(owner)}.{target.attr}", node, logged, _package(owner))


def _is_part(owner: object, expression: ast.expr) -> bool:
    """Whether this is something of the notebook's that its own statement makes anew without attributes set since: a
    method, a member of an enum, a ``NewType``.
    """
    if isinstance(owner, FunctionType):
        return _package(owner) == "__main__" and isinstance(expression, ast.Attribute)
    return isinstance(owner, typing.NewType) or (isinstance(owner, enum.Enum) and type(owner).__module__ == "__main__")


def _setting(closure: ClosureBuilder, logged: LoggedCell, node: ast.Expr, call: ast.Call) -> _Effect | None:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name == "register" and isinstance(call.func, ast.Attribute):
        owner = _resolve(closure, call.func.value)  # a virtual subclass of an abstract class
        own = [owner, *(_resolve(closure, one) for one in call.args)]
        if isinstance(owner, ABCMeta) and any(getattr(one, "__module__", "") == "__main__" for one in own):
            return _Effect(ast.unparse(node), node, logged, "", owner)
    if name == "setLevel" and isinstance(call.func, ast.Attribute):
        logger = _resolve(closure, call.func.value)  # the root's is the operator's affair
        is_own = isinstance(logger, logging.Logger) and logger is not logging.root
        return _Effect(ast.unparse(call.func), node, logged, "logging") if is_own else None
    if name not in {setting for _, setting in SETTINGS}:
        return None
    root = _root(call.func)
    value = closure.namespace.get(root) if root else None
    package = _package(value if isinstance(value, ModuleType) else _resolve(closure, call.func))
    if (package, name) not in SETTINGS:
        return None
    first = ast.unparse(call.args[0]) if name in _BY_NAME and call.args else ""
    return _Effect(f"{package}.{name} {first}", node, logged, package)


def _registration(closure: ClosureBuilder, logged: LoggedCell, node: Any) -> _Effect | None:
    for decorator in node.decorator_list:
        function = decorator.func if isinstance(decorator, ast.Call) else decorator
        registers = isinstance(function, ast.Attribute) and function.attr.startswith("register")
        registers = registers or (isinstance(function, ast.Name) and function.id.startswith("register"))
        package = _package(_resolve(closure, function)) if registers else ""
        if package not in {"__main__", "", "functools"}:
            return _Effect(f"{ast.unparse(decorator)}", node, logged, package)
    return None


def _resolve(closure: ClosureBuilder, expression: ast.expr) -> Any:
    """What a dotted name means now; None where it is no dotted name."""
    if isinstance(expression, ast.Name):
        return closure.namespace.get(expression.id)
    if isinstance(expression, ast.Attribute):
        return getattr(_resolve(closure, expression.value), expression.attr, None)
    return None


def _root(expression: ast.expr) -> str:
    while isinstance(expression, ast.Attribute):
        expression = expression.value
    return expression.id if isinstance(expression, ast.Name) else ""


def _package(value: Any) -> str:
    name = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
    return name.partition(".")[0] if isinstance(name, str) else ""


def _take(closure: ClosureBuilder, effect: _Effect) -> None:
    node = effect.node
    where = closure.log.where(effect.logged, _title(node))
    if isinstance(node, _DEFINITIONS):
        if closure.namespace.get(node.name) is not None:
            closure.need(node.name, where)
        return
    source = source_of(effect.logged, node)
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute):
        owner = _resolve(closure, node.targets[0].value)
        if isinstance(owner, (ModuleType, type)):
            value = vars(owner)[node.targets[0].attr]
            source = f"{ast.unparse(node.targets[0])} = {closure.expression(value, node.targets[0].attr, where)}"
    names = names_of(source)
    for name in sorted(names.at_definition | names.when_called):
        closure.need(name, where)
    definition = Definition(name=where.name, kind="statement", source=source, where=where)
    position = (effect.logged.cell.number, first_line(node))
    closure.found.nodes[where.name] = Node(definition, position, names.at_definition, names.when_called)


def _title(node: ast.stmt) -> str:
    if isinstance(node, ast.Assign):
        return ast.unparse(node.targets[0])
    return ast.unparse(node.value)[:60] if isinstance(node, ast.Expr) else getattr(node, "name", "")
