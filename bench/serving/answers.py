"""Whether an answer is the model's own: the numbers in it, compared with those of a call in this process."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

# The last digits of a product of matrices depend on how many rows were multiplied at once.
TOLERANCE = 1e-9
_LOOK_UPS = 5

Numbers = Callable[[bytes], "np.ndarray[Any, Any]"]


def under(*keys: str | int) -> Numbers:
    """The numbers of a JSON answer that stand under ``keys``, in one row. No keys: the whole answer."""

    def numbers(body: bytes) -> np.ndarray[Any, Any]:
        found = json.loads(body)
        for key in keys:
            found = found[key]
        return np.asarray(found, dtype=float).ravel()

    return numbers


def npy(body: bytes) -> np.ndarray[Any, Any]:
    """The numbers of an answer that is an ``.npy`` file."""
    return np.asarray(np.load(io.BytesIO(body), allow_pickle=False), dtype=float).ravel()


class Checker:
    """Tells right answers from wrong ones; ``expected`` holds one array for each request.

    An answer in the very bytes of one that was right is right, so that checking costs the generator next to nothing.
    """

    def __init__(self, expected: Sequence[np.ndarray[Any, Any]], numbers: Numbers) -> None:
        self._expected = [np.asarray(each, dtype=float).ravel() for each in expected]
        self._numbers = numbers
        self._right: list[set[bytes]] = [set() for _ in expected]
        self._looked_up = 0

    def trouble(self, number: int, status: int, body: bytes) -> str | None:
        """What is wrong with the answer to request ``number``; None where it is right."""
        if status == 200 and body in self._right[number]:
            return None
        if status != 200:
            return f"status {status}: {_shown(body)}"
        try:
            found = self._numbers(body)
        except (ValueError, KeyError, IndexError, TypeError) as error:
            return f"no numbers in the answer ({type(error).__name__}): {_shown(body)}"
        expected = self._expected[number]
        if found.shape != expected.shape:
            return f"{found.size} numbers instead of {expected.size}: {_shown(body)}"
        if not np.allclose(found, expected, rtol=0, atol=TOLERANCE):
            return f"request {number} got {self._whose(found) or _shown(body)}"
        self._right[number].add(body)
        return None

    def _whose(self, found: np.ndarray[Any, Any]) -> str | None:
        """Which request these numbers were the answer to. Looked up for a few only: the load waits meanwhile."""
        self._looked_up += 1
        if self._looked_up > _LOOK_UPS:
            return None
        for other, numbers in enumerate(self._expected):
            if numbers.shape == found.shape and np.allclose(found, numbers, rtol=0, atol=TOLERANCE):
                return f"the answer to request {other}"
        return None


class SameBytes:
    """For a server without a model: it has one answer to all."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def trouble(self, number: int, status: int, body: bytes) -> str | None:
        """What is wrong with an answer; None where it is the one that all get."""
        return None if (status, body) == (200, self._body) else f"request {number}: status {status}, {_shown(body)}"


def _shown(body: bytes) -> str:
    text = body.decode("utf-8", "replace")
    return text if len(text) <= 200 else text[:200] + "…"
