"""The text of ``service/schemas.py``: definitions of schemas under the imports that they use."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

DOCSTRING = '"""What requests hold and what answers look like, learned from the notebook\'s examples and models."""'

#: What a definition may name, by module; modules in groups, as imports stand.
_IMPORTS = (
    {
        "decimal": ("Decimal",),
        "math": ("nan",),
        "pathlib": ("Path",),
        "typing": ("Annotated", "Any", "Literal"),
        "uuid": ("UUID",),
    },
    {
        "fastapi": ("Body", "Query"),
        "pydantic": ("ConfigDict", "Field", "StrictBool", "with_config"),
        "typing_extensions": ("NotRequired", "TypedDict"),  # pydantic takes typing's own from Python 3.12 only
    },
    {
        ".runtime.columns": ("Dtype",),
        ".runtime.fields": (
            *(
                "Date",
                "Datetime",
                "Float",
                "Integer",
                "NaN",
                "NotBool",
                "Number",
                "Seconds",
                "Time",
                "Timedelta",
                "Timestamp",
            ),
            *("ZonedDatetime", "ZonedTimestamp"),
        ),
        ".runtime.rows": ("Array", "Frame", "Matrix", "Series"),
    },
)


@dataclass(frozen=True)
class Schema:
    """A schema's name, its source with what it is made of, and the libraries that it needs when a request comes."""

    name: str
    source: str
    modules: frozenset[str] = frozenset()


def module_source(schemas: Iterable[Schema]) -> str:
    """``service/schemas.py`` for these schemas; empty for none."""
    sources = [schema.source for schema in sorted(schemas, key=lambda one: one.name)]
    if not sources:
        return ""
    definitions = "\n\n\n".join(sources)
    used = {node.id for node in ast.walk(ast.parse(definitions)) if isinstance(node, ast.Name)}
    imports = "\n\n".join(filter(None, ("\n".join(_statements(group, used)) for group in _IMPORTS)))
    return f"{DOCSTRING}\n\n{imports}\n\n\n{definitions}\n"


def _statements(group: dict[str, tuple[str, ...]], used: set[str]) -> Iterator[str]:
    for module, names in group.items():
        if needed := [name for name in names if name in used]:
            yield f"from {module} import {', '.join(needed)}"


def doubled_names(schemas: Iterable[Schema]) -> set[str]:
    """Names that more than one of the schemas defines."""
    seen: set[str] = set()
    doubled = set()
    for schema in schemas:
        own = set(_defined(schema.source))
        doubled |= own & seen
        seen |= own
    return doubled


def _defined(source: str) -> Iterator[str]:
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def execute(source: str) -> dict[str, Any]:
    """What ``source`` (:func:`module_source`) defines, by the runtime of the kernel's own nb2svc."""
    package = __name__.partition(".")[0]  # as the project's own is ``service``
    namespace: dict[str, Any] = {"__name__": f"{package}.schemas", "__package__": package}
    # Not as this module is compiled: its annotations are strings, those of the schemas must be types.
    exec(compile(source, "service/schemas.py", "exec", dont_inherit=True), namespace)  # noqa: S102 - our own text
    return namespace
