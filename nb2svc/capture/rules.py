"""What a live value becomes: the first rule that fits.

A served model · an import · an environment variable · notebook source · a function that a call made · a literal
constant · a pickled live object · a problem that says where it is and what to do.
"""

from __future__ import annotations

import builtins
from types import ModuleType
from typing import TYPE_CHECKING

from ..values import Definition, Where
from . import classes, functions, literals
from .imports import import_statements, modules_in
from .ordering import Node
from .sources import source_of
from .taken import Taken

if TYPE_CHECKING:
    from .closure import ClosureBuilder

_NO_COUNTERPART = {
    "get_ipython": "a service has no IPython: take what it gives as a parameter or constant",
    "exit": "raise fastapi.HTTPException to end a request early",
    "quit": "raise fastapi.HTTPException to end a request early",
}
INJECTED = frozenset({*_NO_COUNTERPART, "display"})
_DISPLAY = '''\
def display(*objects, **options):
    """The notebook's display: a service has no cell to show anything in."""'''


def apply(closure: ClosureBuilder, taken: Taken) -> None:
    """Take in one value by the first rule that fits."""
    for rule in (
        _as_model,
        _as_import,
        _as_secret,
        _as_literal,
        functions.as_function,
        functions.as_cached,
        classes.as_statement,
    ):
        if rule(closure, taken):
            return
    closure.load_as_object(taken.name, taken.value, taken.where, taken.position)


def is_injected(name: str, value: object) -> bool:
    # A wrapper names the module of what it wraps: IPython's own ``open`` says ``_io``. Its globals do not lie.
    told = getattr(value, "__globals__", {}).get("__name__") or getattr(value, "__module__", None)
    module = told or type(value).__module__
    is_ipython = isinstance(module, str) and module.partition(".")[0] in {"IPython", "ipykernel"}
    return is_ipython and (name in INJECTED or hasattr(builtins, name))


def injected(closure: ClosureBuilder, name: str, user: Where) -> None:
    """A name that IPython gives to every notebook."""
    if name == "display":
        definition = Definition(name=name, kind="function", source=_DISPLAY, where=user)
        closure.found.nodes[name] = Node(definition, (0, 0))
        closure.warn("display() shows nothing in a service", "return what the caller is to see", user)
    elif name in _NO_COUNTERPART:
        closure.problem(f"{name}() is IPython's", _NO_COUNTERPART[name], user)


# --- models, imports, constants -----------------------------------------------------------------


def _as_model(closure: ClosureBuilder, taken: Taken) -> bool:
    model = closure.served.get(id(taken.value))
    if model is None:
        return False
    closure.need_model(model.public, taken.original, taken.value, taken.where)
    references = closure.found.model_references[model.public]
    roots = frozenset(
        references.names.get(key, one.__qualname__).partition(".")[0] for key, one in references.notebook.items()
    )
    source = f'{taken.name} = load_model("{model.variable}")'
    definition = Definition(name=taken.name, kind="model", source=source, where=taken.where)
    closure.found.nodes[taken.name] = Node(definition, taken.position, at_definition=roots)
    return True


def _as_import(closure: ClosureBuilder, taken: Taken) -> bool:
    statements = import_statements(closure.log, taken.name, taken.value)
    if not statements:
        if isinstance(taken.value, ModuleType):
            message = f"the module {taken.name} was not imported by name"
            closure.problem(message, f"import {taken.value.__name__}", taken.user)
            return True
        return False
    closure.found.imports[taken.name] = statements
    for statement in statements:
        for module in sorted(modules_in(statement)):
            closure.helpers.need(module, taken.user)
    return True


def _as_secret(closure: ClosureBuilder, taken: Taken) -> bool:
    name, value = taken.name, taken.value
    if not literals.is_secret(taken.original, value):
        return False
    read = f'os.environ["{taken.original}"]' + (".encode()" if isinstance(value, bytes) else "")
    definition = Definition(name=name, kind="environment", source=f"{name} = {read}", where=taken.where)
    closure.found.nodes[name] = Node(definition, taken.position)
    closure.found.imports.setdefault("os", ("import os",))
    closure.found.environment.add(taken.original)
    closure.found.secrets[taken.original] = value.decode() if isinstance(value, bytes) else value
    closure.warn(
        f"{taken.original} looks like a secret: its value stays here, the service reads it from its environment",
        f"set {taken.original} where the service runs",
        taken.where,
    )
    return True


def _as_literal(closure: ClosureBuilder, taken: Taken) -> bool:
    name, value, binding = taken.name, taken.value, taken.binding
    if literals.holds_itself(value):
        return False
    if binding and name == taken.original and literals.says_the_same(binding.node, name, value):
        source: str | None = source_of(binding.logged, binding.node)
    else:
        source = literals.literal_source(name, value)
    if source is None or (isinstance(value, (list, dict, set, tuple)) and closure.is_shared(name, value)):
        return False
    postponed = binding is not None and binding.logged.postpones(binding.node)
    closure.add(name, "constant", source, taken.where, taken.position, postponed=postponed)
    return True
