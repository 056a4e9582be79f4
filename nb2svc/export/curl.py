"""A recorded request as a ``curl`` command that can be pasted into a POSIX shell."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from typing import Any

from ..values import Example

MAX_BODY = 400  # characters: a longer body is read from the example's file
_CONTINUED = " \\\n  "


def curl(example: Example, url: str) -> str:
    """The command that sends ``example`` to the service at ``url`` (``http://127.0.0.1:8000``)."""
    request = example.request
    method = [] if request["method"] in {"GET", "POST"} else ["-X", request["method"]]
    if request["method"] == "POST" and not {"json", "base64", "form", "files"} & request.keys():
        method = ["-X", "POST"]
    first = shlex.join(["curl", "-sS", *method, url + request["path"]])
    headers = [shlex.join(["-H", f"{name}: {value}"]) for name, value in (request.get("headers") or {}).items()]
    feed, body = _body(example)
    return feed + _CONTINUED.join([first, *headers, *body])


def _body(example: Example) -> tuple[str, list[str]]:
    """(command piped into curl, options) that give the request's body."""
    request = example.request
    if "json" in request:
        header = "-H 'content-type: application/json'"
        text = json.dumps(request["json"], ensure_ascii=False)
        if len(text) <= MAX_BODY:
            return "", [header, f"-d {shlex.quote(text)}"]
        return _from_file(example, 'json.dumps(request["json"])'), [header, "--data-binary @-"]
    if "base64" in request:
        content_type = request.get("content_type") or "application/octet-stream"
        header = shlex.join(["-H", f"content-type: {content_type}"])
        return _from_file(example, 'base64.b64decode(request["base64"])'), [header, "--data-binary @-"]
    return "", list(_form(request))


def _form(request: dict[str, Any]) -> Iterator[str]:
    fields = [
        (name, str(value))
        for name, given in (request.get("form") or {}).items()
        for value in (given if isinstance(given, list) else [given])
    ]
    if not request.get("files"):
        yield from (shlex.join(["--data-urlencode", f"{name}={value}"]) for name, value in fields)
        return
    yield from (shlex.join(["--form-string", f"{name}={value}"]) for name, value in fields)
    for name, given in request["files"].items():
        for file in given if isinstance(given, list) else [given]:
            kind = f";type={file['content_type']}" if file.get("content_type") else ""
            yield shlex.join(["-F", f"{name}=@{file['filename']}{kind}"])


def _from_file(example: Example, expression: str) -> str:
    modules = "base64, json, sys" if "base64" in expression else "json, sys"
    value = expression if "base64" in expression else f"{expression}.encode()"
    code = (
        f'import {modules}; request = json.load(open("examples/{example.name}.json", encoding="utf-8"))["request"]; '
        f"sys.stdout.buffer.write({value})"
    )
    return f"python3 -c {shlex.quote(code)} |\n  "
