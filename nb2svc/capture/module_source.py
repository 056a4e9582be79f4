"""What a module's text says: its definitions, constants, imports, and the statements beside them."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field

from .constants import UNKNOWN, constant_value

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_DYNAMIC = frozenset({"globals", "exec", "eval", "setattr", "__getattr__"})
_MUTATORS = frozenset(
    {"append", "add", "update", "setdefault", "pop", "popitem", "clear", "extend", "insert", "remove", "discard"}
)


@dataclass(frozen=True)
class ModuleSource:
    """The top level of a module (or of a class body)."""

    definitions: list[ast.stmt]  # undecorated or not, each the only binding of its name
    constants: dict[str, ast.expr]  # name → expression, where it is constant and bound just once
    imports: list[ast.Import | ast.ImportFrom]
    others: list[ast.stmt]  # every other statement, blocks without what they define
    shapes: dict[str, str] = field(default_factory=dict)  # definition → its decorators and bases
    counts: Counter[str] = field(default_factory=Counter)  # how often the top level binds each name
    bound: frozenset[str] = frozenset()
    own_state: frozenset[str] = frozenset()  # names that the module's own functions change
    is_dynamic: bool = False  # binds names that cannot be read off


def module_source(source: str | ast.ClassDef) -> ModuleSource:
    """Read a module or a class body. Raises ``SyntaxError``."""
    tree: ast.Module | ast.ClassDef = ast.parse(source) if isinstance(source, str) else source
    flat = list(_flat(tree.body))
    counts = Counter(name for node in flat for name in _bound(node))
    globally = {name for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names}
    once = {name for name, count in counts.items() if count == 1}
    constants = {}
    others = []
    for node in flat:
        pair = assignment(node)
        if pair is not None and constant_value(pair[1]) is not UNKNOWN:
            if pair[0] in once and node in tree.body:
                constants[pair[0]] = pair[1]
        elif not isinstance(node, (*_DEFINITIONS, ast.Import, ast.ImportFrom, ast.Pass)) and not _is_text(node):
            others.append(_shell(node))
    return ModuleSource(
        definitions=[node for node in tree.body if isinstance(node, _DEFINITIONS) and node.name in once],
        constants=constants,
        imports=[node for node in flat if isinstance(node, (ast.Import, ast.ImportFrom))],
        others=others,
        shapes=dict(_shapes(tree.body, "")),
        counts=counts,
        bound=frozenset(counts) | globally,
        own_state=frozenset(globally | _mutated(tree)),
        is_dynamic=_is_dynamic(tree),
    )


def decorated(node: ast.stmt) -> bool:
    return bool(getattr(node, "decorator_list", []))


def imported_once(source: ModuleSource) -> dict[str, tuple[str, str]]:
    """Bound name → (module, attribute) of absolute imports, where nothing else binds the name."""
    found: dict[str, list[tuple[str, str]]] = {}
    for node in source.imports:
        for alias in node.names:
            if isinstance(node, ast.Import):
                top = alias.name.partition(".")[0]
                found.setdefault(alias.asname or top, []).append((alias.name if alias.asname else top, ""))
            elif not node.level and node.module and alias.name != "*":
                found.setdefault(alias.asname or alias.name, []).append((node.module, alias.name))
    return {
        name: origins[0]
        for name, origins in found.items()
        if len(set(origins)) == 1 and source.counts[name] == len(origins)
    }


def _flat(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements of the top level, those in blocks too."""
    for node in body:
        yield node
        if isinstance(node, _DEFINITIONS):
            continue
        for part in ("body", "orelse", "finalbody"):
            yield from _flat(getattr(node, part, []))
        for handler in [*getattr(node, "handlers", []), *getattr(node, "cases", [])]:
            yield from _flat(handler.body)


def _bound(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, _DEFINITIONS):
        yield node.name
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
    elif hasattr(node, "body"):  # a block: its statements come by themselves
        heads = [getattr(node, "target", None), *(item.optional_vars for item in getattr(node, "items", []))]
        heads += [handler for handler in getattr(node, "handlers", []) if handler.name]
        for head in heads:
            if isinstance(head, ast.ExceptHandler):
                yield str(head.name)
            elif head is not None:
                yield from _stored(head)
    else:
        yield from _stored(node)


def _stored(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, (ast.Store, ast.Del)):
            yield part.id


def assignment(node: ast.AST) -> tuple[str, ast.expr] | None:
    """The name and the expression of ``name = expression``, annotated or not."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id, node.value
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
        return node.target.id, node.value
    return None


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _shell(node: ast.stmt) -> ast.stmt:
    """A block without its body: that comes by itself."""
    if not hasattr(node, "body"):
        return node
    empty = copy(node)
    for name in _BLOCKS:
        if hasattr(empty, name):
            setattr(empty, name, [])
    return empty


_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")


def _shapes(body: list[ast.stmt], prefix: str) -> Iterator[tuple[str, str]]:
    """What of a definition runs when it is defined, and is not in its code: decorators, bases, class statements."""
    for node in body:
        if not isinstance(node, _DEFINITIONS):
            continue
        name = prefix + node.name
        parts: list[ast.AST] = [*node.decorator_list]
        if isinstance(node, ast.ClassDef):
            parts += [*node.bases, *node.keywords]
            parts += [
                one
                for one in node.body
                if not isinstance(one, _DEFINITIONS) and not _is_text(one) and assignment(one) is None
            ]
            parts += [one for one in node.body if isinstance(one, (ast.Assign, ast.AnnAssign)) and _is_made(one)]
            yield from _shapes(node.body, f"{name}.")
        else:
            defaults = [*node.args.defaults, *(one for one in node.args.kw_defaults if one is not None)]
            parts += [one for one in defaults if constant_value(one) is UNKNOWN]
        yield name, "\n".join(ast.dump(part) for part in parts)


def _is_made(node: ast.Assign | ast.AnnAssign) -> bool:
    return node.value is None or constant_value(node.value) is UNKNOWN


def _mutated(tree: ast.AST) -> set[str]:
    """Names whose objects the module's own functions change: ``_CACHE[key] = …``, ``SEEN.add(…)``."""
    names = set()
    for function in ast.walk(tree):
        if not isinstance(function, _FUNCTIONS):
            continue
        for node in ast.walk(function):
            if isinstance(node, (ast.Subscript, ast.Attribute)) and isinstance(node.ctx, (ast.Store, ast.Del)):
                target: ast.expr | None = node.value
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _MUTATORS:
                target = node.func.value
            else:
                continue
            if isinstance(node, ast.Attribute):
                names.add(node.attr)
            if isinstance(target, (ast.Name, ast.Attribute)):
                names.add(target.id if isinstance(target, ast.Name) else target.attr)
    return names - {"self", "cls"}


def _is_dynamic(tree: ast.AST) -> bool:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            return True
        if isinstance(node, ast.Name) and node.id in _DYNAMIC:
            return True
        if isinstance(node, ast.FunctionDef) and node.name in _DYNAMIC:
            return True
    return False
