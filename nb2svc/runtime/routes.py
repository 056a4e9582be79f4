"""Routes that are answered without FastAPI's machinery, where that changes nothing but the time it takes.

FastAPI declares such a route, documents it, and answers its first request. Later ones come past its routing and its
dependencies: their body is parsed by pydantic-core and validated by the very field that FastAPI made for it, as are
their query and headers; the handler is called, its answer written. All that is out of the ordinary (another kind of
body, one that is refused, an error of the handler) is handed to FastAPI as if it had just arrived.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response, params
from fastapi.datastructures import DefaultPlaceholder
from fastapi.dependencies.utils import request_params_to_args
from fastapi.routing import APIRoute, serialize_response
from fastapi.utils import is_body_allowed_for_status_code
from pydantic_core import from_json
from starlette.datastructures import Headers, QueryParams
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .encoding import JSONAnswer, to_json
from .endpoints import EXCHANGE, Exchange, exchanged
from .tracing import is_traced

_KNOWN = "nb2svc.known"  # in the scope of a request: where its route may enter itself
_FAILED = "nb2svc.failed"  # in the scope of a request: what its handler raised

#: What FastAPI gives a handler beside what the request holds.
_INJECTED = ("http_connection", "request", "websocket", "response", "background_tasks", "security_scopes")


class DirectMiddleware:
    """Innermost of the app's own layers. A route that has answered a path is known by it from then on."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._known: dict[tuple[str, str], DirectRoute] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope.get("root_path") or is_traced():
            await self._app(scope, receive, send)
        elif route := self._known.get((scope["method"], scope["path"])):
            await route.answer(self._app, scope, receive, send)
        else:
            scope[_KNOWN] = self._known
            await self._app(scope, receive, send)


class DirectRoute(APIRoute):
    """A route of an :func:`.endpoint`, direct where FastAPI fills in a query, headers and one JSON body at most."""

    def is_plain(self, headers: list[tuple[bytes, bytes]]) -> bool:
        """Whether a request with a body may be answered past :meth:`get_route_handler`."""
        given = next((value for name, value in headers if name == b"content-type"), b"")
        return given == b"application/json" or given.startswith(b"application/json;")  # FastAPI knows other forms

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            if _FAILED in request.scope:
                raise request.scope.pop(_FAILED)
            return await handle(request)

        return answer

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if _KNOWN in scope and self._is_direct(scope):
            scope.pop(_KNOWN)[scope["method"], scope["path"]] = self
        await super().handle(scope, receive, send)

    def _is_direct(self, scope: Scope) -> bool:
        routes = scope["app"].router.routes
        included = scope.get("fastapi", {}).get("effective_route_context")  # this route, as newer FastAPIs include it
        declared = self if any(each is self for each in routes) else included
        return (
            getattr(declared, "original_route", self) is self
            and _is_plain(getattr(declared, "dependant", None))
            and scope["method"] in (self.methods or ())
            and not self.param_convertors
            and not any(hasattr(each, "host") for each in routes)  # routes that a path alone does not tell
            and (isinstance(self.response_class, DefaultPlaceholder) or self.response_class is JSONAnswer)
            and is_body_allowed_for_status_code(self.status_code)
        )

    async def answer(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; where it is not plain, let ``app`` do it."""
        message: Message | None = None
        answer = None
        try:
            if self.dependant.body_params:
                message = await receive()
            if (arguments := self._arguments(scope, message)) is not None:
                scope.update(route=self, endpoint=self.endpoint, path_params={})
                answer = await self._answer(scope, arguments)
        except Exception as error:  # noqa: BLE001 - raised again where FastAPI's handlers of errors see it
            scope[_FAILED] = error
        if answer is None:
            await app(scope, receive if message is None else _again(message, receive), send)
        else:
            await answer(scope, receive, send)

    def _arguments(self, scope: Scope, message: Message | None) -> dict[str, Any] | None:
        """What the handler is called with; None where it is not plain, or is refused: FastAPI says how."""
        arguments: dict[str, Any] = {}
        for fields, read in ((self.dependant.query_params, _query), (self.dependant.header_params, _headers)):
            if fields:
                values, errors = request_params_to_args(fields, read(scope))
                if errors:
                    return None
                arguments.update(values)
        if message is None:
            return arguments
        body = self._body(scope, message)
        return None if body is None else arguments | body

    def _body(self, scope: Scope, message: Message) -> dict[str, Any] | None:
        if message["type"] != "http.request" or message.get("more_body") or not self.is_plain(scope["headers"]):
            return None
        try:
            value = from_json(message["body"])  # what it takes, json.loads takes too, and gives the same
        except ValueError:
            return None
        [field] = self.dependant.body_params
        value, errors = (None, True) if value is None else field.validate(value, {}, loc=("body",))
        return None if errors else {field.name: value}

    async def _answer(self, scope: Scope, arguments: dict[str, Any]) -> ASGIApp:
        exchange = _Exchange(scope, self.status_code or 200)
        answer = await self.endpoint(**arguments, **{EXCHANGE: exchange})
        if isinstance(answer, (Response, _Answer)):
            return answer
        content = await serialize_response(
            field=self.response_field,
            response_content=answer,
            include=self.response_model_include,
            exclude=self.response_model_exclude,
            by_alias=self.response_model_by_alias,
            exclude_unset=self.response_model_exclude_unset,
            exclude_defaults=self.response_model_exclude_defaults,
            exclude_none=self.response_model_exclude_none,
        )
        return _Answer(to_json(content), exchange.status)


def _is_plain(dependant: Any) -> bool:
    """Whether FastAPI gives a handler nothing but a query, headers and one body, whole."""
    return (
        dependant is not None
        and all(_is_whole(field.field_info) for field in dependant.body_params)
        and len(dependant.body_params) <= 1
        and not (dependant.path_params or dependant.cookie_params)
        and [each.call for each in dependant.dependencies] == [exchanged]
        and not any(getattr(dependant, f"{each}_param_name", None) for each in _INJECTED)
    )


def _is_whole(info: Any) -> bool:
    return isinstance(info, params.Body) and not isinstance(info, params.Form) and not info.embed


def _query(scope: Scope) -> QueryParams:
    return QueryParams(scope["query_string"])


def _headers(scope: Scope) -> Headers:
    return Headers(scope=scope)


class _Exchange(Exchange):
    """As nothing can have been set on a response of FastAPI's, there is none."""

    def __init__(self, scope: Scope, status: int) -> None:
        self._scope = scope
        self._status = status

    @property
    def request(self) -> Request:  # type: ignore[override]
        return Request(self._scope)

    @property
    def status(self) -> int:
        return self._status

    def written(self, content: bytes, media_type: str) -> Any:
        return _Answer(content, self._status, media_type)

    def merge(self, response: Response) -> Response:
        return response


class _Answer:
    """A response that is written already: the messages that Starlette's would send."""

    __slots__ = ("_content", "_media_type", "_status")

    def __init__(self, content: bytes, status: int, media_type: str = "application/json") -> None:
        self._content = content
        self._status = status
        self._media_type = media_type

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        headers = [(b"content-length", b"%d" % len(self._content)), (b"content-type", self._media_type.encode())]
        await send({"type": "http.response.start", "status": self._status, "headers": headers})
        await send({"type": "http.response.body", "body": self._content})


def _again(message: Message, receive: Receive) -> Receive:
    """``receive`` as if ``message`` had not been taken from it yet."""
    messages = [message]

    async def received() -> Message:
        return messages.pop() if messages else await receive()

    return received
