"""What FastAPI does not say in an OpenAPI document: the recorded examples, and how unreadable bodies are answered."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

_LONGEST = 10_000  # characters; a longer value is named by its file

Json = dict[str, Any]


def recorded(folder: Path) -> list[Json]:
    """The examples of ``folder``, by name; none where it is not there."""
    return [json.loads(file.read_bytes()) for file in sorted(folder.glob("*.json"), key=_by_number)]


def _by_number(file: Path) -> list[tuple[int, str]]:
    """``predict-2`` before ``predict-10``."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", file.stem)]


def add_examples(document: Json, examples: Iterable[Mapping[str, Any]]) -> None:
    """Show each example at its operation: parameters, body, and answer under its content type."""
    for example in examples:
        request, name = example["request"], example["name"]
        address = urlsplit(request["path"])
        template = _template(document["paths"], address.path, request["method"].lower())
        if template is None:
            continue
        operation = document["paths"][template][request["method"].lower()]
        given: dict[str, Mapping[str, Any]] = {
            "path": _path_values(template, address.path),
            "query": parse_qs(address.query),
            "header": {key.lower(): value for key, value in (request.get("headers") or {}).items()},
        }
        for parameter in operation.get("parameters", ()):
            values = given.get(parameter["in"], {})
            key = parameter["name"].lower() if parameter["in"] == "header" else parameter["name"]
            if key in values:
                _show(parameter, name, _typed(values[key], parameter["schema"]))
        _show_body(operation, name, request)
        _show_answer(operation, name, example["response"])


def add_refusals(document: Json) -> None:
    """Each operation with a body answers 400 to one that is no text, or nested too deeply."""
    for operations in document["paths"].values():
        for operation in operations.values():
            if "requestBody" in operation:
                operation["responses"].setdefault("400", {"description": "The body cannot be read."})


def _show(place: Json, name: str, value: Any) -> None:
    size = len(json.dumps(value, ensure_ascii=False))
    shown = {"value": value} if size <= _LONGEST else {"summary": f"in examples/{name}.json, {size} characters"}
    place.setdefault("examples", {})[name] = shown


def _show_body(operation: Json, name: str, request: Mapping[str, Any]) -> None:
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        if "json" in request and media_type == "application/json":
            _show(content, name, request["json"])
        elif request.get("form") and not request.get("files"):
            _show(content, name, request["form"])


def _show_answer(operation: Json, name: str, response: Mapping[str, Any]) -> None:
    """Under the content type that it had: of a stream FastAPI knows none."""
    form = next((form for form in ("json", "text") if form in response), None)
    if form is None:
        return
    answers = operation["responses"].setdefault(str(response["status"]), {"description": "As recorded"})
    contents = answers.setdefault("content", {})
    media_type = response["content_type"].partition(";")[0].strip()
    if media_type != "application/json" and contents.get("application/json") == {"schema": {}}:
        del contents["application/json"]
    _show(contents.setdefault(media_type, {}), name, response[form])


def _template(paths: Mapping[str, Any], path: str, method: str) -> str | None:
    """The path of the document that answers: the very one, else the first whose placeholders fit."""
    fitting = [template for template in paths if method in paths[template] and _pattern(template).fullmatch(path)]
    return path if path in fitting else next(iter(fitting), None)


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"{(\w+)}", template)
    return re.compile("".join(f"(?P<{part}>.+?)" if odd % 2 else re.escape(part) for odd, part in enumerate(parts)))


def _path_values(template: str, path: str) -> dict[str, str]:
    matched = _pattern(template).fullmatch(path)
    return {name: unquote(value) for name, value in matched.groupdict().items()} if matched else {}


def _typed(value: Any, schema: Mapping[str, Any]) -> Any:
    """A text of a path, query or header as its schema has it."""
    if isinstance(value, list):
        if schema.get("type") == "array":
            return [_typed(each, schema.get("items", {})) for each in value]
        return _typed(value[0], schema)
    kinds = {each.get("type") for each in [schema, *schema.get("anyOf", ())]}
    if kinds & {"integer", "number", "boolean"}:
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
