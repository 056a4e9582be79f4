"""Calls that come together become one call: the rule by which they wait, join and part again."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from .meters import Meter
from .pace import SHORT, Pace, Stopwatch
from .stacking import Inputs, split

logger = logging.getLogger(__name__)

_QUIET = 2  # turns of the event loop without a further call, after which all that had arrived has been read
_DOUBTS = 3  # batches in a row that fail though each of their calls succeeds


#: Makes one call: what is called with the stacked inputs, in which context, and the seconds that it may take.
Run = Callable[[Callable[[], Any], contextvars.Context, float], Awaitable[Any]]


@dataclass(eq=False, slots=True)
class _Waiting:
    """One caller, and what it asks."""

    inputs: Inputs
    call: Callable[[Any], Any]
    answer: asyncio.Future[Any]
    context: contextvars.Context = field(default_factory=contextvars.copy_context)
    since: float = field(default_factory=time.perf_counter)


class Batcher:
    """One method, called by many on one event loop.

    A call that comes while the method is idle is made at once; what comes while it runs is gathered, and made into
    one call as soon as it ends. Nobody waits for others to come: only what the sockets hold already is read first.

    Calls with inputs of one kind are stacked, in the order in which they came, up to as many rows as pay (and
    ``max_rows``). A batch that fails is made again in halves, so that only the call that is to blame fails. The first
    answer is that of a single call: if it has not one part for each row, or any later one, nothing is stacked any more.

    A call for which nobody waits any more, as all its callers met their timeout or went away, holds up no other.
    """

    def __init__(self, name: str, run: Run, meter: Meter | None = None, max_rows: int | None = None) -> None:
        self.name = name
        self._run = run
        self._meter = meter
        self._pace = Pace(max_rows)
        self._queue: deque[_Waiting] = deque()
        self._worker: asyncio.Task[None] | None = None
        self._batch: list[_Waiting] = []  # that is being answered
        self._joins: bool | None = None  # unknown before the first answer
        self._doubts = 0

    async def ask(self, inputs: Inputs, call: Callable[[Any], Any]) -> Any:
        """The answer of ``call`` to ``inputs``, or what it raises. Inputs of one key must come with equal calls."""
        loop = asyncio.get_running_loop()
        waiting = _Waiting(inputs, call, loop.create_future())
        if self._joins is False or inputs.key is None:  # nothing to wait for
            return (await self._call([waiting]))[0]
        self._queue.append(waiting)
        if self._worker is None:
            self._worker = loop.create_task(self._work())
        try:
            return await waiting.answer
        except asyncio.CancelledError:
            self._leave()
            raise

    def _leave(self) -> None:
        """A caller went away: where it was the last one of its batch, others need not wait for that to end."""
        if self._batch and not _awaited(self._batch):
            self._batch = []
            if not _awaited(self._queue):
                self._queue.clear()
            self._worker = asyncio.get_running_loop().create_task(self._work()) if self._queue else None

    async def _work(self) -> None:
        own = self._worker
        try:
            while self._queue and self._worker is own:
                await self._settle()
                self._batch = self._take()
                if self._batch:
                    await self._answer(self._batch)
                if self._worker is own:
                    self._batch = []
        finally:
            if self._worker is own:  # else nobody waits for what it did, and another has taken over
                self._worker = None
                _cancel(self._queue)  # of a loop that ends

    async def _settle(self) -> None:
        """Let those come whose requests have arrived."""
        known, quiet = len(self._queue), 0
        while quiet < _QUIET:
            await asyncio.sleep(0)
            quiet = quiet + 1 if len(self._queue) == known else 0
            known = len(self._queue)

    def _take(self) -> list[_Waiting]:
        """The call that has waited longest, and those that may join it."""
        batch: list[_Waiting] = []
        rows, others = 0, deque[_Waiting]()
        for waiting in self._queue:
            if waiting.answer.done():  # its caller went away
                continue
            fits = rows + waiting.inputs.rows <= self._pace.rows
            if not batch or (self._joins and fits and waiting.inputs.key == batch[0].inputs.key):
                batch.append(waiting)
                rows += waiting.inputs.rows
            else:
                others.append(waiting)
        self._queue = others
        return batch

    async def _answer(self, batch: list[_Waiting]) -> bool:
        """Whether all succeed, or nobody waits for them."""
        if not _awaited(batch):
            return True
        try:
            answers = await self._call(batch)
        except asyncio.CancelledError:
            _cancel(batch)
            raise
        except BaseException as error:  # noqa: BLE001 - its callers' own, whatever it is
            if len(batch) == 1:
                _fail(batch[0], error)
                return False
            halves = batch[: len(batch) // 2], batch[len(batch) // 2 :]
            succeed = [await self._answer(half) for half in halves]
            self._doubt(error, own=all(succeed))
            return all(succeed)
        if len(batch) > 1:
            self._doubts = 0
        for waiting, answer in zip(batch, answers, strict=True):
            if not waiting.answer.done():
                waiting.answer.set_result(answer)
        return True

    async def _call(self, batch: list[_Waiting]) -> list[Any]:
        """The answer to each; raises what the method does, and AmbiguousError."""
        rows = [waiting.inputs.rows for waiting in batch]
        first, values = batch[0], [waiting.inputs.value for waiting in batch]
        expected = self._pace.expected(sum(rows))
        stopwatch, failed = Stopwatch(in_doubt=expected > SHORT), True

        def work() -> Any:
            with stopwatch:
                return first.call(first.inputs.stack(values))

        now = time.perf_counter()
        if self._meter is not None:
            self._meter.started(sum(rows), [now - waiting.since for waiting in batch])
        try:
            answer = await self._run(work, first.context, expected)
            failed = False
        finally:
            if self._meter is not None:
                self._meter.ended(stopwatch.seconds, failed=failed)
        self._pace.measure(sum(rows), stopwatch.own)
        parts = None if self._joins is False or first.inputs.key is None else split(answer, rows)
        if parts is not None:
            self._joins = True
        elif first.inputs.key is not None:
            self._never("an answer has not one part for each row")
        if len(batch) == 1:
            return [answer]
        if parts is None:
            message = f"the answer of {self.name} has not one part for each row"
            raise ValueError(message)
        return parts

    def _doubt(self, error: BaseException, *, own: bool) -> None:
        """A batch failed; ``own``: by itself, for each of its calls is answered."""
        self._doubts = self._doubts + 1 if own else 0
        if self._doubts == _DOUBTS:
            self._never(f"it fails on rows that it answers one by one ({type(error).__name__}: {error})")

    def _never(self, why: str) -> None:
        if self._joins is not False:
            self._joins = False
            logger.warning("concurrent calls of %s are made one by one from now on: %s", self.name, why)


def _awaited(waiting: Iterable[_Waiting]) -> bool:
    """Whether any of their callers still waits."""
    return any(not each.answer.done() for each in waiting)


def _cancel(waiting: Iterable[_Waiting]) -> None:
    for each in waiting:
        each.answer.cancel()


def _fail(waiting: _Waiting, error: BaseException) -> None:
    if waiting.answer.done():
        return
    if isinstance(error, StopIteration):  # a future cannot hold it
        error = RuntimeError(f"StopIteration: {error}")
    waiting.answer.set_exception(error)
