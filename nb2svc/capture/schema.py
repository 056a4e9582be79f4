"""Request schemas for handlers without annotations, inferred from their examples.

The schema is source text (``service/schemas.py``): the kernel executes the very text that the project ships.
Types are strict, so that a request passes exactly when its JSON types are those of an example: ``1`` stays an int,
``1.0`` a float, and a text is never taken for a number.
"""

from __future__ import annotations

import inspect
import keyword
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

DOCSTRING = '"""Request bodies of handlers without annotations, inferred from their examples."""'
_IMPORTS = {
    "typing": ("Any",),
    "pydantic": ("ConfigDict", "with_config"),
    "typing_extensions": ("NotRequired", "TypedDict"),  # pydantic takes typing's own from Python 3.12 only
}
_MISSING = object()


@dataclass(frozen=True)
class Body:
    """An inferred request body: the schema's name, its source, and whether its keys are the parameters."""

    name: str
    source: str
    spread: bool


def needs_schema(handler: Callable[..., Any]) -> bool:
    """Whether no parameter of the handler says what it takes."""
    parameters = _parameters(handler)
    return bool(parameters) and all(
        parameter.annotation is parameter.empty and not _is_fastapi_default(parameter.default)
        for parameter in parameters
    )


def half_annotated(handler: Callable[..., Any]) -> list[str]:
    """Parameters without annotation of a handler that annotates others."""
    bare = [
        parameter.name
        for parameter in _parameters(handler)
        if parameter.annotation is parameter.empty and not _is_fastapi_default(parameter.default)
    ]
    return [] if needs_schema(handler) else bare


def infer_body(handler: Callable[..., Any], public: str, examples: Sequence[Any]) -> Body:
    """The body of an unannotated handler from JSON values of its examples.

    Keys that match parameter names become those parameters; else the handler's one parameter takes the whole
    body. Raises ``ValueError`` with a sentence where the examples fit neither way.
    """
    parameters = {parameter.name: parameter for parameter in _parameters(handler)}
    name = "".join(part.title() for part in re.split(r"[\W_]+", public)) + "Body"
    needed = {key for key, parameter in parameters.items() if parameter.default is parameter.empty}
    if all(isinstance(one, dict) and needed <= set(one) <= set(parameters) for one in examples):
        defaults = set(parameters) - needed
        writer = _Writer()
        writer.typed_dict(name, _columns(examples), optional=defaults)
        return Body(name, writer.source, spread=True)
    if len(needed) <= 1 and len(parameters) >= 1:
        writer = _Writer()
        annotation = writer.annotation(name, list(examples))
        if annotation != name:
            writer.parts.append(f"{name} = {annotation}")
        return Body(name, writer.source, spread=False)
    keys = sorted({key for one in examples if isinstance(one, dict) for key in one})
    raise ValueError(
        f"the example's keys ({', '.join(keys) or 'none'}) are not the handler's parameters ({', '.join(parameters)})"
    )


def execute(source: str) -> dict[str, Any]:
    """The schemas that ``source`` (:func:`module_source`) defines."""
    namespace: dict[str, Any] = {"__name__": "service.schemas"}
    # Not as this module is compiled: its annotations are strings, those of the schemas must be types.
    exec(compile(source, "service/schemas.py", "exec", dont_inherit=True), namespace)  # noqa: S102 - our own text
    return namespace


def module_source(bodies: Mapping[str, Body]) -> str:
    """``service/schemas.py`` for these bodies; empty for none."""
    if not bodies:
        return ""
    definitions = "\n\n\n".join(body.source for _, body in sorted(bodies.items()))
    used = set(re.findall(r"\w+", definitions))
    lines = []
    for module, names in _IMPORTS.items():
        needed = ", ".join(name for name in names if name in used)
        lines += [f"from {module} import {needed}"] if needed else []
    return "\n\n".join([DOCSTRING, "\n".join(lines), "", definitions]) + "\n"


class _Writer:
    """Writes one TypedDict per object shape that the examples show, inner ones first."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    @property
    def source(self) -> str:
        return "\n\n\n".join(self.parts)

    def typed_dict(self, name: str, columns: Mapping[str, list[Any]], optional: set[str] = frozenset()) -> None:  # type: ignore[assignment]
        lines = []
        for key, values in columns.items():
            present = [value for value in values if value is not _MISSING]
            annotation = self.annotation(f"{name}{key.title().replace('_', '')}", present)
            if len(present) < len(values) or key in optional:
                annotation = f"NotRequired[{annotation}]"
            lines.append(f"    {key}: {annotation}")
        config = '@with_config(ConfigDict(strict=True, extra="forbid"))'
        self.parts.append("\n".join([config, f"class {name}(TypedDict):", *(lines or ["    pass"])]))

    def annotation(self, name: str, values: list[Any]) -> str:
        """The union of what the values are, in a fixed order."""
        found: list[str] = []
        if dicts := [value for value in values if isinstance(value, dict)]:
            found.append(self._object(name, dicts))
        if lists := [value for value in values if isinstance(value, list)]:
            items = [item for value in lists for item in value]
            found.append(f"list[{self.annotation(f'{name}Item', items)}]")
        if any(isinstance(value, str) for value in values):
            found.append("str")
        if any(isinstance(value, bool) for value in values):
            found.append("bool")
        if any(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values):
            found += ["int", "float"]
        if any(value is None for value in values):
            found.append("None")
        return " | ".join(found) if found and found != ["None"] else "Any"

    def _object(self, name: str, dicts: list[dict[str, Any]]) -> str:
        if not all(_is_field(key) for one in dicts for key in one):
            return "dict[str, Any]"
        self.typed_dict(name, _columns(dicts))
        return name


def _columns(dicts: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    keys = dict.fromkeys(key for one in dicts for key in one)
    return {key: [one.get(key, _MISSING) for one in dicts] for key in keys}


def _is_field(key: str) -> bool:
    return key.isidentifier() and not keyword.iskeyword(key) and not key.startswith("__")


def _parameters(handler: Callable[..., Any]) -> list[inspect.Parameter]:
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [one for one in inspect.signature(handler).parameters.values() if one.kind not in variadic]


def _is_fastapi_default(default: object) -> bool:
    return type(default).__module__.partition(".")[0] == "fastapi"
