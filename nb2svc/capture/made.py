"""Functions that calls made: their source stands inside another function, what they close over is alive.

Each becomes a small factory in ``service/notebook.py`` and one call of it. Functions that rebind a variable they share
(``nonlocal``), and those that call each other, come from one factory, so that they share it there as well.
"""

from __future__ import annotations

import ast
import dis
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import CellType, CodeType, FunctionType
from typing import Any

from ..fingerprint import name_of
from .located import Located
from .sources import indent

_REBINDING = {"STORE_DEREF", "DELETE_DEREF"}


@dataclass
class Made:
    """One function that a call made. ``arguments`` are the expressions for what it closes over."""

    name: str  # in service/notebook.py
    function: FunctionType
    located: Located
    piece: str = ""  # its own text, what the defaults are included
    arguments: dict[str, str] = field(default_factory=dict)
    siblings: dict[str, FunctionType] = field(default_factory=dict)  # closed-over functions of the same call
    exported: bool = False  # has a name at the top level, not only inside the factory

    @property
    def cells(self) -> dict[str, CellType]:
        return cells_of(self.function)


class ConflictError(Exception):
    """Functions that must share a variable but use one name for two different ones."""


def cells_of(function: FunctionType) -> dict[str, CellType]:
    return dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))


def content(cell: CellType) -> tuple[Any] | None:
    """What a cell holds, in a tuple; None for an empty one."""
    try:
        return (cell.cell_contents,)
    except ValueError:
        return None


def rebinds(code: CodeType) -> set[str]:
    """Variables of the scopes around that this code assigns or deletes."""
    names = {str(one.argval) for one in dis.get_instructions(code) if one.opname in _REBINDING} & set(code.co_freevars)
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            names |= rebinds(inner) & set(code.co_freevars)
    return names


def is_sibling(one: Located, function: FunctionType, other: Located, value: FunctionType) -> bool:
    """Whether ``value``, which ``function`` closes over, came from the same call: then they know each other."""
    if _place(one) != _place(other):
        return False
    cells = cells_of(function).values()
    return any(cell in cells for cell in cells_of(value).values()) or any(
        content(cell) == (function,) for cell in cells_of(value).values()
    )


def _place(located: Located) -> tuple[str, int, int] | None:
    if not located.parents:
        return None
    parent = located.parents[-1]
    return located.logged.cell.filename, parent.lineno, parent.col_offset


def families(made: Iterable[Made]) -> list[list[Made]]:
    """Functions that must come from one call of one factory, in the order of their text."""
    every = list(made)
    leader = {id(one): one for one in every}
    by_function = {id(one.function): one for one in every}

    def join(first: Made, second: Made) -> None:
        old, new = leader[id(second)], leader[id(first)]
        for one in every:
            if leader[id(one)] is old:
                leader[id(one)] = new

    for one in every:
        for sibling in one.siblings.values():
            join(one, by_function[id(sibling)])
    for cell, users in _users(every).items():
        names = {name for one in users for name, own in one.cells.items() if id(own) == cell}
        if any(names & rebinds(one.function.__code__) for one in users):
            for other in users[1:]:
                join(users[0], other)
    found: dict[int, list[Made]] = {}
    for one in every:
        found.setdefault(id(leader[id(one)]), []).append(one)
    return [sorted(family, key=_line) for family in found.values()]


def _users(made: Iterable[Made]) -> Mapping[int, list[Made]]:
    users: dict[int, list[Made]] = {}
    for one in made:
        for cell in one.cells.values():
            users.setdefault(id(cell), []).append(one)
    return users


def _line(one: Made) -> tuple[int, int]:
    return one.located.node.lineno, one.located.node.col_offset


def factory_source(family: list[Made]) -> str:
    """The factory of a family and its call. Raises ``ConflictError`` where one name would have to be two variables."""
    own = _own_names(family)
    arguments = _arguments(family, own)
    exported = [one for one in family if one.exported]
    factory = "_make_" + "_".join(one.name.lstrip("_") for one in exported)
    body = [line for one in family for line in _definition(one, own[id(one)], only=len(family) == 1)]
    if len(family) > 1 or not isinstance(family[0].located.node, ast.Lambda):
        body.append("return " + ", ".join(own[id(one)] for one in exported))
    lines = [f"def {factory}({', '.join(arguments)}):", *(indent(part) for part in body), "", ""]
    given = ", ".join(f"{name}={text}" for name, text in arguments.items())
    lines.append(f"{', '.join(one.name for one in exported)} = {factory}({given})")
    return "\n".join(lines)


def _own_names(family: list[Made]) -> dict[int, str]:
    """What each function is called inside the factory: as its siblings call it, else by its own name."""
    called = {id(sibling): name for one in family for name, sibling in one.siblings.items()}
    names = {}
    for one in family:
        own = name_of(one.located.node)
        names[id(one)] = called.get(id(one.function), one.name if own == "<lambda>" else own)
    if len(set(names.values())) < len(names):
        raise ConflictError
    return names


def _arguments(family: list[Made], own: Mapping[int, str]) -> dict[str, str]:
    arguments: dict[str, str] = {}
    cells: dict[str, CellType] = {}
    for one in family:
        for name, text in one.arguments.items():
            if cells.setdefault(name, one.cells[name]) is not one.cells[name] or name in own.values():
                raise ConflictError
            arguments[name] = text
    return dict(sorted(arguments.items()))


def _definition(one: Made, name: str, *, only: bool) -> Iterator[str]:
    node = one.located.node
    if isinstance(node, ast.Lambda):
        yield f"return {one.piece}" if only else f"{name} = {one.piece}"
        return
    yield one.piece
    yield ""
    if node.name != name:
        yield f"{name} = {node.name}"
