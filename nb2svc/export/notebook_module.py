"""``service/notebook.py`` and ``service/schemas.py``: the user's own code, laid out as a module."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from ..values import Definition, ServiceSpec
from .formatting import OWN_PACKAGE, docstring, format_source, sort_imports

_BLOCKS = {"function", "class", "startup"}
_LOADED = {"model", "object"}
# what the lines that capture writes call, and the statement that imports it
_SUPPORT = {
    "load_model": f"from {OWN_PACKAGE}.runtime import load_model",
    "load_object": f"from {OWN_PACKAGE}.runtime import load_object",
    "os": "import os",
}
_SUPPORT_OF_KIND = {"model": "load_model", "object": "load_object", "environment": "os"}


def notebook_module(spec: ServiceSpec) -> str:
    """The source of ``service/notebook.py``: docstring, imports, then the definitions in their order."""
    aliases = support_aliases(spec)
    definitions = [_with_aliases(definition, aliases) for definition in _once_each(spec.closure.definitions)]
    imports = sort_imports(
        [*spec.closure.imports, *_support_imports(aliases)],
        python=spec.python,
        own=sorted({helper.name.partition(".")[0] for helper in spec.closure.helpers}),
    )
    head = _docstring(spec) + (f"\n{imports}\n" if imports else "")
    whole = head + _joined(definitions)
    # one odd definition must not cost the others their formatting
    return format_source(whole, python=spec.python) or head + _joined(
        [_formatted(definition, spec.python) for definition in definitions]
    )


def schemas_module(spec: ServiceSpec) -> str:
    """The source of ``service/schemas.py``; "" where nothing was inferred."""
    if not spec.schemas.strip():
        return ""
    source = spec.schemas.strip() + "\n"
    if not _has_docstring(source):
        source = '"""What requests hold and what answers look like, as the examples showed it."""\n\n' + source
    return format_source(source, python=spec.python) or source


def definition_at(text: str, line: int, definitions: Iterable[Definition]) -> Definition | None:
    """The definition that stands at ``line`` (from 1) of a module; a comment belongs to what follows it."""
    by_name = {definition.name: definition for definition in definitions}
    for node in ast.parse(text).body:
        if line <= (node.end_lineno or node.lineno):
            return next((by_name[name] for name in bound_names(node) if name in by_name), None)
    return None


def bound_names(node: ast.stmt) -> Iterator[str]:
    """The names that a top-level statement binds."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
    else:
        yield from (n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))


def import_conflicts(spec: ServiceSpec) -> Iterator[tuple[str, str, str]]:
    """Names that two different imports bind, with both statements: sorted, either could win."""
    origin: dict[str, tuple[str, str]] = {}
    for statement in spec.closure.imports:
        for name, source in _imported(statement):
            if name in origin and origin[name][0] != source:
                yield name, origin[name][1], statement
            origin.setdefault(name, (source, statement))


def support_aliases(spec: ServiceSpec) -> dict[str, str]:
    """What the module calls each name that loading needs: ``_load_model`` where the user has a ``load_model``."""
    needed = {
        _SUPPORT_OF_KIND[definition.kind]
        for definition in spec.closure.definitions
        if definition.kind in _SUPPORT_OF_KIND
    }
    taken = {definition.name for definition in spec.closure.definitions}
    for statement in spec.closure.imports:
        taken |= {name for name, source in _imported(statement) if name != source}  # "import os" is no conflict
    return {name: f"_{name}" if name in taken else name for name in sorted(needed)}


def _imported(statement: str) -> Iterator[tuple[str, str]]:
    """(bound name, dotted origin) of each name of an import statement; ``import a.b`` binds ``a``."""
    for node in ast.parse(statement).body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                yield (alias.asname, alias.name) if alias.asname else (top, top)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            for alias in node.names:
                yield alias.asname or alias.name, f"{module}.{alias.name}"


def _once_each(definitions: Iterable[Definition]) -> list[Definition]:
    """A statement that binds several names (``a = b = []``) is several definitions but runs once."""
    seen = {(definition.where.cell, definition.source): definition for definition in reversed(list(definitions))}
    return [definition for definition in definitions if seen[definition.where.cell, definition.source] is definition]


def _support_imports(aliases: dict[str, str]) -> list[str]:
    return [
        _SUPPORT[name] if alias == name else f"{_SUPPORT[name]} as {alias}" for name, alias in sorted(aliases.items())
    ]


def _with_aliases(definition: Definition, aliases: dict[str, str]) -> Definition:
    name = _SUPPORT_OF_KIND.get(definition.kind, "")
    alias = aliases.get(name, name)
    if alias == name:
        return definition
    source = re.sub(rf"\b{name}\b(?=[.(])", alias, definition.source)
    return replace(definition, source=source)


def _docstring(spec: ServiceSpec) -> str:
    origin = " ".join(spec.notebook.split()) or "a notebook"
    text = f"Code captured from {origin}: what its handlers and models need, as it stood there."
    return f'"""{docstring(text)}"""\n'


def _joined(definitions: list[Definition]) -> str:
    parts: list[str] = []
    previous: Definition | None = None
    for definition in definitions:
        parts.append(_gap(previous, definition))
        parts.append(definition.source.strip("\n") + "\n")
        previous = definition
    return "".join(parts)


def _gap(previous: Definition | None, current: Definition) -> str:
    """Two blank lines round functions and classes; none between one-liners of a kind; else one."""
    if _is_block(current) or (previous is not None and _is_block(previous)):
        return "\n\n"
    if previous is None:
        return "\n"
    same = (previous.kind in _LOADED) == (current.kind in _LOADED)
    one_liners = "\n" not in previous.source.strip() and "\n" not in current.source.strip()
    return "" if same and one_liners else "\n"


def _is_block(definition: Definition) -> bool:
    return definition.kind in _BLOCKS and ("\n" in definition.source.strip() or definition.source.startswith("def "))


def _formatted(definition: Definition, python: str) -> Definition:
    """The definition formatted by itself, or as it is where that cannot be done safely."""
    source = definition.source.strip("\n") + "\n"
    return replace(definition, source=format_source(source, python=python) or source)


def _has_docstring(source: str) -> bool:
    try:
        return ast.get_docstring(ast.parse(source)) is not None
    except SyntaxError:
        return source.startswith(('"""', "'''"))
