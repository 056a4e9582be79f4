from __future__ import annotations

import signal


def pytest_configure():
    """Ctrl-C must reach what tests start: a shell that runs a script in the background has it ignored by all below."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
