"""Examples as they go over the wire: recorded requests to bytes, answers back to their recorded form.

Pure: no network. The live kernel, the clean room and the probe of a running service all use it, so all three send
the same bytes and read an answer the same way.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

BODY_FORMS: Final = ("json", "text", "base64")
_UNDECODABLE: Final = object()
_BOUNDARY: Final = "nb2svc-example-boundary-6f0c9d2e"  # fixed: the same example is the same bytes each time
_TEXT_TYPES: Final = re.compile(
    r"text/|application/(.*\+)?(xml|yaml|x-yaml|toml|javascript|jsonl|x-jsonlines|ndjson|x-ndjson|x-www-form-urlencoded)$"
)


@dataclass(frozen=True, slots=True)
class EncodedRequest:
    """A request as it goes over the wire. ``target`` is the percent-encoded path with its query."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


def encode(request: Mapping[str, Any]) -> EncodedRequest:
    """The bytes of a recorded request (the form of ``Example.request``; ``headers`` are kept where given)."""
    import httpx

    headers: dict[str, str] = dict(request.get("headers") or {})
    content: dict[str, Any] = {}
    if "json" in request:
        headers.setdefault("Content-Type", "application/json")
        content["content"] = json.dumps(request["json"], ensure_ascii=False, separators=(",", ":")).encode(
            "utf-8", "surrogatepass"
        )
    elif "base64" in request:
        headers.setdefault("Content-Type", str(request.get("content_type") or "application/octet-stream"))
        content["content"] = base64.b64decode(request["base64"])
    elif request.get("files"):
        headers.setdefault("Content-Type", f"multipart/form-data; boundary={_BOUNDARY}")
        content["data"], content["files"] = request.get("form") or {}, list(_files(request["files"]))
    elif "form" in request:
        content["data"] = request["form"]
    built = httpx.Request(request["method"], f"http://service{request['path']}", headers=headers, **content)
    # "Host" is of whoever sends the request.
    kept = tuple((name, value) for name, value in built.headers.items() if name != "host")
    return EncodedRequest(built.method, built.url.raw_path.decode("ascii"), kept, built.read())


def _files(files: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, bytes, str]]]:
    for name, given in files.items():
        for file in given if isinstance(given, list) else [given]:
            kind = file.get("content_type") or "application/octet-stream"
            yield name, (file["filename"], base64.b64decode(file["base64"]), kind)


def decode(status: int, content_type: str, body: bytes, *, like: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """An answer in the form of ``Example.response``.

    The body's form (``json``, ``text``, ``base64``) is that of ``like``, the recorded answer, wherever the bytes
    allow it; else the one that its content type asks for.
    """
    answer: dict[str, Any] = {"status": status, "content_type": content_type}
    wanted = next((form for form in BODY_FORMS if form in (like or {})), "")
    if not body and wanted not in {"text", "base64"}:
        return answer
    for form in dict.fromkeys([wanted or _form_of(content_type), "text", "base64"]):
        value = _decoded(form, content_type, body)
        if value is not _UNDECODABLE:
            return {**answer, form: value}
    raise AssertionError("base64 takes any bytes")


def _form_of(content_type: str) -> str:
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json" or kind.endswith("+json"):
        return "json"
    return "text" if _TEXT_TYPES.match(kind) else "base64"


def _decoded(form: str, content_type: str, body: bytes) -> Any:
    try:
        if form == "json":
            return json.loads(body)
        if form == "text":
            return body.decode(_charset(content_type))
    except (ValueError, RecursionError, LookupError):
        return _UNDECODABLE
    return base64.b64encode(body).decode("ascii")


def _charset(content_type: str) -> str:
    found = re.search(r"charset=\"?([\w.:-]+)", content_type, re.IGNORECASE)
    return found[1] if found else "utf-8"
