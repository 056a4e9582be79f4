"""``%%startup`` cells as functions of ``service/notebook.py``."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from .cells import bound_names, statements
from .names import names_of
from .sources import indent


def names_bound(source: str) -> tuple[str, ...]:
    """Names that a startup cell gives to the notebook, sorted."""
    return tuple(sorted({name for node in statements(ast.parse(source).body) for name in bound_names(node)}))


def free_name(taken: Iterable[str], number: int) -> str:
    """``startup``, ``startup_2``, …: a function name that the notebook does not use itself."""
    used = set(taken)
    name = "startup" if number == 1 else f"startup_{number}"
    while name in used:
        name = f"{name}_cell"
    return name


def function_source(handler: str, source: str) -> str:
    """The cell as a function: what it binds is global, as in the notebook; ``await`` makes it async."""
    body = source.strip("\n").rstrip()
    names = names_bound(source)
    head = [f"{'async ' if _awaits(source) else ''}def {handler}():"]
    if names:
        head.append(f"    global {', '.join(names)}")
    return "\n".join([*head, indent(body)])


def needs(source: str) -> frozenset[str]:
    """Global names that the cell uses but does not bind."""
    names = names_of(source)
    return names.at_definition | names.when_called | names.if_bound


def _awaits(source: str) -> bool:
    """Whether ``await``, ``async for`` or ``async with`` stands at the cell's top level."""
    stack: list[ast.AST] = [ast.parse(source)]
    while stack:
        node = stack.pop()
        if isinstance(node, (ast.Await, ast.AsyncFor, ast.AsyncWith)):
            return True
        scopes = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
        stack += [child for child in ast.iter_child_nodes(node) if not isinstance(child, scopes)]
    return False
