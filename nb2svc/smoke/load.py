"""A short load: one request again and again, one at a time. How long does an answer take?"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ..exchange import EncodedRequest
from ..values import Check
from ..wording import milliseconds
from .client import Answer, NoAnswerError, ServiceClient

_WARM_UP: Final = 3  # requests before the time counts


@dataclass(frozen=True, slots=True)
class Load:
    """The answers that came, and why no more of them did (``stopped``; "" where the time was up)."""

    answers: tuple[Answer, ...]
    stopped: str = ""

    def quantile(self, share: float) -> float | None:
        """The nearest-rank quantile of the answers' seconds; None of none."""
        return quantile([answer.seconds for answer in self.answers], share)


def quantile(values: Sequence[float], share: float) -> float | None:
    """The nearest-rank quantile: the smallest value that ``share`` of ``values`` do not exceed; None of none."""
    if not values:
        return None
    rank = -int(-share * len(values) // 1)  # rounded up
    return sorted(values)[max(rank, 1) - 1]


def measure(client: ServiceClient, request: EncodedRequest, status: int, seconds: float) -> Load:
    """Repeat ``request`` for ``seconds`` on one connection, at least once, after a warm-up of as long at most.

    Stops at the first answer that does not come or has another status than ``status``.
    """
    answers: list[Answer] = []
    try:
        for _ in _until(seconds, _WARM_UP):
            _ask(client, request, status)
        for _ in _until(seconds):
            answers.append(_ask(client, request, status))  # noqa: PERF401 (kept when one does not come)
    except NoAnswerError as error:
        return Load(tuple(answers), str(error))
    return Load(tuple(answers))


def _until(seconds: float, most: int | None = None) -> Iterator[None]:
    """Once, then again until ``seconds`` are over, ``most`` times at most."""
    end = time.monotonic() + seconds
    for count in itertools.count(1):
        yield
        if count == most or time.monotonic() >= end:
            return


def _ask(client: ServiceClient, request: EncodedRequest, status: int) -> Answer:
    answer = client.send(request)
    if answer.status != status:
        raise NoAnswerError(f"the same request is answered with status {answer.status} instead of {status}")
    return answer


def load_check(load: Load | None, *, reason: str = "") -> Check:
    """The line of the report; ``reason`` says why there was no load."""
    if load is None:
        return Check(name="latency", outcome="skipped", detail=reason)
    count, spent = len(load.answers), sum(answer.seconds for answer in load.answers)
    if load.stopped:
        return Check(name="latency", outcome="failed", detail=f"after {count} answers: {load.stopped}", seconds=spent)
    p50, p99 = load.quantile(0.50) or 0.0, load.quantile(0.99) or 0.0
    detail = f"p50 {milliseconds(p50)}, p99 {milliseconds(p99)} of {count} requests, one at a time"
    return Check(name="latency", outcome="passed", detail=detail, seconds=spent)
