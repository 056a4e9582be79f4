"""The tables of docs/capture.md are those of the case folders."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "dev"))

import captured
from case_folder import folders, load

pytestmark = pytest.mark.once  # a page

ROOT = captured.ROOT


def test_the_page_is_what_the_cases_say():
    command = [sys.executable, ROOT / "dev" / "captured.py", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_case_has_one_row():
    written = captured.tables([load(folder) for folder in folders()])
    for folder in folders():
        place = (folder / "notebook.py").relative_to(ROOT).as_posix()
        assert written.count(f"](../{place}) |") == 1


def test_another_case_is_another_page():
    cases = [load(folder) for folder in folders()]
    page = captured.PAGE.read_text(encoding="utf-8")
    assert captured.page_now(page, cases[:-1]) != captured.page_now(page, cases)
    with pytest.raises(ValueError, match="has no line"):
        captured.page_now(page.replace(captured.END, ""), cases)
