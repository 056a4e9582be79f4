"""From an example as a person writes it to the HTTP request that a client would send."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from ..errors import UsageError
from ..values import Where
from .json_form import example_as_json

if TYPE_CHECKING:
    from fastapi.routing import APIRoute


def evaluate(expression: str, namespace: Mapping[str, Any], where: Where) -> Any:
    """The value of ``--example``: JSON, else a Python expression over the notebook's names.

    Raises ``UsageError`` where the expression raises.
    """
    try:
        return json.loads(expression)
    except ValueError:
        pass
    try:
        return eval(compile(expression.strip(), "--example", "eval"), dict(namespace))  # noqa: S307 - the user's own
    except Exception as error:
        raise UsageError(
            f"--example {expression} fails: {type(error).__name__}: {error}",
            hint="an example is JSON, or an expression of names that the notebook has bound",
            where=where,
        ) from error


def request_for(route: APIRoute, method: str, value: Any, where: Where) -> dict[str, Any]:
    """The request that gives ``value`` to a route, in the form of ``Example.request``.

    A dict's keys that are path, query, header or form parameters of the route go there; the rest is the body. It may
    name the one parameter that takes the body, where the body itself has no such key.
    """
    given = dict(value) if isinstance(value, dict) else _only_file(route, value)
    path = _fill_path(route.path_format, given, where)
    query = _take(given, _fields(route.dependant, "query_params"))
    headers = _take(given, _fields(route.dependant, "header_params"))
    body = _fields(route.dependant, "body_params")
    if query:
        path += "?" + urlencode({key: query_text(item) for key, item in _sent(query, where).items()}, doseq=True)
    request: dict[str, Any] = {"method": method, "path": path}
    if headers:
        request["headers"] = {key: str(query_text(item)) for key, item in _sent(headers, where).items()}
    if _takes_form(body):
        request |= _form(given or {}, where)
    elif body and (given is None or given or not value):
        request["json"] = _body(example_as_json(value if given is None else given, where), body)
    elif given:
        extra = ", ".join(sorted(given))
        hint = "leave them out of the example, or add parameters of these names to the handler"
        raise UsageError(f"the handler takes no {extra}", hint=hint, where=where)
    elif value is not None and given is None:
        hint = "a handler of GET takes path and query parameters: give the example as an object of those"
        raise UsageError(f"the handler of {method} {route.path} takes no body", hint=hint, where=where)
    return request


def _only_file(route: APIRoute, value: Any) -> dict[str, Any] | None:
    """``--example Path("cat.png")`` for a handler that takes one file and nothing else."""
    body = _fields(route.dependant, "body_params")
    alone = len(body) == 1 and not any(_fields(route.dependant, f"{place}_params") for place in ("path", "query"))
    return {body[0].alias: value} if alone and _takes_form(body) and _file("", value) is not None else None


def _body(given: Any, fields: list[Any]) -> Any:
    """``{"values": [1, 2]}`` for a handler of ``values: list[float]`` means the list: FastAPI takes it bare."""
    only = fields[0] if len(fields) == 1 and not getattr(fields[0].field_info, "embed", None) else None
    if only is None or not isinstance(given, dict) or list(given) != [only.alias]:
        return given
    named = given[only.alias]
    return named if _is_valid(only, named) and not _is_valid(only, given) else given


def _is_valid(field: Any, value: Any) -> bool:
    return not field.validate(value, {}, loc=("body",))[1]


def _fields(dependant: Any, kind: str) -> list[Any]:
    """A route's parameters of one kind, those of its dependencies included."""
    fields = list(getattr(dependant, kind))
    for inner in dependant.dependencies:
        fields += _fields(inner, kind)
    return fields


def _fill_path(template: str, given: dict[str, Any] | None, where: Where) -> str:
    def fill(match: re.Match[str]) -> str:
        name = match.group(1)
        if given is None or name not in given:
            hint = f'--example {{"{name}": …}}'
            raise UsageError(f"the example gives no value for {{{name}}} of the path", hint=hint, where=where)
        return quote(str(query_text(example_as_json(given.pop(name), where))), safe="/")

    return re.sub(r"{(\w+)}", fill, template)


def _take(given: dict[str, Any] | None, fields: list[Any]) -> dict[str, Any]:
    names = [field.alias for field in fields]
    return {name: given.pop(name) for name in names if given is not None and name in given}


def _sent(given: dict[str, Any], where: Where) -> dict[str, Any]:
    """Parameters as a client writes them; None is what it leaves out."""
    return {name: example_as_json(item, where) for name, item in given.items() if item is not None}


def query_text(value: Any) -> Any:
    """A JSON value as it stands in a query; a list as the list of its texts."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return [query_text(item) for item in value] if isinstance(value, list) else str(value)


def _takes_form(body_params: list[Any]) -> bool:
    from fastapi import params

    return any(isinstance(field.field_info, params.Form) for field in body_params)


def _form(given: dict[str, Any], where: Where) -> dict[str, Any]:
    form: dict[str, str] = {}
    files: dict[str, Any] = {}
    for name, item in given.items():
        try:
            content = _file(name, item)
        except TypeError as error:
            raise UsageError(f"the example cannot be sent: {error}", where=where) from error
        if content is None:
            form[name] = str(query_text(item))
        else:
            files[name] = content
    if not given:
        hint = '--example {"file": Path("picture.png")}, bytes, or ("name.csv", b"…")'
        raise UsageError("the example gives no file and no field of the form", hint=hint, where=where)
    return {"form": form, "files": files}


def _file(name: str, item: Any) -> dict[str, str] | None:
    from ..runtime import images

    if isinstance(item, Path):
        filename, data = item.name, item.read_bytes()
    elif isinstance(item, (bytes, bytearray)):
        filename, data = name, bytes(item)
    elif isinstance(item, tuple) and len(item) == 2 and isinstance(item[1], (bytes, bytearray)):  # noqa: PLR2004
        filename, data = str(item[0]), bytes(item[1])
    elif images.is_image(item):
        filename, data = f"{name}.png", images.written(item)
    elif hasattr(item, "read"):
        content = item.read()
        filename = Path(str(getattr(item, "name", name))).name
        data = content.encode() if isinstance(content, str) else content
    else:
        return None
    import mimetypes

    kind = mimetypes.guess_type(filename)[0] or "application/octet-stream"
    return {"filename": filename, "content_type": kind, "base64": base64.b64encode(data).decode()}
