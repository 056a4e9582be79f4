"""Handlers that take and give lists: one call for all requests that came while the one before was running."""

from __future__ import annotations

import contextvars
import functools
import inspect
from collections.abc import Awaitable, Callable, Sequence
from itertools import chain
from typing import Any

from fastapi import Response

from .batching import Batcher
from .coalescing import SIMPLE, Coalescer, current
from .foreign import plain
from .stacking import Inputs


class Gathering:
    """One handler; ``lists`` are its parameters of which a request gives one item. All others must be alike in a call.

    ``run`` makes a call in a context; it gives the answer, or an awaitable of it.
    """

    def __init__(
        self,
        handler: Callable[..., Any],
        lists: frozenset[str],
        run: Callable[[Callable[[], Any], contextvars.Context], Awaitable[Any]],
    ) -> None:
        self._handler = handler
        self._lists = lists
        self._make = run
        self._batcher: tuple[Coalescer, Batcher] | None = None

    async def ask(self, arguments: dict[str, Any]) -> Any:
        """The answer to one request: its item of the list that the handler gives, or what that is instead of a list.

        Raises TypeError where it has not one answer for each item.
        """
        alike = [(name, type(value), value) for name, value in arguments.items() if name not in self._lists]
        key = ("lists", *alike) if all(kind in SIMPLE for _, kind, _ in alike) else None
        one = {name: [value] if name in self._lists else value for name, value in arguments.items()}
        inputs = Inputs(one, 1, key, self._together)
        coalescer = current.get()
        if coalescer is None:  # no service that many ask
            answer = await self._run(functools.partial(self._call, one), contextvars.copy_context(), 0)
        else:
            answer = await self._batcher_of(coalescer).ask(inputs, self._call)
        return answer[0] if isinstance(answer, list) else answer

    def _batcher_of(self, coalescer: Coalescer) -> Batcher:
        if self._batcher is None or self._batcher[0] is not coalescer:
            name = getattr(self._handler, "__name__", type(self._handler).__name__)
            self._batcher = coalescer, Batcher(name, self._run)
        return self._batcher[1]

    def _together(self, requests: Sequence[dict[str, Any]]) -> dict[str, Any]:
        lists = {
            name: list(chain.from_iterable(one[name] for one in requests)) for name in self._lists & requests[0].keys()
        }
        return {**requests[0], **lists}

    def _call(self, arguments: dict[str, Any]) -> Any:
        answer = self._handler(**arguments)
        number = max((len(arguments[name]) for name in self._lists & arguments.keys()), default=1)
        return _awaited(answer, number) if inspect.isawaitable(answer) else _items(answer, number)

    async def _run(self, call: Callable[[], Any], context: contextvars.Context, _expected: float) -> Any:
        answer = await self._make(call, context)
        return await answer if inspect.isawaitable(answer) else answer


async def _awaited(answer: Awaitable[Any], number: int) -> Any:
    return _items(await answer, number)


def _items(answer: Any, number: int) -> Any:
    """One answer for each request; a response, which is none, where there is one request."""
    if isinstance(answer, Response) and number == 1:
        return answer
    items = plain(answer)
    if not isinstance(items, (list, tuple)) or len(items) != number:
        message = "A handler of batches must give a list with one answer for each item of the list it takes."
        raise TypeError(message)
    return list(items)
