"""One call of a handler: where it runs, for how long, and what becomes of its answer."""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Callable
from contextvars import Context, copy_context
from dataclasses import dataclass
from typing import Any

import anyio
from fastapi import Response

from . import images, strands
from .coalescing import current
from .encoding import encode, to_json
from .foreign import plain
from .gathering import Gathering
from .harmless import is_harmless
from .refusals import Refused
from .signatures import is_coroutine_function
from .streaming import Parts, is_stream
from .threads import handlers

logger = logging.getLogger(__name__)

_LONG = 0.05  # seconds that a handler may keep the event loop,
_OFTEN = 5  # so many times in a row: a busy machine makes any handler slow now and then


@dataclass(frozen=True, slots=True)
class Written:
    """An answer already written, in the thread that computed it."""

    content: bytes
    media_type: str = "application/json"


class Call:
    """One call of the handler with everything that may surround it."""

    def __init__(
        self,
        handler: Callable[..., Any],
        lists: frozenset[str] | None,
        *,
        typed: bool,
        timeout: float | None,
        on_loop: bool,
    ) -> None:
        self._handler = handler
        self._typed = typed
        self._timeout = timeout
        self._place = Place(handler, on_loop=on_loop) if timeout is None else None  # a thread can be left, a loop not
        self._is_coroutine_function = is_coroutine_function(handler)
        self._gathering = None if lists is None else Gathering(handler, lists, self._run)

    async def __call__(self, arguments: dict[str, Any]) -> Any:
        if self._timeout is None:
            return await self._answer(arguments)
        with anyio.move_on_after(self._timeout):
            return await self._answer(arguments)
        raise Refused(504, f"There was no answer within {self._timeout:g} seconds.")

    async def _answer(self, arguments: dict[str, Any]) -> Any:
        if self._gathering is not None:
            return self._finish(await self._gathering.ask(arguments))
        answer = await self._run(functools.partial(self._call_and_finish, arguments), copy_context())
        if inspect.isawaitable(answer):
            answer = self._finish(await answer)
        if self._typed or not is_stream(answer):
            return answer
        return await Parts.open(answer, abandon_on_cancel=self._timeout is not None)

    async def _run(self, call: Callable[[], Any], context: Context) -> Any:
        """The handler's answer from the place where it runs; of an async one what is to be awaited."""
        if self._is_coroutine_function:
            answer = call()
        elif self._place is not None and self._place.is_loop():
            answer = await strands.run(call, context=context, held=self._place.held)
        else:
            answer = await handlers.run(functools.partial(context.run, call))
        coalescer = current.get()
        if inspect.isawaitable(answer) and coalescer is not None and coalescer.joins and strands.available:
            return strands.run(strands.wait, answer)  # its calls of models wait for others, too, and hold up none
        return answer

    def _call_and_finish(self, arguments: dict[str, Any]) -> Any:
        return self._finish(self._handler(**arguments))

    def _finish(self, answer: Any) -> Any:
        if isinstance(answer, Response) or inspect.isawaitable(answer):
            return answer
        if self._typed:
            return plain(answer)
        if images.is_image(answer):
            return Written(images.written(answer), images.MEDIA_TYPE)
        return answer if is_stream(answer) else Written(to_json(encode(answer)))


class Place:
    """Whether a sync handler runs on the event loop or on a thread. ``on_loop``: it is known to wait for models only.

    Only where models are batched is the loop worth it. A handler that holds it for long again and again gets threads
    from then on.
    """

    def __init__(self, handler: Callable[..., Any], *, on_loop: bool) -> None:
        self._handler = handler
        self._decided: bool | None = (on_loop or None) if strands.available else False
        self._slow = 0

    def is_loop(self) -> bool:
        coalescer = current.get()
        if coalescer is None or not coalescer.joins:
            return False
        if self._decided is None:
            self._decided = is_harmless(self._handler, coalescer.has)
        return self._decided

    def held(self, seconds: float) -> None:
        """For so long it kept the loop, without what it waited for."""
        self._slow = self._slow + 1 if seconds > _LONG else 0
        if self._slow >= _OFTEN and self._decided:
            self._decided = False
            name = getattr(self._handler, "__name__", self._handler)
            logger.warning("%s gets threads from now on: it held the event loop for %.3f seconds", name, seconds)
