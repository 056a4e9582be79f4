"""What every command of the shell has in common: three options, the terminal, and how errors become exit codes."""

from __future__ import annotations

import inspect
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, NoReturn, TypeVar

import typer

from ..errors import Nb2svcError
from .terminal import Terminal

INTERRUPTED = 130  # exit status after Ctrl-C
TERMINATED = 143  # exit status after SIGTERM
BUG = 70  # exit status after an error that is ours: EX_SOFTWARE of sysexits.h
PANEL = "Output"

COMMON: dict[str, Any] = {
    "quiet": Annotated[
        bool,
        typer.Option(
            "--quiet", "-q", help="No progress and no advice: results and errors only.", rich_help_panel=PANEL
        ),
    ],
    "no_color": Annotated[
        bool, typer.Option("--no-color", help="No colours (as with NO_COLOR=1).", rich_help_panel=PANEL)
    ],
    "debug": Annotated[
        bool, typer.Option("--debug", help="Tracebacks with errors (as with NB2SVC_DEBUG=1).", rich_help_panel=PANEL)
    ],
}

Function = TypeVar("Function", bound=Callable[..., None])


def command(app: typer.Typer, name: str, *, panel: str, examples: Sequence[str]) -> Callable[[Function], Function]:
    """Add a function to ``app`` as the command ``name``, listed in the help under ``panel``, its own help ending with
    ``examples``.

    Its first parameter gets the :class:`Terminal`; the others are its options, to which the common ones are added.
    """

    def register(function: Function) -> Function:
        def run(*, quiet: bool, no_color: bool, debug: bool, **options: Any) -> None:
            debug = debug or bool(os.environ.get("NB2SVC_DEBUG"))
            terminal = Terminal(quiet=quiet, color=not no_color, debug=debug)
            with guarded(terminal):
                function(terminal, **options)

        # Not get_type_hints: before Python 3.11 it hides an Annotated whose default is None in an Optional.
        own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
        parameters = [
            *(each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in own),
            *(
                inspect.Parameter(each, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=annotation)
                for each, annotation in COMMON.items()
            ),
        ]
        run.__doc__ = _paragraphs(function.__doc__ or "")
        run.__annotations__ = {each.name: each.annotation for each in parameters}
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        app.command(name, rich_help_panel=panel, epilog=_epilog(examples))(run)
        return function

    return register


def _paragraphs(doc: str) -> str:
    """A docstring with each paragraph on one line: the help breaks lines where the terminal does."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in inspect.cleandoc(doc).split("\n\n"))


def _epilog(examples: Sequence[str]) -> str:
    return "\n\n".join(["Examples:", *examples])


@contextmanager
def guarded(terminal: Terminal) -> Iterator[None]:
    """Turn every error of the block into a message on stderr and an exit status; SIGTERM cleans up as Ctrl-C does."""
    try:
        with _terminable():
            yield
    except (typer.Exit, typer.Abort, BrokenPipeError):
        raise
    except KeyboardInterrupt:
        terminal.interrupted()
        raise typer.Exit(INTERRUPTED) from None
    except Nb2svcError as error:
        terminal.error(error)
        raise typer.Exit(error.exit_code) from None
    except Exception as error:  # noqa: BLE001 - whatever it is, it is ours
        terminal.bug(error)
        raise typer.Exit(BUG) from None


@contextmanager
def _terminable() -> Iterator[None]:
    """Leave by way of every ``finally`` on SIGTERM, so that kernels and containers end with us."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _terminate(number: int, frame: object) -> NoReturn:  # noqa: ARG001 - as signal calls it
    raise SystemExit(TERMINATED)
