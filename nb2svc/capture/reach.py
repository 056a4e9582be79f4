"""Which parts of helper modules captured code can reach, by name: a file that only ``train()`` reads is not needed."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping

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
    found: set[str] = set()
    for source in sources:
        try:
            found |= names_in(ast.parse(source))
        except SyntaxError:
            continue
    return found


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
            if isinstance(node, _DEFINITIONS) and name not in entire:
                waiting.setdefault(node.name, []).append((name, node))
                for part in [*node.decorator_list, *_defaults(node)]:
                    known |= names_in(part)
            elif isinstance(node, (ast.Import, ast.ImportFrom)):  # what it imports counts where it is used
                for alias in node.names:
                    if alias.asname:
                        waiting.setdefault(alias.asname, []).append((name, ast.Expr(ast.Name(alias.name))))
            else:
                found[name].append(node)
                known |= names_in(node)
    fresh = known & waiting.keys()
    while fresh:
        for name in fresh:
            for module, node in waiting.pop(name):
                found[module].append(node)
                known |= names_in(node)
        fresh = known & waiting.keys()
    return found


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
