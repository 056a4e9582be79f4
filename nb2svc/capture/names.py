"""Which global names a piece of source needs, and when: while it is defined, or only when it is called."""

from __future__ import annotations

import ast
import re
import symtable
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from .rewriting import replaced
from .syntax import REMEMBERED, nodes_of

_COMPREHENSIONS = ("listcomp", "setcomp", "dictcomp", "genexpr")


@dataclass(frozen=True)
class Names:
    """Global names of one definition.

    ``at_definition`` must be bound before the statement runs (decorators, defaults, bases, class bodies);
    ``when_called`` only before its functions run; ``if_bound`` where the notebook binds them at all: annotations,
    and class attributes that may hide a global of the same name. ``modules`` is what its import statements import,
    ``own_used`` the names that it binds and uses itself.
    """

    at_definition: frozenset[str]
    when_called: frozenset[str]
    if_bound: frozenset[str]
    modules: frozenset[str]
    own_used: frozenset[str] = frozenset()

    @property
    def all(self) -> frozenset[str]:
        return self.at_definition | self.when_called | self.if_bound


@lru_cache(maxsize=REMEMBERED)
def names_of(source: str, *, future: bool = False) -> Names:
    """The global names that ``source`` (one or more statements) uses but does not bind itself.

    ``future``: annotations are texts, as ``from __future__ import annotations`` has it.
    Raises ``SyntaxError`` where the source is no Python.
    """
    nodes = nodes_of(source)  # the module comes first
    head = "from __future__ import annotations\n" if future else ""
    evaluated = replaced(source, dict.fromkeys(_local_annotations(nodes[0]), "0")) if nodes else source
    table = symtable.symtable(head + evaluated, "<definition>", "exec")
    found = _Found()
    found.walk(table, called=False)
    found.late |= _names_in_queries(nodes)
    own = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned() or symbol.is_imported()}
    early, late = found.early - own, found.late - own
    return Names(
        at_definition=frozenset(early),
        when_called=frozenset(late - early),
        if_bound=frozenset((found.maybe | _annotation_names(nodes)) - own - early - late),
        modules=frozenset(_imported_modules(nodes)),
        own_used=frozenset((found.early | found.late) & own),
    )


class _Found:
    """Names by when they are needed, gathered over nested scopes."""

    def __init__(self) -> None:
        self.early: set[str] = set()
        self.late: set[str] = set()
        self.maybe: set[str] = set()

    def walk(self, table: symtable.SymbolTable, *, called: bool) -> None:
        kind = str(getattr(table.get_type(), "value", table.get_type()))
        if kind == "function" and table.get_name() not in _COMPREHENSIONS:
            called = True
        for symbol in table.get_symbols():
            self._sort(symbol, kind, called=called)
        for child in table.get_children():
            self.walk(child, called=called)

    def _sort(self, symbol: symtable.Symbol, kind: str, *, called: bool) -> None:
        name = symbol.get_name()
        if kind == "class" and symbol.is_referenced() and symbol.is_assigned():
            self.maybe.add(name)  # ``x = x`` in a class body reads the global
        elif symbol.is_referenced() if kind == "module" else symbol.is_global():
            (self.late if called else self.early).add(name)


def _local_annotations(node: ast.AST, *, local: bool = False) -> Iterator[ast.expr]:
    """The annotations of functions' own variables, which Python never evaluates."""
    if local and isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        yield node.annotation
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        local = not isinstance(node, ast.ClassDef)
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.stmt, ast.excepthandler, ast.match_case)):
            yield from _local_annotations(child, local=local)


def _annotation_names(nodes: Iterable[ast.AST]) -> set[str]:
    """Names in annotations, those written as strings included."""
    annotations: list[ast.expr] = []
    for node in nodes:
        if isinstance(node, ast.arg) and node.annotation:
            annotations.append(node.annotation)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.returns:
            annotations.append(node.returns)
        elif isinstance(node, ast.AnnAssign):
            annotations.append(node.annotation)
    names: set[str] = set()
    for annotation in annotations:
        for node in ast.walk(annotation):
            if isinstance(node, ast.Name):
                names.add(node.id)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                names |= _names_in_string(node.value)
    return names


def _names_in_queries(nodes: Iterable[ast.AST]) -> set[str]:
    """Names after ``@`` in the texts that ``DataFrame.query`` and ``eval`` get, but for the function's own."""
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"query", "eval"}:
            texts = [one.value for argument in node.args for one in ast.walk(argument) if isinstance(one, ast.Constant)]
            names |= {name for text in texts if isinstance(text, str) for name in re.findall(r"@([A-Za-z_]\w*)", text)}
    if names:
        names -= {one.arg for one in nodes if isinstance(one, ast.arg)}
        names -= {one.id for one in nodes if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
    return names


def _names_in_string(text: str) -> set[str]:
    try:
        expression = ast.parse(text, mode="eval")
    except SyntaxError:
        return set()
    return {node.id for node in ast.walk(expression) if isinstance(node, ast.Name)}


def _imported_modules(nodes: Iterable[ast.AST]) -> set[str]:
    """Absolute module names that import statements name."""
    modules: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules.add(node.module)
    return modules
