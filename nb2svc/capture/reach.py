"""Which parts of helper modules captured code can reach, by name: a file that only ``train()`` reads is not needed."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from .syntax import REMEMBERED, tree_of

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def names_in(node: ast.AST) -> set[str]:
    """Every name, attribute, imported name and text that may be the name of something."""
    names: set[str] = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            names.add(part.id)
        elif isinstance(part, ast.Attribute):
            names.add(part.attr)
        elif isinstance(part, ast.ImportFrom):
            names |= {alias.name for alias in part.names}
        elif isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value.isidentifier():
            names.add(part.value)
    return names


def names_in_sources(sources: Iterable[str]) -> set[str]:
    """:func:`names_in` of pieces of code; what is no Python has none."""
    return {name for source in sources for name in _names_in_source(source)}


@lru_cache(maxsize=REMEMBERED)
def _names_in_source(source: str) -> frozenset[str]:
    tree = tree_of(source)
    return frozenset() if tree is None else frozenset(names_in(tree))


def reached(modules: Mapping[str, ast.Module], used: set[str], whole: Iterable[str] = ()) -> dict[str, list[ast.stmt]]:
    """The statements of each module that run, given the names that captured code uses.

    The top level runs; a function or a class counts where its name is used by what counts. Of the modules in
    ``whole`` everything counts: pickles name their classes.
    """
    known = set(used)
    entire = set(whole)
    waiting: dict[str, list[tuple[str, ast.stmt]]] = {}  # name → where it is defined, and how
    found: dict[str, list[ast.stmt]] = {name: [] for name in modules}
    for name, tree in modules.items():
        for node in _top_level(tree.body):
            for later, part in () if name in entire else _waits(node):
                waiting.setdefault(later, []).append((name, part))
            if name in entire or not isinstance(node, (*_DEFINITIONS, ast.Import, ast.ImportFrom)):
                found[name].append(node)
                known |= names_in(node)
            elif isinstance(node, _DEFINITIONS):
                known |= {one for part in [*node.decorator_list, *_defaults(node)] for one in names_in(part)}
    fresh = known & waiting.keys()
    while fresh:
        for name in fresh:
            for module, node in waiting.pop(name):
                found[module].append(node)
                known |= names_in(node)
        fresh = known & waiting.keys()
    return found


def _waits(node: ast.stmt) -> Iterator[tuple[str, ast.stmt]]:
    """What counts only where its name is used: definitions, and what an import renames."""
    if isinstance(node, _DEFINITIONS):
        yield node.name, node
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        yield from ((alias.asname, ast.Expr(ast.Name(alias.name))) for alias in node.names if alias.asname)


def _top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'":
            continue
        yield node


def _defaults(node: ast.stmt) -> list[ast.expr]:
    if isinstance(node, ast.ClassDef):
        return [*node.bases, *(keyword.value for keyword in node.keywords)]
    arguments: ast.arguments = node.args  # type: ignore[attr-defined]
    return [*arguments.defaults, *(one for one in arguments.kw_defaults if one is not None)]
