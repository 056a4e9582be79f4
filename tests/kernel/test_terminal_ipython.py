"""The magics in a terminal, where cells have neither ids nor HTML."""

from __future__ import annotations

import os
import sys

import pexpect
import pytest

PROMPT = r"In \[\d+\]: "


@pytest.fixture
def terminal(tmp_path):
    environment = {**os.environ, "IPYTHONDIR": str(tmp_path / "ipython"), "TERM": "dumb", "NO_COLOR": "1"}
    command = [
        *("-m", "IPython", "--simple-prompt", "--no-banner", "--no-confirm-exit"),
        "--HistoryManager.enabled=False",
    ]
    child = pexpect.spawn(sys.executable, command, cwd=str(tmp_path), env=environment, encoding="utf-8", timeout=60)
    child.setwinsize(50, 200)
    child.expect(PROMPT)
    yield child
    child.sendeof()
    child.close(force=True)


def run(child, *lines):
    for line in lines:
        child.sendline(line)
    if len(lines) > 1:  # two empty lines end a cell magic
        child.sendline("")
        child.sendline("")
    child.expect(PROMPT)
    return child.before


def test_a_handler_from_first_line_to_project(terminal, tmp_path):
    run(terminal, "%load_ext nb2svc")
    shown = run(terminal, '%%endpoint POST /double --example {"x": 4}', "def double(x):", "    return 2 * x")
    assert "POST /double  (endpoint)" in shown
    assert "→  8" in shown
    assert "<div" not in shown
    shown = run(terminal, "%%endpoint --example {}", "def broken():", "    return 1 / 0")
    assert "broken fails on its example: ZeroDivisionError" in shown
    assert "line 3 of its cell" in shown
    shown = run(terminal, "%nb2svc export out")
    assert "Freezing the environment" in shown
    assert "every example answered as here" in shown
    assert (tmp_path / "out" / "service" / "main.py").is_file()
