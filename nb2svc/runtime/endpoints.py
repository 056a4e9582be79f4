"""From a handler as it was in the notebook to what FastAPI serves, without altering the handler."""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from inspect import Parameter, Signature
from typing import Any

import anyio
from fastapi import Depends, Request, Response
from fastapi.utils import is_body_allowed_for_status_code

from .encoding import encode, to_json
from .foreign import plain
from .refusals import Refused
from .signatures import (
    BodyBinding,
    annotated,
    answer_type,
    is_coroutine_function,
    keyword_only,
    resolved,
    stream_item,
    unbatched,
)
from .streaming import Parts, is_stream, stream

EXCHANGE = "nb2svc_exchange"  # the parameter of each route function that FastAPI fills by :func:`exchanged`


def endpoint(
    handler: Callable[..., Any],
    *,
    body: Any = None,
    spread: bool = False,
    parameters: Any = None,
    timeout: float | None = None,
    batch: bool = False,
) -> Callable[..., Awaitable[Any]]:
    """The route function of ``handler``: its own parameters, read by FastAPI as if it were the route itself.

    ``body`` is the request type of an unannotated handler: its keys are the parameters (``spread``) or the whole is
    the one parameter. ``parameters``, a TypedDict, annotates those of its keys that the handler does not. After
    ``timeout`` seconds without an answer (of a stream: without its first part) the client gets 504; a sync handler
    then still runs to its end. With ``batch`` the handler takes and gives lists, of which one request is one item.

    Sync handlers run in a thread, with the context variables of the request. An answer whose annotation pydantic
    knows is checked and written by it, any other as :mod:`.encoding` says; generators stream (:mod:`.streaming`).
    """
    signature = resolved(handler)
    lists: frozenset[str] = frozenset()
    if batch:
        signature, lists = unbatched(signature)
    if parameters is not None:
        signature = annotated(signature, parameters)
    binding = None if body is None else BodyBinding(signature, body, spread=spread)
    returns = answer_type(handler, signature.return_annotation)
    call = _Call(handler, lists if batch else None, typed=returns is not Signature.empty, timeout=timeout)
    item_type = stream_item(signature.return_annotation) or Any

    async def route(**arguments: Any) -> Any:
        exchange: Exchange = arguments.pop(EXCHANGE)
        answer = await call(binding(arguments) if binding else arguments)
        if isinstance(answer, Parts):
            return exchange.merge(stream(answer, item_type, exchange.request.headers, exchange.status))
        return exchange.written(answer.json) if isinstance(answer, _Written) else answer

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

    def written(self, content: bytes) -> Response:
        if not is_body_allowed_for_status_code(self.status):
            return self.merge(Response(status_code=self.status))
        return self.merge(Response(content, self.status, media_type="application/json"))

    def merge(self, response: Response) -> Response:
        response.raw_headers.extend(self._prepared.raw_headers)
        return response


async def exchanged(request: Request, response: Response) -> Exchange:
    return Exchange(request, response)


@dataclass(frozen=True, slots=True)
class _Written:
    """An answer already written as JSON, in the thread that computed it."""

    json: bytes


class _Call:
    """One call of the handler with everything that may surround it. Where batching and limits will be."""

    def __init__(
        self, handler: Callable[..., Any], lists: frozenset[str] | None, *, typed: bool, timeout: float | None
    ) -> None:
        self._handler = handler
        self._lists = lists
        self._typed = typed
        self._timeout = timeout
        self._is_coroutine_function = is_coroutine_function(handler)

    async def __call__(self, arguments: dict[str, Any]) -> Any:
        if self._timeout is None:
            return await self._answer(arguments)
        with anyio.move_on_after(self._timeout):
            return await self._answer(arguments)
        raise Refused(504, f"There was no answer within {self._timeout:g} seconds.")

    async def _answer(self, arguments: dict[str, Any]) -> Any:
        if self._lists is not None:
            arguments = {name: [each] if name in self._lists else each for name, each in arguments.items()}
        if self._is_coroutine_function:
            answer = self._finish(await self._handler(**arguments))
        else:
            work = functools.partial(self._call_and_finish, arguments)
            answer = await anyio.to_thread.run_sync(work, abandon_on_cancel=self._timeout is not None)
            if inspect.isawaitable(answer):  # a sync wrapper around an async handler
                answer = self._finish(await answer)
        if self._typed or not is_stream(answer):
            return answer
        return await Parts.open(answer, abandon_on_cancel=self._timeout is not None)

    def _call_and_finish(self, arguments: dict[str, Any]) -> Any:
        return self._finish(self._handler(**arguments))

    def _finish(self, answer: Any) -> Any:
        if isinstance(answer, Response) or inspect.isawaitable(answer):
            return answer
        if self._lists is not None:
            answer = _only_item(answer)
        if self._typed:
            return plain(answer)
        return answer if is_stream(answer) else _Written(to_json(encode(answer)))


def _only_item(answers: Any) -> Any:
    items = plain(answers)
    if not isinstance(items, (list, tuple)) or len(items) != 1:
        message = "A handler of batches must give a list with one answer for each item of the list it takes."
        raise TypeError(message)
    return items[0]


def _name_like(handler: Callable[..., Any], route: Callable[..., Any]) -> None:
    while isinstance(handler, functools.partial):
        handler = handler.func
    if not hasattr(handler, "__name__"):  # an instance with __call__
        handler = type(handler)
    # functools.wraps would set __wrapped__, and FastAPI would look through it at the handler itself
    for attribute in ("__name__", "__qualname__", "__doc__", "__module__"):
        with contextlib.suppress(AttributeError):
            setattr(route, attribute, getattr(handler, attribute))
