"""From a handler as it was in the notebook to what FastAPI serves, without altering the handler."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Awaitable, Callable
from inspect import Parameter, Signature
from typing import Any

from fastapi import Depends, Request, Response
from fastapi.utils import is_body_allowed_for_status_code

from .calls import Call, Written
from .images import with_images
from .signatures import (
    BodyBinding,
    annotated,
    answer_type,
    described,
    keyword_only,
    stream_item,
    unbatched,
)
from .streaming import Parts, stream

EXCHANGE = "nb2svc_exchange"  # the parameter of each route function that FastAPI fills by :func:`exchanged`


def endpoint(
    handler: Callable[..., Any],
    *,
    body: Any = None,
    spread: bool = False,
    parameters: Any = None,
    timeout: float | None = None,
    batch: bool = False,
    on_loop: bool = False,
) -> Callable[..., Awaitable[Any]]:
    """The route function of ``handler``: its own parameters, read by FastAPI as if it were the route itself.

    ``body`` is the request type of an unannotated handler: its keys are the parameters (``spread``) or the whole is
    the one parameter. ``parameters``, a TypedDict, annotates those of its keys that the handler does not. After
    ``timeout`` seconds without an answer (of a stream: without its first part) the client gets 504; a sync handler
    then still runs to its end. With ``batch`` the handler takes and gives lists, of which one request is one item.

    Sync handlers run in a thread, with the context variables of the request; with ``on_loop``, which says that they
    wait for nothing but batched models, without one. An answer whose annotation pydantic knows is checked and written
    by it, any other as :mod:`.encoding` says; generators stream (:mod:`.streaming`).
    """
    signature = with_images(described(handler))
    lists: frozenset[str] = frozenset()
    if batch:
        signature, lists = unbatched(signature)
    if parameters is not None:
        signature = annotated(signature, parameters)
    binding = None if body is None else BodyBinding(signature, body, spread=spread)
    returns = answer_type(handler, signature.return_annotation)
    typed = returns is not Signature.empty
    call = Call(handler, lists if batch else None, typed=typed, timeout=timeout, on_loop=on_loop)
    item_type = stream_item(signature.return_annotation) or Any

    async def route(**arguments: Any) -> Any:
        exchange: Exchange = arguments.pop(EXCHANGE)
        answer = await call(binding(arguments) if binding else arguments)
        if isinstance(answer, Parts):
            return exchange.merge(stream(answer, item_type, exchange.request.headers, exchange.status))
        return exchange.written(answer.content, answer.media_type) if isinstance(answer, Written) else answer

    own = binding.parameters if binding else keyword_only(signature)
    injected = Parameter(EXCHANGE, Parameter.KEYWORD_ONLY, default=Depends(exchanged))
    _name_like(handler, route)
    route.__signature__ = Signature([*own, injected], return_annotation=returns)  # type: ignore[attr-defined]
    return route


class Exchange:
    """The request, and the response that FastAPI prepared for it: its status and headers may have been set."""

    def __init__(self, request: Request, response: Response) -> None:
        self.request = request
        self._prepared = response

    @property
    def status(self) -> int:
        status: int | None = self._prepared.status_code or getattr(self.request.scope.get("route"), "status_code", None)
        return status or 200

    def written(self, content: bytes, media_type: str) -> Response:
        if not is_body_allowed_for_status_code(self.status):
            return self.merge(Response(status_code=self.status))
        return self.merge(Response(content, self.status, media_type=media_type))

    def merge(self, response: Response) -> Response:
        response.raw_headers.extend(self._prepared.raw_headers)
        return response


async def exchanged(request: Request, response: Response) -> Exchange:
    return Exchange(request, response)


def _name_like(handler: Callable[..., Any], route: Callable[..., Any]) -> None:
    while isinstance(handler, functools.partial):
        handler = handler.func
    if not hasattr(handler, "__name__"):  # an instance with __call__
        handler = type(handler)
    # functools.wraps would set __wrapped__, and FastAPI would look through it at the handler itself
    for attribute in ("__name__", "__qualname__", "__doc__", "__module__"):
        with contextlib.suppress(AttributeError):
            setattr(route, attribute, getattr(handler, attribute))
