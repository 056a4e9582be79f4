"""What went wrong in a headless run, as an error that shows the cell."""

from __future__ import annotations

import re
import signal
from typing import TYPE_CHECKING, Any

from ..errors import NotebookError
from ..values import Where

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
CONTEXT = 4  # lines shown before and after the failing one
FRAMES = 6  # traceback frames shown at most

_HINTS = {
    "ModuleNotFoundError": "Install it in the kernel's environment, or choose another kernel with --kernel.",
    "FileNotFoundError": "The notebook runs in its own folder: give paths relative to it.",
    "NameError": "The cells run from top to bottom in a fresh kernel: see that the cell which defines it comes before.",
    "StdinNotImplementedError": "Nobody can answer here. Take the value as a parameter: "
    "assign it in a cell tagged 'parameters' and give it with -p NAME=VALUE.",
}
_KNOWN_AS = {"_IncompleteInputError": "SyntaxError"}  # a private kind of it, from Python 3.13 on
_OTHERWISE = "Restart the kernel and run all cells in Jupyter to see the same. Nothing was written."


def cell_failed(reply: Mapping[str, Any], *, source: str, notebook: str) -> NotebookError:
    """The error for a cell whose ``execute_reply`` says that it failed.

    Its log holds the cell's source around the failing line and the rest of the traceback, with IPython's colours.
    """
    number: int | None = reply.get("execution_count")
    name, value = reply.get("ename", "Error"), ANSI.sub("", reply.get("evalue", ""))
    name = _KNOWN_AS.get(name, name)
    traceback: list[str] = reply.get("traceback", [])
    line = _failing_line(traceback, number)
    log = [excerpt(source, line)]
    if rest := _rest(traceback, number):
        log += ["", *rest]
    head = re.sub(r" \((?:\d+|<[^>]*>)(?:\.py)?, line \d+\)$", "", value.partition("\n")[0])  # of a SyntaxError
    return NotebookError(
        f"{name}: {head}" if head else name,
        hint=_HINTS.get(name, _OTHERWISE),
        where=Where(notebook=notebook, cell=number),
        log="\n".join(log),
    )


def excerpt(source: str, line: int | None) -> str:
    """The cell's source with line numbers; where ``line`` (1-based) is known, only what is near it, and marked."""
    lines = source.rstrip("\n").split("\n")
    first, last = (1, min(len(lines), 2 * CONTEXT + 1)) if line is None else (max(1, line - CONTEXT), line + CONTEXT)
    width = len(str(min(last, len(lines))))
    return "\n".join(
        f"{'→' if number == line else ' '} {number:>{width}} │ {text}".rstrip()
        for number, text in enumerate(lines, start=1)
        if first <= number <= last
    )


def _own_frame(number: int | None) -> re.Pattern[str]:
    """How IPython 8 and later, and 7, head the frame of a cell."""
    return re.compile(rf"(?:Cell In ?\[{number}\], line (?P<line>\d+)|<ipython-input-{number}-\w+> in )")


def _failing_line(traceback: Sequence[str], number: int | None) -> int | None:
    for frame in traceback:
        text = ANSI.sub("", frame)
        if match := _own_frame(number).search(text):
            arrow = re.search(r"^-+> (\d+)", text, re.MULTILINE)
            line = match["line"] or (arrow[1] if arrow else None)
            magic = arrow is not None and "run_cell_magic(" in text  # its line says nothing of the line in the body
            return int(line) if line and not magic else None
    return None


def _rest(traceback: Sequence[str], number: int | None) -> list[str]:
    """The traceback without its heading and the cell's own first frame, which the excerpt shows; [] for no more."""
    frames = [frame for frame in traceback if not re.fullmatch(r"-+", ANSI.sub("", frame).strip())]
    frames = [frame for frame in frames if "Traceback (most recent call last)" not in ANSI.sub("", frame)]
    if not frames:
        return []
    *inner, last = frames
    if inner and _own_frame(number).search(ANSI.sub("", inner[0])):
        inner = inner[1:]
    if not inner:
        return []
    if len(inner) > FRAMES:
        left_out = len(inner) - FRAMES
        inner = [*inner[: FRAMES // 3], f"… {left_out} frames left out …", *inner[-(FRAMES - FRAMES // 3) :]]
    return [part for frame in [*inner, last] for part in frame.rstrip("\n").split("\n")]


def kernel_died(code: int | None, *, doing: str, where: Where, log: str) -> NotebookError:
    """The error for a kernel that ended by itself while ``doing`` something.

    ``code`` is its exit status, negative for a signal.
    """
    if code == -signal.SIGKILL:
        message = f"The kernel was killed (SIGKILL) while {doing}."
        hint = (
            "Most often the memory was not enough: use less data, or a machine (or container limit) with more memory."
        )
    elif code is not None and code < 0:
        message = f"The kernel crashed (signal {-code}) while {doing}."
        hint = "A native library failed. Run the cells one by one in a fresh kernel to find which call does it."
    elif code == 0:
        message = f"The kernel ended by itself while {doing}."
        hint = "Take exit() or quit() out of the notebook."
    else:
        message = f"The kernel ended by itself{'' if code is None else f' with status {code}'} while {doing}."
        hint = "Look for os._exit() in the notebook, or in what it calls."
    return NotebookError(message, hint=hint, where=where, log=log)


def timed_out(seconds: int, *, source: str, where: Where) -> NotebookError:
    return NotebookError(
        f"The cell was still running after {seconds} s.",
        hint="Allow each cell more time with --timeout SECONDS, or leave it out for no limit.",
        where=where,
        log=excerpt(source, None),
    )
