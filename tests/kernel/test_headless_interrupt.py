"""Ctrl-C and SIGTERM while a notebook runs: the kernel ends, nothing is left, the status says so."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from headless_notebook import gone
from nbformat.v4 import new_code_cell, new_notebook

pytestmark = pytest.mark.once  # signals are the system's

COMMAND = [sys.executable, "-c", "from nb2svc.cli import main; main()"]
BUSY = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
with open("fifo", "w") as fifo:
    fifo.write(f"{os.getpid()} {child.pid}")
time.sleep(600)
"""
DEAF = """
import os, signal, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
with open("fifo", "w") as fifo:
    fifo.write(str(os.getpid()))
time.sleep(600)
"""


def first_words(fifo: Path, seconds: int = 60) -> str:
    """What the cell writes once it has begun."""
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert select.select([reader], [], [], seconds)[0], "the cell did not begin"
        return os.read(reader, 100).decode()
    finally:
        os.close(reader)


def interrupted(folder: Path, source: str, number: int) -> tuple[subprocess.CompletedProcess[str], list[int]]:
    """Send a signal while the cell runs; how the command ended, and the processes that the cell told of."""
    nbformat.write(new_notebook(cells=[new_code_cell(source)]), folder / "busy.ipynb")
    os.mkfifo(folder / "fifo")
    runtime = folder / "runtime"
    environment = {**os.environ, "JUPYTER_RUNTIME_DIR": str(runtime)}
    with subprocess.Popen(
        [*COMMAND, "export", "busy.ipynb", "-o", "out"],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        told = first_words(folder / "fifo")
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=60)
    (folder / "fifo").unlink()
    assert [each.name for each in folder.iterdir() if each.name != "runtime"] == ["busy.ipynb"]
    assert not list(runtime.glob("kernel-*"))
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr), [
        int(each) for each in told.split()
    ]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_kernel_and_its_children_end_with_the_command(tmp_path, number, status):
    ended, processes = interrupted(tmp_path, BUSY, number)
    assert ended.returncode == status
    assert ended.stdout == ""
    assert "Traceback" not in ended.stderr
    assert len(processes) == 2
    assert all(gone(pid) for pid in processes)


def test_a_kernel_that_does_not_listen_is_killed(tmp_path):
    ended, processes = interrupted(tmp_path, DEAF, signal.SIGINT)
    assert ended.returncode == 130
    assert ended.stderr.endswith("Interrupted.\n")
    assert [gone(pid) for pid in processes] == [True]
