from __future__ import annotations

import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "shared"))  # what more than one tier uses


def pytest_configure():
    """Ctrl-C must reach what tests start: a shell that runs a script in the background has it ignored by all below."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
