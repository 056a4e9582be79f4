"""``%%startup`` cells as functions of ``service/notebook.py``."""

from __future__ import annotations

import ast
import dis
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
    body = _plainly_bound(source).strip("\n").rstrip()
    names = names_bound(source)
    head = [f"{'async ' if _awaits(source) else ''}def {handler}():"]
    if names:
        head.append(f"    global {', '.join(names)}")
    return "\n".join([*head, indent(body)])


def _plainly_bound(source: str) -> str:
    """Without annotations of what it binds: a name that is ``global`` takes none."""
    lines = [line.encode() for line in source.split("\n")]
    annotated = [node for node in statements(ast.parse(source).body) if isinstance(node, ast.AnnAssign)]
    for node in sorted(annotated, key=lambda one: (-one.lineno, -one.col_offset)):
        if not isinstance(node.target, ast.Name):
            continue
        value = ast.get_source_segment(source, node.value) if node.value else None
        plain = "pass" if value is None else f"{node.target.id} = ({value})"
        if value is not None and "\n" not in value:
            plain = f"{node.target.id} = {value}"
        first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
        tail = lines[last][node.end_col_offset or 0 :]
        lines[first : last + 1] = [lines[first][: node.col_offset] + plain.encode() + tail]
    return b"\n".join(lines).decode()


def read_first(source: str) -> frozenset[str]:
    """Names that the cell's top level reads before it binds them; what it only tries to read does not count."""
    bound: set[str] = set()
    found: set[str] = set()
    for node in ast.parse(source).body:
        if not isinstance(node, ast.Try):
            found |= names_of(ast.unparse(node)).at_definition - bound
        code = compile(ast.Module([node], []), "<startup>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        for one in dis.get_instructions(code):
            if one.opname == "STORE_NAME":
                bound.add(one.argval)
            elif one.opname == "LOAD_NAME" and one.argval not in bound and not isinstance(node, ast.Try):
                found.add(one.argval)
    return frozenset(found)


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
