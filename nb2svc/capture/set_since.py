"""Attributes that cells set on classes: where their statements must stand among the definitions.

After all of them, as definitions may change what a statement sets; but before what read the attribute while it was
defined (in a decorator, a default or a class body) and after what had read it before.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..values import Definition
from .names import names_of
from .ordering import Node, reachable
from .syntax import nodes_of

if TYPE_CHECKING:
    from .closure import ClosureBuilder

Position = tuple[int, int]
_DEFINED = frozenset({"function", "class", "statement"})  # what runs again in the service
_MAKERS = frozenset({"__new__", "__init__", "__post_init__", "__call__"})
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@dataclass(frozen=True)
class SetSince:
    """An attribute that is not what the class statement gave it.

    ``positions`` are those of the statements that set it since; none where something else did. ``filled``: it is a
    container that holds something else by now, most often as definitions put themselves into it.
    """

    owner: str
    name: str
    line: str
    positions: tuple[Position, ...] = ()
    filled: bool = False


def place(closure: ClosureBuilder, found: Iterable[SetSince]) -> None:
    """Give each a place among the definitions, or say that there is none."""
    nodes = closure.found.nodes
    last: dict[str, list[str]] = {}
    for one in found:
        before, after = [], []
        for reader in () if one.filled else _readers(one, nodes):
            when = nodes[reader].position
            if one.positions and when > max(one.positions):
                after.append(reader)
            elif one.positions and when < min(one.positions):
                before.append(reader)
            else:
                where = nodes[reader].definition.where
                message = f"{reader} read {one.owner}.{one.name} while it was defined, and it was changed since"
                closure.problem(message, f"run the cell of {where.name or reader} again", where)
        if not after:
            last.setdefault(one.owner, []).append(one.line)
            continue
        key = f"{one.owner}.{one.name}"
        needs = names_of(one.line)
        definition = Definition(
            name=key,
            kind="statement",
            source=one.line,
            where=replace(nodes[one.owner].definition.where, name=key),
        )
        early = needs.at_definition | {one.owner, *before}
        nodes[key] = Node(definition, max(one.positions), early, needs.when_called)
        for reader in after:
            nodes[reader] = replace(nodes[reader], at_definition=nodes[reader].at_definition | {key})
    for owner, lines in last.items():
        closure.add_attributes(owner, lines, last=True)


def _readers(one: SetSince, nodes: Mapping[str, Node]) -> list[str]:
    """The definitions that may read the attribute while they are defined."""
    return [
        name
        for name, node in nodes.items()
        if name != one.owner and node.definition.kind in _DEFINED and _reads(one, node, nodes)
    ]


def _reads(one: SetSince, node: Node, nodes: Mapping[str, Node]) -> bool:
    called = {deep for name in node.at_definition for deep in (name, *reachable(name, nodes))}
    if one.owner not in called:
        return False
    at_once = [*_at_once(nodes_of(node.definition.source)[:1])]
    if _mentions(one.name, at_once):
        return True
    if not any(isinstance(part, ast.Call) or getattr(part, "decorator_list", ()) for part in at_once):
        return False  # nothing runs but the statement itself
    others = [nodes[name].definition for name in sorted(called) if name in nodes]
    functions = [part for other in others if other.kind == "function" for part in nodes_of(other.source)]
    methods = [part for other in others if other.kind == "class" for part in _methods(other.source, at_once, functions)]
    return _mentions(one.name, [*functions, *methods])


def _methods(source: str, *callers: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The nodes of a class's methods that the callers may run: those that they name, and those that Python runs."""
    named = {getattr(part, "attr", getattr(part, "id", "")) for caller in callers for part in caller}
    for kind in (part for part in nodes_of(source) if isinstance(part, ast.ClassDef)):
        runs = {"__init_subclass__", "__set_name__"} | (_MAKERS if kind.name in named else set())
        for method in kind.body:
            if isinstance(method, _FUNCTIONS) and getattr(method, "name", "") in named | runs:
                yield from ast.walk(method)


def _at_once(waiting: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The nodes that run with a definition: not the bodies of its functions."""
    stack = [*waiting]
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, _FUNCTIONS):
            stack += [*getattr(node, "decorator_list", ()), *node.args.defaults, *filter(None, node.args.kw_defaults)]
        else:
            stack += ast.iter_child_nodes(node)


def _mentions(attribute: str, nodes: Iterable[ast.AST]) -> bool:
    """Whether code reads an attribute of this name, of whatever; ``getattr`` has it as a text."""
    return any(
        (isinstance(one, ast.Attribute) and one.attr == attribute and isinstance(one.ctx, ast.Load))
        or (isinstance(one, ast.Constant) and one.value == attribute)
        for one in nodes
    )
