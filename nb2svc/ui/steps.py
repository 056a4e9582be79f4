"""Progress in the terminal: what runs now with its time and last log lines, then one line for each stage."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, final

from ..events import Emit, Event, Failed, Finished, LogLine, Started, Step, ignore
from ..wording import duration

if TYPE_CHECKING:
    from rich.console import Console, Group
    from rich.text import Text

LOG_LINES = 4
_REFRESHES = 8  # per second
_BAR = 20  # columns
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f]")


@dataclass
class _Running:
    title: str
    begin: float = field(default_factory=time.perf_counter)
    step: Step | None = None
    log: deque[str] = field(default_factory=lambda: deque(maxlen=LOG_LINES))


@contextmanager
def listening(console: Console, *, quiet: bool = False) -> Iterator[Emit]:
    """A listener that shows events on ``console`` while the block runs: live on a terminal, else plain lines."""
    if quiet:
        yield ignore
    elif console.is_terminal and not console.is_dumb_terminal:
        live = LiveSteps(console)
        with live:
            yield live
    else:
        yield PlainSteps(console)


class PlainSteps:
    """One line a step, no control codes: for pipes, files and CI logs. Tools' log lines are left to their errors."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._titles: dict[str, str] = {}

    def __call__(self, event: Event) -> None:
        if isinstance(event, Started):
            self._titles[event.stage] = event.title
            self._print(f"{event.title} …")
        elif isinstance(event, Step):
            self._print(f"  {event.text}")
        elif isinstance(event, (Finished, Failed)):
            self._print(_last_line(event, self._titles.pop(event.stage, event.stage), self._console).plain)

    def _print(self, line: str) -> None:
        self._console.print(_CONTROL.sub("", line), markup=False, highlight=False, soft_wrap=True, emoji=False)


@final
class LiveSteps:
    """The stages that run, redrawn several times a second, and finished ones as lines above."""

    def __init__(self, console: Console) -> None:
        from rich.live import Live

        self._console = console
        self._running: dict[str, _Running] = {}
        self._live = Live(
            console=console,
            transient=True,
            refresh_per_second=_REFRESHES,
            get_renderable=self.render,
            redirect_stdout=False,
        )

    def __enter__(self) -> LiveSteps:
        self._live.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._running.clear()
        self._live.__exit__(None, None, None)

    def __call__(self, event: Event) -> None:
        if isinstance(event, Started):
            self._running[event.stage] = _Running(event.title)
        elif isinstance(event, (Finished, Failed)):
            ended = self._running.pop(event.stage, None)
            self._console.print(_last_line(event, ended.title if ended else event.stage, self._console))
        elif running := self._running.get(event.stage):
            if isinstance(event, Step):
                running.step = event
            elif isinstance(event, LogLine):
                running.log.append(_CONTROL.sub("", event.line))

    def render(self) -> Group:
        """What stands below the finished stages now."""
        from rich.console import Group

        stages = list(self._running.values())
        lines = [line for running in stages for line in self._stage(running, newest=running is stages[-1])]
        return Group(*lines)

    def _stage(self, running: _Running, *, newest: bool) -> Iterator[Text]:
        from rich.text import Text

        elapsed = time.perf_counter() - running.begin
        spinner = (f"{self._spinner(elapsed)} ", "cyan")
        yield Text.assemble(spinner, (running.title, "bold"), (f" · {duration(elapsed)}", "dim"))
        if running.step is not None:
            yield Text("  ").append(_bar(running.step)).append(running.step.text)
        if newest:
            for line in running.log:
                yield Text(f"    {line}", style="dim", no_wrap=True, overflow="ellipsis")

    def _spinner(self, elapsed: float) -> str:
        frames = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏" if _unicode(self._console) else "|/-\\"
        return frames[int(elapsed * _REFRESHES) % len(frames)]


def _bar(step: Step) -> str:
    if step.done is None or not step.total:
        return ""
    filled = round(_BAR * step.done / step.total)
    return f"{'━' * filled}{'╌' * (_BAR - filled)} {step.done}/{step.total} "


def _last_line(event: Finished | Failed, title: str, console: Console) -> Text:
    from rich.text import Text

    good, bad = ("✓", "✗") if _unicode(console) else ("ok", "failed:")
    if isinstance(event, Failed):
        return Text.assemble((f"{bad} {title}", "red"), (f" · {duration(event.seconds)}", "dim"))
    line = Text.assemble((good, "green"), f" {title}")
    for part in filter(None, [event.summary, duration(event.seconds)]):
        line.append(f" · {part}", style="dim")
    return line


def _unicode(console: Console) -> bool:
    return console.encoding.startswith("utf")
