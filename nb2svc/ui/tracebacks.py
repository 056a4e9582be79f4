"""The part of a traceback that is the user's own."""

from __future__ import annotations

import linecache
import traceback


def is_cell(filename: str) -> bool:
    """Whether a code file name is one that IPython gave to a cell."""
    return "ipykernel_" in filename or filename.startswith(("<ipython-input", "<timed", "service/"))


def user_traceback(error: BaseException) -> list[str]:
    """An exception's frames that lie in cells, and its own line: ours and the frameworks' would only hide them."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if is_cell(frame.filename)]
    lines = ["Traceback (most recent call last):"] if frames else []
    for frame in frames:
        lines.append(f"  in {frame.name}, line {frame.lineno} of its cell")
        source = linecache.getline(frame.filename, frame.lineno or 0).strip()
        if source:
            lines.append(f"    {source}")
    own = "".join(traceback.format_exception_only(type(error), error)).rstrip()
    return [*lines, *own.splitlines()]
