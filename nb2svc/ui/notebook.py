"""Progress in a notebook: one display that is updated, a line for each stage. In a terminal: the terminal's."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from typing import Any

from ..events import Emit, Event, Failed, Finished, LogLine, Started, Step
from ..wording import duration, shorten

_LOG_LINES = 5
_SECONDS_BETWEEN_UPDATES = 0.1
_MARKS = {"running": "…", "done": "✓", "failed": "✗"}


@dataclass
class _Line:
    stage: str
    title: str
    state: str = "running"
    detail: str = ""
    took: float | None = None
    log: deque[str] = field(default_factory=lambda: deque(maxlen=_LOG_LINES))


class Steps:
    """Gathers events into lines; ``text`` and ``html`` show them."""

    def __init__(self) -> None:
        self.lines: list[_Line] = []

    def take(self, event: Event) -> None:
        if isinstance(event, Started):
            self.lines.append(_Line(event.stage, event.title))
            return
        line = self._running(event.stage)
        if line is None:
            return
        if isinstance(event, Step):
            counted = f" {event.done}/{event.total}" if event.done is not None and event.total else ""
            line.detail = event.text + counted
        elif isinstance(event, LogLine):
            line.log.append(event.line)
        elif isinstance(event, Finished):
            line.state, line.detail, line.took = "done", event.summary, event.seconds
        elif isinstance(event, Failed):
            line.state, line.detail, line.took = "failed", event.message, event.seconds

    def _running(self, stage: str) -> _Line | None:
        """The stage's own line: stages run inside one another, such as the clean room inside the export."""
        lines = (line for line in reversed(self.lines) if line.stage == stage and line.state == "running")
        return next(lines, None)

    def text(self) -> str:
        rows = []
        for line in self.lines:
            parts = [f"{_MARKS[line.state]} {line.title}", line.detail, duration(line.took) if line.took else ""]
            rows.append(" · ".join(part for part in parts if part))
            rows += [f"    {entry}" for entry in line.log if line.state != "done"]
        return "\n".join(rows)

    def html(self) -> str:
        """The lines for a notebook; everything escaped."""
        return f'<div style="font-size:13px;line-height:1.6">{"".join(map(_line_html, self.lines))}</div>'


def _line_html(line: _Line) -> str:
    details = [shorten(line.detail), duration(line.took) if line.took else ""]
    soft = "".join(f" · {escape(one)}" for one in details if one)
    log = "" if line.state == "done" or not line.log else _log_html(line)
    return (
        f'<div style="display:flex"><span style="flex:none;width:1.4em">{_MARKS[line.state]}</span>'
        f'<span style="min-width:0">{escape(line.title)}<span style="opacity:.65">{soft}</span>{log}</span></div>'
    )


def _log_html(line: _Line) -> str:
    text = escape("\n".join(shorten(entry, 160) for entry in line.log))
    return f'<pre style="font-size:11px;opacity:.75;margin:2px 0 4px;background:none">{text}</pre>'


@contextmanager
def shown() -> Iterator[Emit]:
    """A listener whose display is brought up to date while stages run."""
    from IPython import get_ipython
    from IPython.display import display

    if getattr(get_ipython(), "kernel", None) is None:
        from .terminal import Terminal

        with Terminal().progress() as live:
            yield live
        return
    steps = Steps()
    handle: Any = None
    last = 0.0

    def update(*, force: bool) -> None:
        nonlocal handle, last
        now = time.monotonic()
        if not force and now - last < _SECONDS_BETWEEN_UPDATES:
            return
        last = now
        data = {"text/plain": steps.text(), "text/html": steps.html()}
        if handle is None:
            handle = display(data, raw=True, display_id=True)
        else:
            handle.update(data, raw=True)

    def emit(event: Event) -> None:
        steps.take(event)
        update(force=isinstance(event, (Started, Finished, Failed)))

    try:
        yield emit
    finally:
        if steps.lines:
            update(force=True)
