"""A long-running command, its output line by line; whatever ends the reading ends the command."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

_END_SECONDS = 10.0


class Lines:
    """The lines of a command's output; ``returncode`` once they are read."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.returncode = 0

    def __iter__(self) -> Iterator[str]:
        for line in self._process.stdout or ():
            yield line.rstrip("\n")
        self.returncode = self._process.wait()


@contextmanager
def lines_of(
    command: Sequence[str], *, environment: Mapping[str, str] | None = None, folder: Path | None = None
) -> Iterator[Lines]:
    """Run a command. Where the block is left early, by Ctrl-C or an error, the command is interrupted, then killed."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,  # a terminal's Ctrl-C comes to us, and we pass it on
    )
    try:
        yield Lines(process)
    finally:
        if process.poll() is None:
            _end(process)
        if process.stdout:
            process.stdout.close()


def _end(process: subprocess.Popen[str]) -> None:
    """An interrupted client tells the engine to cancel; it is killed only where it does not end."""
    for number in (signal.SIGINT, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_END_SECONDS)
            return
