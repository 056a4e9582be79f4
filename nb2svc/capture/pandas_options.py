"""Options of pandas as they are in the kernel, whatever set them: a function, a loop, or pandas itself.

A notebook shows up to 20 columns of a DataFrame by default, another process as many as its terminal has room for, so
the text of a frame would be another one in the service.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..values import Definition, Where
from .constants import UNKNOWN
from .expressions import Place, Scope, called_name, places_in
from .literals import is_literal
from .ordering import Node

if TYPE_CHECKING:
    from .closure import ClosureBuilder

_COLUMNS = "display.max_columns"
_OF_THE_MACHINE = frozenset({"display.encoding"})
_TEXTS = frozenset({"format", "print", "repr", "str"})
_TEXT_METHODS = frozenset({"__repr__", "__str__", "_repr_html_"})
_DEPTH = 10  # of names that are defined by each other


def replay(closure: ClosureBuilder) -> None:
    """Set what is no default in a service, and no statement of a cell that is run again."""
    nodes = closure.found.nodes
    again = [one.definition for one in nodes.values() if one.definition.kind in {"startup", "statement"}]
    known = " ".join(one.source for one in again)
    sources = [one.definition.source for one in nodes.values()]
    options = dict(_changed(sources, closure.namespace))
    lines = {name: value for name, value in options.items() if name.rpartition(".")[2] not in known}
    if not lines:
        return
    pandas = sys.modules["pandas"]
    imported = (name for name in closure.found.imports if closure.namespace.get(name) is pandas)
    alias = next(imported, "pandas")
    closure.found.imports.setdefault(alias, ("import pandas",))
    source = "\n".join(f"{alias}.set_option({name!r}, {value!r})" for name, value in lines.items())
    where = Where(notebook=closure.log.notebook, name="options of pandas")
    definition = Definition(name=where.name, kind="statement", source=source, where=where)
    nodes[where.name] = Node(definition, (0, 0), at_definition=frozenset())


def _changed(sources: Iterable[str], values: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """Options that a service would not have by itself, with their values."""
    pandas, config = sys.modules.get("pandas"), sys.modules.get("pandas._config.config")
    deprecated: Mapping[str, Any] = getattr(config, "_deprecated_options", {})
    registered: Mapping[str, Any] = getattr(config, "_registered_options", {})
    for name, option in registered.items():
        if pandas is None or name in deprecated or name in _OF_THE_MACHINE:
            continue
        value = pandas.get_option(name)
        shown = name == _COLUMNS and value != 0 and shows_frames(sources, values)
        if is_literal(value) and (shown or value != option.defval):
            yield name, value


def shows_frames(sources: Iterable[str], values: Mapping[str, Any]) -> bool:
    """Whether code takes the text of a DataFrame, as far as anybody can see."""
    return any(_shows_a_frame(place) for source in sources for place in places_in(source, values))


def _shows_a_frame(place: Place) -> bool:
    node, scope = place
    if isinstance(node, ast.FormattedValue):
        return node.format_spec is None and _is_frame(node.value, scope)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and called_name(node) in _TEXTS:
        return any(_is_frame(one, scope) for one in node.args)
    return isinstance(node, ast.Attribute) and node.attr in _TEXT_METHODS and _is_frame(node.value, scope)


def _is_frame(node: ast.expr, scope: Scope, depth: int = 0) -> bool:
    """Whether an expression begins with a DataFrame or with pandas: ``df.head()``, ``pd.DataFrame(rows)``."""
    while isinstance(node, (ast.Attribute, ast.Call, ast.Subscript)):
        node = node.func if isinstance(node, ast.Call) else node.value
    if not isinstance(node, ast.Name) or depth > _DEPTH:
        return False
    value, inner = scope.find(node.id)
    if isinstance(value, ast.expr):
        return _is_frame(value, inner, depth + 1)
    if value is UNKNOWN:
        return "DataFrame" in inner.annotation(node.id)
    return value is sys.modules.get("pandas") or type(value).__module__ == "pandas.core.frame"
