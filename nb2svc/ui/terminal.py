"""The terminal: progress and errors on stderr, results on stdout."""

from __future__ import annotations

import io
import itertools
import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from ..errors import Nb2svcError
from ..values import Problem, Where
from .steps import listening

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from ..events import Emit

PIPE_WIDTH = 120  # columns of tables where no terminal says how wide it is
LOG_LINES = 60  # of a failed tool or cell, at most


class Terminal:
    """Where a command speaks to a person. ``quiet`` leaves results and errors only."""

    def __init__(self, *, quiet: bool = False, color: bool = True, debug: bool = False) -> None:
        self.quiet = quiet
        self.debug = debug
        self._color = color

    @cached_property
    def out(self) -> Console:
        """For results."""
        return self._console(stderr=False)

    @cached_property
    def err(self) -> Console:
        """For progress, advice and errors: never mixed into what a pipe reads."""
        return self._console(stderr=True)

    def _console(self, *, stderr: bool) -> Console:
        from rich.console import Console

        stream = sys.stderr if stderr else sys.stdout
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a log in ASCII loses an arrow, not the command
        width = None if stream.isatty() else PIPE_WIDTH
        return Console(stderr=stderr, no_color=None if self._color else True, highlight=False, emoji=False, width=width)

    @contextmanager
    def progress(self) -> Iterator[Emit]:
        """A listener for events, shown while the block runs."""
        with listening(self.err, quiet=self.quiet) as emit:
            yield emit

    def result(self, text: str | RenderableType) -> None:
        """What the command was asked for. Text is printed as it is, never wrapped or marked up."""
        if isinstance(text, str):
            self.out.print(text, markup=False, soft_wrap=True)
        else:
            self.out.print(text)

    def advise(self, text: str) -> None:
        """What could be done next; dim, and silent with ``quiet``."""
        if not self.quiet:
            self.err.print(text, style="dim", markup=False, soft_wrap=True)

    def warn(self, problems: Iterable[Problem]) -> None:
        """Warnings, grouped by the cell they are about."""
        problems = tuple(problems)
        if problems:
            self.err.print(f"{len(problems)} warning{'s' if len(problems) > 1 else ''}", style="bold yellow")
            self._problems(problems, style="yellow")

    def error(self, error: Nb2svcError) -> None:
        """One of our errors: where, what, what to do next, every problem by its cell, the last log lines."""
        where = str(error.where)
        head = f"{self._mark} {where}" if where else f"{self._mark} {error.message}"
        self._line(head, style="bold red")
        if where:
            self._line(error.message, indent=2)
        self._hint(error.hint, indent=2)
        self._problems(error.problems, style="red", known=error.where)
        if error.log:
            self.err.print()
            self._log(error.log)
        if self.debug:
            self.err.print()
            self._line("".join(traceback.format_exception(error)), style="dim")

    def bug(self, error: BaseException) -> None:
        """An exception that nobody foresaw: say so, how to report it, and the traceback."""
        from .. import __version__

        self._line("".join(traceback.format_exception(error)).rstrip(), style="dim")
        first_line = str(error).partition("\n")[0]
        self._line(f"{self._mark} This is a bug in nb2svc: {type(error).__name__}: {first_line}", style="bold red")
        python = ".".join(map(str, sys.version_info[:3]))
        self._hint(
            "Please report it with the lines above, what you ran, and the output of `nb2svc doctor` "
            f"(nb2svc {__version__}, Python {python}, {sys.platform}).",
            indent=2,
        )

    def interrupted(self) -> None:
        self._line("Interrupted.", style="yellow")

    @property
    def _mark(self) -> str:
        return "✗" if self.err.encoding.startswith("utf") else "Error:"

    def _line(self, text: str, *, style: str = "", indent: int = 0) -> None:
        pad = " " * indent
        for line in text.split("\n"):
            self.err.print(f"{pad}{line}", style=style, markup=False, soft_wrap=True)

    def _hint(self, hint: str, *, indent: int) -> None:
        if hint:
            arrow = "→" if self.err.encoding.startswith("utf") else "->"
            self._line(f"{arrow} {hint}", style="cyan", indent=indent)

    def _problems(self, problems: Iterable[Problem], *, style: str, known: Where | None = None) -> None:
        by_cell = sorted(problems, key=lambda problem: (problem.where.notebook, problem.where.cell or 0))
        for cell, found in itertools.groupby(by_cell, key=_cell_of):
            if str(cell) and cell != known:
                self._line(str(cell), style="bold", indent=2)
            for problem in found:
                name = f"{problem.where.name}: " if problem.where.name else ""
                self._line(f"{name}{problem.message}", style=style, indent=4)
                self._hint(problem.hint, indent=6)

    def _log(self, log: str) -> None:
        from rich.text import Text

        lines = log.rstrip("\n").split("\n")
        if len(lines) > LOG_LINES:
            self._line(f"… {len(lines) - LOG_LINES} lines before", style="dim", indent=2)
        for line in lines[-LOG_LINES:]:
            self.err.print(Text("  ").append(Text.from_ansi(line)), soft_wrap=True)


def _cell_of(problem: Problem) -> Where:
    return Where(notebook=problem.where.notebook, cell=problem.where.cell)
