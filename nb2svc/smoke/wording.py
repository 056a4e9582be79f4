"""Figures as people read them."""

from __future__ import annotations


def size_text(size: int) -> str:
    """Bytes in decimal units, as Docker and registries write them: ``310 MB``."""
    amount = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if abs(amount) < 999.5 or unit == "GB":  # noqa: PLR2004 (the next unit's rounding)
            break
        amount /= 1000
    return f"{amount:.0f} {unit}" if unit in {"B", "kB"} or abs(amount) >= 100 else f"{amount:.3g} {unit}"  # noqa: PLR2004


def seconds_text(seconds: float) -> str:
    """``0.42 s``, ``12.3 s``; milliseconds where it is less than a hundredth of a second."""
    if seconds < 0.01:  # noqa: PLR2004
        return milliseconds(seconds)
    return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.1f} s"  # noqa: PLR2004


def milliseconds(seconds: float) -> str:
    """``0.84 ms``, ``12 ms``, ``1.20 s``."""
    if seconds >= 1:
        return seconds_text(seconds)
    amount = seconds * 1000
    return f"{amount:.2f} ms" if amount < 1 else f"{amount:.3g} ms"
