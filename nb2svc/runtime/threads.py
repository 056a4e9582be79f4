"""The threads on which sync handlers run. A way there and back costs a small part of what it does with anyio's.

All is kept without locks: what the event loop and the threads share are a queue and two sets, and the order in which
these are changed sees to it that no work is left behind.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from contextvars import Context, copy_context
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")

_IDLE_SECONDS = 10.0


class _Work:
    def __init__(self, function: Callable[[], Any]) -> None:
        self._function = function
        self._context: Context = copy_context()
        self._loop = asyncio.get_running_loop()
        self.answer: asyncio.Future[Any] = self._loop.create_future()

    def do(self) -> Callable[[], None]:
        """Do it, unless it was given up; and what then tells who waits for it."""
        if self.answer.cancelled():
            return lambda: None
        result, error = None, None
        try:
            result = self._context.run(self._function)
        except BaseException as raised:  # noqa: BLE001 - raised again by who waits
            error = _for_a_future(raised)
        return lambda: self._tell(result, error)

    def _tell(self, result: Any, error: BaseException | None) -> None:
        try:
            self._loop.call_soon_threadsafe(self._settle, result, error)
        except RuntimeError:  # the loop was closed: nobody waits any more
            return

    def _settle(self, result: Any, error: BaseException | None) -> None:
        if self.answer.done():  # given up
            return
        if error is None:
            self.answer.set_result(result)
        else:
            self.answer.set_exception(error)


def _for_a_future(error: BaseException) -> BaseException:
    if not isinstance(error, StopIteration):
        return error
    other = RuntimeError("a handler raised StopIteration")  # as of a coroutine: no future can hold the other
    other.__cause__ = error
    return other


class Threads:
    """At most ``size`` threads, begun when they are needed; idle ones end after some seconds."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.reset()

    def reset(self) -> None:
        """Forget all threads: a fork of the process has none."""
        self._queue: SimpleQueue[_Work | None] = SimpleQueue()
        self._open: set[_Work] = set()
        self._threads: set[threading.Thread] = set()

    async def run(self, function: Callable[[], T]) -> T:
        """What ``function`` gives on one of the threads, with the caller's context variables.

        A caller that is cancelled does not wait for it: it then runs to its end, and its thread is busy until then; if
        it has not begun, it never does.
        """
        work = _Work(function)
        self._open.add(work)
        self._queue.put(work)  # before threads are counted: one that ends looks for work once more after that
        if self.waiting and len(self._threads) < self.size:
            self._begin()
        result: T = await work.answer
        return result

    @property
    def waiting(self) -> int:
        """Calls for which there is no thread."""
        return max(0, len(self._open) - len(self._threads))

    def resize(self, size: int) -> None:
        """From now on: begin those that are missing; what are too many end with their call. In the event loop."""
        self.size = size
        while self.waiting and len(self._threads) < size:
            self._begin()

    def _begin(self) -> None:
        thread = threading.Thread(target=self._serve, name="nb2svc-handler", daemon=True)
        self._threads.add(thread)
        thread.start()

    def finish(self) -> None:
        """Wait for what still runs, and end the threads."""
        threads = list(self._threads)
        for _ in threads:
            self._queue.put(None)
        for thread in threads:
            thread.join()

    def _serve(self) -> None:
        while not self._leaves() and (work := self._next()) is not None:
            tell = work.do()
            self._open.discard(work)
            tell()
            del work, tell  # an idle thread keeps no request alive
        self._threads.discard(threading.current_thread())

    def _leaves(self) -> bool:
        """Whether this thread is one too many. Those that remain are never fewer than there shall be."""
        if len(self._threads) <= self.size:
            return False
        self._threads.discard(threading.current_thread())
        if len(self._threads) >= self.size:
            return True
        self._threads.add(threading.current_thread())  # others left in the same moment
        return False

    def _next(self) -> _Work | None:
        try:
            return self._queue.get(timeout=_IDLE_SECONDS)
        except Empty:
            self._threads.discard(threading.current_thread())
        try:
            work = self._queue.get_nowait()
        except Empty:
            return None
        self._threads.add(threading.current_thread())
        return work


#: Those of this process.
handlers = Threads(40)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=handlers.reset)
