"""Checks of an OpenAPI document: is it one, and does it promise what the project's ``openapi.json`` promises? Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import unquote

from .compare import ABSENT, Mismatch, compare_json

METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


def openapi_problems(document: Any) -> tuple[str, ...]:
    """What makes ``document`` no valid OpenAPI 3 document, one sentence each; none where it is one.

    Checked: the required fields, that each operation has answers and declares its path's parameters, that
    operation ids are unique and that every ``$ref`` leads somewhere.
    """
    if not isinstance(document, dict):
        return ("it is not a JSON object",)
    return (*_head_problems(document), *_operation_problems(document), *_reference_problems(document))


def openapi_differences(expected: Mapping[str, Any], got: Mapping[str, Any]) -> tuple[Mismatch, ...]:
    """Where ``got`` promises something else than ``expected``: paths, methods, parameters, bodies, schemas.

    Key order and the title, version and servers do not count: no client depends on them.
    """
    parts = ("paths", "components")
    return tuple(
        mismatch
        for part in parts
        for mismatch in compare_json(
            expected.get(part) or {}, got.get(part) or {}, root=f"openapi.json $.{part}", key_order=False
        )
    )


def operations(document: Mapping[str, Any]) -> tuple[tuple[str, str, Mapping[str, Any]], ...]:
    """(method, path, operation) of each operation, in the document's order."""
    paths = document.get("paths")
    return tuple(
        (method, path, item[method])
        for path, item in (paths.items() if isinstance(paths, dict) else ())
        if isinstance(item, dict)
        for method in METHODS
        if isinstance(item.get(method), dict)
    )


def _head_problems(document: dict[str, Any]) -> Iterator[str]:
    if not str(document.get("openapi", "")).startswith("3."):
        yield f"its version is {document.get('openapi')!r}, not 3.x"
    info = document.get("info")
    if not isinstance(info, dict) or not isinstance(info.get("title"), str) or not isinstance(info.get("version"), str):
        yield "info.title or info.version is missing"
    if not isinstance(document.get("paths"), dict):
        yield "paths is missing"


def _operation_problems(document: dict[str, Any]) -> Iterator[str]:
    seen: dict[str, str] = {}
    for method, path, operation in operations(document):
        name = f"{method.upper()} {path}"
        if not path.startswith("/"):
            yield f"{name}: the path does not start with /"
        if not operation.get("responses"):
            yield f"{name} declares no answer"
        for missing in _undeclared(document, path, operation):
            yield f"{name}: the path parameter {missing!r} is not declared"
        operation_id = operation.get("operationId")
        if operation_id is not None and seen.setdefault(operation_id, name) != name:
            yield f"{name} has the operationId of {seen[operation_id]}: {operation_id!r}"


def _undeclared(document: dict[str, Any], path: str, operation: Mapping[str, Any]) -> Iterator[str]:
    shared = document["paths"][path].get("parameters") or []
    resolved = (_resolve(document, parameter) for parameter in [*shared, *(operation.get("parameters") or [])])
    declared = {parameter["name"] for parameter in resolved if parameter.get("in") == "path" and "name" in parameter}
    for part in path.split("{")[1:]:
        name = part.partition("}")[0]
        if name not in declared:
            yield name


def _resolve(document: dict[str, Any], value: Any) -> dict[str, Any]:
    """``value`` itself, or what its ``$ref`` leads to; {} where that is no object."""
    if isinstance(value, dict) and isinstance(value.get("$ref"), str):
        value = _target(document, value["$ref"])
    return value if isinstance(value, dict) else {}


def _reference_problems(document: dict[str, Any]) -> Iterator[str]:
    for reference in sorted(set(_references(document))):
        if _target(document, reference) is ABSENT:
            yield f"$ref {reference!r} leads nowhere"


def _references(document: dict[str, Any]) -> Iterator[str]:
    todo: list[Any] = [document]
    while todo:
        value = todo.pop()
        if isinstance(value, dict):
            reference = value.get("$ref")
            if isinstance(reference, str):
                yield reference
            todo.extend(value.values())
        elif isinstance(value, list):
            todo.extend(value)


def _target(document: dict[str, Any], reference: str) -> Any:
    if not reference.startswith("#/"):
        return ABSENT
    value: Any = document
    for part in reference[2:].split("/"):
        key = unquote(part).replace("~1", "/").replace("~0", "~")
        value = value.get(key, ABSENT) if isinstance(value, dict) else ABSENT
    return value
