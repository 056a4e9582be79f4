"""How long a method takes for how many rows: which rows one call should have, and whether the event loop can wait."""

from __future__ import annotations

import math
import time
from collections import Counter
from itertools import pairwise

_MOST_ROWS = 1024  # of a batch, where nobody says another number
_PAYS = 1.8  # twice the rows in less than so many times the seconds: larger batches answer more
_ENOUGH = 8  # measurements before a size is judged
_RETRY = 128  # measurements after which what did not pay is tried again
_LITTLE = 0.05
_COMPUTES = 0.1  # of its seconds: code that waits for a device or a server computes less

#: Seconds that the event loop may be held by one call: shorter than any probe waits, longer than a thread costs.
SHORT = 0.025


class Stopwatch:
    """How long code takes by the clock. ``own``, if ``in_doubt``, is without what others on this machine take of it."""

    def __init__(self, *, in_doubt: bool) -> None:
        self._in_doubt = in_doubt  # some sandboxes take a tenth of a millisecond to tell the processor's time
        self.seconds = self.own = 0.0

    def __enter__(self) -> Stopwatch:  # noqa: PYI034 - Self is not in Python 3.10's typing
        self._computed = -time.thread_time() if self._in_doubt else 0.0
        self._begin = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.own = self.seconds = time.perf_counter() - self._begin
        self._computed += time.thread_time() if self._in_doubt else 0.0
        if self._computed > self.seconds * _COMPUTES:  # else it waits for something
            self.own = self._computed


class Pace:
    """Seconds of a call by the order of magnitude of its rows, as they are when nothing else gets in the way.

    A machine at work makes calls look slow, never fast: what is faster than thought counts wholly, what is slower a
    little.
    """

    def __init__(self, most: int | None = None) -> None:
        self._most = most or _MOST_ROWS
        self._seconds: dict[int, float] = {}  # by the number of bits of the number of rows
        self._counts: Counter[int] = Counter()
        self._until_retry = _RETRY
        self.rows = 1  # that the next batch may have

    def measure(self, rows: int, seconds: float) -> None:
        size = rows.bit_length()
        known = self._seconds.get(size, seconds)
        self._seconds[size] = min(seconds, known + (seconds - known) * _LITTLE)
        self._counts[size] += 1
        self._until_retry -= 1
        if not self._until_retry:
            self._until_retry = _RETRY
            self._counts.clear()
        self.rows = min(self._most, 2 ** self._worthwhile() - 1)

    def expected(self, rows: int) -> float:
        """Seconds, at most; infinite before there was any call."""
        size = rows.bit_length()
        if size in self._seconds:
            return self._seconds[size]
        return max((seconds * 2.0 ** (size - known) for known, seconds in self._seconds.items()), default=math.inf)

    def _worthwhile(self) -> int:
        """The size that a batch should have: twice what was tried, as long as that pays."""
        sizes = sorted(self._seconds)
        for smaller, larger in pairwise(sizes):
            pays = self._seconds[larger] < self._seconds[smaller] * _PAYS ** (larger - smaller)
            if not pays:
                return smaller if self._counts[larger] >= _ENOUGH else larger
        return sizes[-1] + 1
