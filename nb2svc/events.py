"""Typed progress events. Stages emit them; the terminal, the notebook and later the panel only listen."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Literal

Stage = Literal["notebook", "capture", "freeze", "export", "verify", "build", "run", "test", "push"]


@dataclass(frozen=True, slots=True)
class Started:
    stage: Stage
    title: str  # ``Freezing the environment``


@dataclass(frozen=True, slots=True)
class Step:
    """What a stage is doing now; ``done`` of ``total`` where it can be counted."""

    stage: Stage
    text: str
    done: int | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class LogLine:
    stage: Stage
    line: str  # of a tool's output, without its line end


@dataclass(frozen=True, slots=True)
class Finished:
    stage: Stage
    seconds: float
    summary: str = ""  # ``23 distributions, 212 MB``


@dataclass(frozen=True, slots=True)
class Failed:
    stage: Stage
    seconds: float
    message: str


Event = Started | Step | LogLine | Finished | Failed
Emit = Callable[[Event], None]


EVENT_MIME = "application/vnd.nb2svc.event+json"  # of an event sent from a kernel as ``display_data``
RESULT_MIME = "application/vnd.nb2svc.result+json"  # of what hidden code in a kernel answers


def ignore(event: Event) -> None:
    """A listener for those who do not listen."""


def to_message(event: Event) -> dict[str, Any]:
    """An event as plain JSON, to cross from a kernel to its client: its fields and its ``type``."""
    return {"type": type(event).__name__, **asdict(event)}


def from_message(message: Mapping[str, Any]) -> Event:
    """Read :func:`to_message` back. Raises ``ValueError`` where the message is no event."""
    fields = dict(message)
    kind = fields.pop("type", None)
    for known in (Started, Step, LogLine, Finished, Failed):
        if known.__name__ == kind:
            try:
                return known(**fields)
            except TypeError as error:
                raise ValueError(f"no {kind} event: {error}") from error
    raise ValueError(f"no event of type {kind!r}")


class Progress:
    """What a stage holds while it runs, to say what it is doing."""

    def __init__(self, stage: Stage, emit: Emit) -> None:
        self.stage = stage
        self._emit = emit
        self.summary = ""

    def step(self, text: str, done: int | None = None, total: int | None = None) -> None:
        self._emit(Step(self.stage, text, done, total))

    def log(self, line: str) -> None:
        self._emit(LogLine(self.stage, line.rstrip()))


class StartOver(Exception):  # noqa: N818 - no error: a stage found out what an earlier one has to know
    """Ends a stage that is to be run again; its text is the summary of what was found."""


@contextmanager
def progress(stage: Stage, title: str, emit: Emit) -> Iterator[Progress]:
    """Emit ``Started``, then ``Finished`` with the seconds and ``summary``, or ``Failed`` when the body raises."""
    emit(Started(stage, title))
    begin = time.perf_counter()
    current = Progress(stage, emit)
    try:
        yield current
    except StartOver as again:
        emit(Finished(stage, time.perf_counter() - begin, str(again)))
        raise
    except BaseException as error:
        emit(Failed(stage, time.perf_counter() - begin, str(error).partition("\n")[0]))
        raise
    emit(Finished(stage, time.perf_counter() - begin, current.summary))
