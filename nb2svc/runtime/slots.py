"""How many requests are at work, and how many wait for that."""

from __future__ import annotations

import asyncio
from collections import deque


class Slots:
    """``size`` requests at work and ``queue`` more that wait for their turn, first come, first served; of one loop."""

    def __init__(self, size: int, queue: int) -> None:
        self._room = size + queue
        self._free = size
        self._waiting: deque[asyncio.Future[None]] = deque()

    def enter(self) -> bool:
        """Whether there is room for one more; who is in must :meth:`leave`."""
        if not self._room:
            return False
        self._room -= 1
        return True

    def leave(self) -> None:
        self._room += 1

    async def take(self) -> bool:
        """Wait for a slot, which must be given back: whether that took waiting at all."""
        if self._free:  # then nobody waits
            self._free -= 1
            return False
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # the slot came in the same moment
                self.give()
            raise
        return True

    def give(self) -> None:
        """Hand a slot to the one who has waited longest."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
