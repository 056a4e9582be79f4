"""The first call of a model, made before a client makes it: it loads and compiles what later ones find ready."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import anyio
from starlette.types import ASGIApp, Message

from .access import WARMING
from .errors import ServiceError
from .manifest import PICKLES, ArtifactEntry, Manifest

Json = dict[str, Any]


async def warm(app: ASGIApp, manifest: Manifest, folder: Path) -> None:
    """Send each model its first recorded example, by its own route.

    Handlers are left alone, for they may have effects, and so are models with code of the notebook in them. Raises
    ServiceError where a model fails: a service that cannot answer its own example shall not get requests.
    """
    for name, example in _first_examples(manifest, folder).items():
        request = example["request"]
        try:
            status = await _ask(app, request)
        except Exception as error:
            message = f"The model {name} fails on its own example: {type(error).__name__}: {error}"
            raise ServiceError(message, hint="The traceback above says where; `nb2svc test` compares all.") from error
        if status >= 500:  # noqa: PLR2004
            message = f"The model {name} answers its own example with {status}."
            raise ServiceError(message, hint=f"Ask {request['path']} by hand.")


def _first_examples(manifest: Manifest, folder: Path) -> dict[str, Json]:
    """By the model's public name, in the order of their recording."""
    missing = {model.public for model in manifest.models if not _runs_own_code(manifest.artifact(model.path), folder)}
    found: dict[str, Json] = {}
    for name in manifest.examples:
        file = folder / f"{name}.json"
        if not missing or not file.is_file():
            continue
        example: Json = json.loads(file.read_bytes())
        public = example["request"]["path"].removeprefix("/models/").partition("/")[0]
        if public in missing and example["request"]["path"].startswith("/models/"):
            missing.discard(public)
            found[public] = example
    return found


def _runs_own_code(artifact: ArtifactEntry | None, examples: Path) -> bool:
    """Whether the notebook's own classes and functions are in the model: these may count their calls, as handlers may.

    A framework's own format holds weights, so calling it changes nothing.
    """
    if artifact is None or artifact.format not in PICKLES:
        return False
    own = {"service", *(file.stem for file in (examples.parent / "lib").glob("*"))}
    return not own.isdisjoint(name.partition(".")[0] for name in (artifact.type, *artifact.modules))


async def _ask(app: ASGIApp, request: Json) -> int:
    """The status of the answer."""
    body, content_type = _body(request)
    path, _, query = request["path"].partition("?")
    headers = {"host": "localhost", "content-type": content_type, "content-length": str(len(body))}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request["method"],
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": None,
        "server": None,
        "state": {},
        WARMING: True,
    }
    messages = [{"type": "http.request", "body": body, "more_body": False}]
    status = 0

    async def receive() -> Message:
        if not messages:
            await anyio.sleep_forever()  # this client never goes away
        return messages.pop()

    async def send(message: Message) -> None:
        nonlocal status
        status = message.get("status", status)

    await app(scope, receive, send)
    return status


def _body(request: Json) -> tuple[bytes, str]:
    if "base64" in request:
        return base64.b64decode(request["base64"]), request.get("content_type", "application/octet-stream")
    return json.dumps(request.get("json")).encode(), "application/json"
