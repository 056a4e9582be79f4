"""How much work a call is, counted where no other load of the machine changes it: seconds are for ``bench/``."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable


def lines_of(work: Callable[[], object]) -> int:
    """How many lines of Python ``work()`` runs, in all that it calls; a loop's lines count each time."""
    counted = 0

    def trace(_frame: object, event: str, _argument: object) -> object:
        nonlocal counted
        counted += event == "line"
        return trace

    collects, before = gc.isenabled(), sys.gettrace()
    gc.disable()  # what a collection calls would come at any time
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
        if collects:
            gc.enable()
    return counted
