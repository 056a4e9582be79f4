from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "shared"))  # what more than one tier uses

# Where it is set, each of the many processes that tests start would compile all of nb2svc again: 0.3 s every time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

from nb2svc import iri_syntax  # noqa: E402

# Two seconds of every pytest process that imports nbformat.
iri_syntax.defer()


def pytest_configure():
    """Ctrl-C must reach what tests start: a shell that runs a script in the background has it ignored by all below."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
