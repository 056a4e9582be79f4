"""Answers that the service gives by itself, before or instead of a handler's."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from .encoding import JSONAnswer, encode
from .logs import request_id

_SHORT = 1 << 16  # bytes: what of a body may still arrive after its answer; a longer one ends the connection


class Refused(HTTPException):
    """Unlike one that a handler raises, it is answered with the request's id where it is the service's fault."""


def answer(error: HTTPException, path: str) -> JSONAnswer:
    """``{"detail": …}``, and ``request_id`` where the service itself answers with 500 or more."""
    content = {problem_key(path): encode(error.detail)}
    if isinstance(error, Refused) and error.status_code >= 500:  # noqa: PLR2004
        content["request_id"] = request_id.get()
    return JSONAnswer(content, error.status_code, headers=error.headers)


def problem_key(path: str) -> str:
    """Under which an answer has its problem: the Open Inference Protocol calls it otherwise than FastAPI."""
    return "error" if path.startswith("/v2/") else "detail"


async def refuse(error: Refused, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer without having read the body. The connection stays open only where little of it can follow."""
    if not _ends_soon(scope):
        error.headers = {**(error.headers or {}), "Connection": "close"}
    await answer(error, scope["path"])(scope, receive, send)


def _ends_soon(scope: Scope) -> bool:
    headers: Mapping[bytes, bytes] = dict(scope["headers"])
    length = headers.get(b"content-length", b"0")
    is_short = len(length) < 10 and length.isdigit() and int(length) <= _SHORT  # noqa: PLR2004
    return is_short and b"transfer-encoding" not in headers
