"""Figures and counts as people read them: one way for cards, reports, progress and tables."""

from __future__ import annotations


def size_text(size: float | None) -> str:
    """Bytes in decimal units, as Docker and registries write them: ``310 MB``."""
    if size is None:
        return "unknown"
    amount = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if abs(amount) < 999.5 or unit == "GB":  # noqa: PLR2004 (the next unit's rounding)
            break
        amount /= 1000
    return f"{amount:.0f} {unit}" if unit in {"B", "kB"} or abs(amount) >= 100 else f"{amount:.3g} {unit}"  # noqa: PLR2004


def seconds_text(seconds: float) -> str:
    """A measured time: ``0.42 s``, ``12.3 s``; milliseconds where it is less than a hundredth of a second."""
    if seconds < 0.01:  # noqa: PLR2004
        return milliseconds(seconds)
    return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.1f} s"  # noqa: PLR2004


def milliseconds(seconds: float) -> str:
    """``0.84 ms``, ``12 ms``, ``1.20 s``."""
    if seconds >= 1:
        return seconds_text(seconds)
    amount = seconds * 1000
    return f"{amount:.2f} ms" if amount < 1 else f"{amount:.3g} ms"


def duration(seconds: float) -> str:
    """How long something took or has been going on: ``0.3 s``, ``42 s``, ``3 min 5 s``."""
    if seconds < 10:  # noqa: PLR2004
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def count(number: int, noun: str) -> str:
    """``1 class``, ``2 classes``, ``2 endpoints``."""
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun}es" if noun.endswith("s") else f"{number} {noun}s"


def shorten(text: str, limit: int = 300) -> str:
    """At most ``limit`` characters, the last an ellipsis where something is left out."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
