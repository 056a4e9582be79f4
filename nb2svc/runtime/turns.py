"""As many threads at work as leave the event loop its turn.

Handlers that compute in pure Python hold the interpreter's lock by turns, and the event loop, which answers probes,
waits for its own among them. More such threads answer nothing sooner; those that wait for something, or compute outside
of Python, are in nobody's way. So what the loop feels decides: how late it is, and whether other threads compute.
"""

from __future__ import annotations

import asyncio
import sys
import time

from .threads import handlers

#: Seconds that a thread may keep the lock when others want it. Python's own are ten times as many.
SWITCH_SECONDS = 0.0005

_TICK_SECONDS = 0.05
_FEW = 2  # threads: they keep Python's lock busy, and any probe waits for no more than these
_FIRST = 8
_LATE_SECONDS = 0.01  # an answer takes the loop some four turns
_BUSY = 0.5  # of a processor


class Turns:
    """Sets the number of handlers' threads, between a few and ``most``."""

    def __init__(self, most: int) -> None:
        self._most = most

    async def keep(self) -> None:
        """Until cancelled."""
        sys.setswitchinterval(SWITCH_SECONDS)
        handlers.resize(min(_FIRST, self._most))
        while True:
            begin, cpu = time.monotonic(), _other_threads()
            await asyncio.sleep(_TICK_SECONDS)
            seconds = time.monotonic() - begin
            late, busy = seconds - _TICK_SECONDS, (_other_threads() - cpu) / seconds > _BUSY
            handlers.resize(self.next(handlers.size, late=late, busy=busy, waiting=handlers.waiting))

    def next(self, now: int, *, late: float, busy: bool, waiting: int) -> int:
        """How many threads there should be: fewer where they compute and the loop is late, more where tasks wait."""
        if busy and late > _LATE_SECONDS:
            return min(max(now * 3 // 4, _FEW), self._most)
        if waiting and not (busy and late > _LATE_SECONDS / 2):
            return min(now * 2, self._most)
        return now


def _other_threads() -> float:
    """Seconds that this process has computed in other threads than this one."""
    return time.process_time() - time.thread_time()
