"""Sync code on the event loop that may wait there without a thread: each call has a stack of its own, a greenlet."""

from __future__ import annotations

import contextvars
import time
import types
from collections.abc import Awaitable, Callable, Generator
from typing import Any

try:
    import greenlet
except ImportError:  # of a service that batches nothing: its handlers have threads
    available = False
else:
    available = True

    class _Strand(greenlet.greenlet):  # type: ignore[misc]
        pass


def waits() -> bool:
    """Whether the running code may :func:`wait`."""
    return available and isinstance(greenlet.getcurrent(), _Strand)


@types.coroutine
def run(
    function: Callable[..., Any],
    *arguments: Any,
    context: contextvars.Context | None = None,
    held: Callable[[float], None] | None = None,
) -> Generator[Any, Any, Any]:
    """Await what ``function`` returns; what it waits for meanwhile is awaited in its place.

    It runs in ``context``, by default the caller's. ``held`` is told each time for how long it kept the event loop, in
    seconds.
    """
    strand = _Strand(function)
    strand.gr_context = greenlet.getcurrent().gr_context if context is None else context
    step, given = strand.switch, arguments
    while True:
        begin = time.perf_counter()
        item = step(*given)
        if held is not None:
            held(time.perf_counter() - begin)
        if strand.dead:
            return item
        try:
            step, given = strand.switch, ((yield item),)
        except BaseException as error:  # noqa: BLE001 - thrown where the code waits
            step, given = strand.throw, (error,)


def wait(awaitable: Awaitable[Any]) -> Any:
    """What ``awaitable`` gives, for code within :func:`run`."""
    parent, steps = greenlet.getcurrent().parent, _steps(awaitable)
    step, given = steps.send, None
    while True:
        try:
            item = step(given)
        except StopIteration as end:
            return end.value
        try:
            step, given = steps.send, parent.switch(item)
        except BaseException as error:  # noqa: BLE001 - thrown into what is awaited
            step, given = steps.throw, error


def _steps(awaitable: Awaitable[Any]) -> Generator[Any, Any, Any]:
    return (yield from awaitable.__await__())
