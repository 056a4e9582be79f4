"""One call of a handler: where it runs, for how long, and what becomes of its answer."""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Awaitable, Callable
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any

import anyio
from fastapi import Response

from . import images, strands
from .coalescing import current
from .encoding import encode, to_json
from .foreign import plain
from .harmless import is_harmless
from .pace import SHORT
from .refusals import Refused
from .signatures import is_coroutine_function
from .streaming import Parts, is_stream

logger = logging.getLogger(__name__)

_SLOW = 3  # times in a row


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
        self._lists = lists
        self._typed = typed
        self._timeout = timeout
        self._place = Place(handler, on_loop=on_loop) if timeout is None else None  # a thread can be left, a loop not
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
            answer = self._finish(await _awaited(self._handler(**arguments)))
        elif self._place is not None and self._place.is_loop():
            work = functools.partial(self._call_and_finish, arguments)
            answer = await strands.run(work, context=copy_context(), held=self._place.held)
        else:
            work = functools.partial(self._call_and_finish, arguments)
            answer = await anyio.to_thread.run_sync(work, abandon_on_cancel=self._timeout is not None)
        if inspect.isawaitable(answer):  # a sync wrapper around an async handler
            answer = self._finish(await _awaited(answer))
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
        if images.is_image(answer):
            return Written(images.written(answer), images.MEDIA_TYPE)
        return answer if is_stream(answer) else Written(to_json(encode(answer)))


class Place:
    """Whether a sync handler runs on the event loop or on a thread. ``on_loop``: it is known to wait for models only.

    Only where models are batched is the loop worth it. A handler that holds it for long, three times in a row, gets
    threads from then on.
    """

    def __init__(self, handler: Callable[..., Any], *, on_loop: bool) -> None:
        self._handler = handler
        self._decided: bool | None = (on_loop or None) if strands.available else False
        self._slow = 0

    def is_loop(self) -> bool:
        coalescer = current.get()
        if coalescer is None:
            return False
        if self._decided is None:
            self._decided = is_harmless(self._handler, coalescer.has)
        return self._decided

    def held(self, seconds: float) -> None:
        """For so long it kept the loop, without what it waited for."""
        self._slow = self._slow + 1 if seconds > SHORT else 0
        if self._slow >= _SLOW and self._decided:
            self._decided = False
            name = getattr(self._handler, "__name__", self._handler)
            logger.warning("%s gets threads from now on: it held the event loop for %.3f seconds", name, seconds)


def _awaited(answer: Awaitable[Any]) -> Awaitable[Any]:
    """Of an async handler: where its calls of models may wait for others, they do not hold the event loop meanwhile."""
    return answer if current.get() is None or not strands.available else strands.run(strands.wait, answer)


def _only_item(answers: Any) -> Any:
    items = plain(answers)
    if not isinstance(items, (list, tuple)) or len(items) != 1:
        message = "A handler of batches must give a list with one answer for each item of the list it takes."
        raise TypeError(message)
    return items[0]
