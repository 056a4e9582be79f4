"""Plain text for people: durations, sizes, and the part of a traceback that is theirs."""

from __future__ import annotations

import linecache
import traceback

_STEP = 1024.0


def size(count: float | None) -> str:
    """Bytes as a person says them: ``212 MB``."""
    if count is None:
        return "unknown"
    value = float(count)
    for unit in ("B", "kB", "MB"):
        if value < _STEP:
            return f"{value:.0f} {unit}" if unit == "B" or value >= 10 else f"{value:.1f} {unit}"  # noqa: PLR2004
        value /= _STEP
    return f"{value:.1f} GB"


def seconds(duration: float) -> str:
    """A duration as a person says it: ``3 ms``, ``1.2 s``, ``2 min 5 s``."""
    if duration < 1:
        return f"{duration * 1000:.0f} ms"
    if duration < 60:  # noqa: PLR2004
        return f"{duration:.1f} s"
    return f"{int(duration // 60)} min {int(duration % 60)} s"


def count(number: int, noun: str) -> str:
    """``1 class``, ``2 classes``, ``2 endpoints``."""
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun}es" if noun.endswith("s") else f"{number} {noun}s"


def shorten(text: str, limit: int = 300) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


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
