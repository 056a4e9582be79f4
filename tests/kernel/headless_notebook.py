"""A small notebook marked by tags, and the command that exports it."""

from __future__ import annotations

from pathlib import Path

import nbformat
import psutil
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from typer.testing import CliRunner

from nb2svc.cli import app

ENDPOINT = """# What the price is
# nb2svc: POST /price --example {"net": 100}
def price(net: float) -> dict[str, float]:
    return {"gross": round(net * (1 + RATE), 2)}"""
FOLDER = "folder = __import__('os').getcwd()\nassert __import__('pathlib').Path('prices.ipynb').is_file()"


def tagged(source, *tags):
    return new_code_cell(source, metadata={"tags": list(tags)})


def write(folder: Path, *more) -> Path:
    cells = [
        new_markdown_cell("# Prices"),
        tagged("RATE = 0.2", "parameters"),
        new_code_cell(FOLDER),
        tagged("1 / 0", "raises-exception"),
        tagged("never_defined", "skip-execution"),
        tagged(ENDPOINT, "nb2svc-endpoint"),
        *more,
    ]
    path = folder / "prices.ipynb"
    nbformat.write(new_notebook(cells=cells), path)
    return path


def export(*arguments: object):
    return CliRunner().invoke(app, ["export", *map(str, arguments)], catch_exceptions=False)


def gone(pid: int) -> bool:
    """Whether a process has ended, be it that nobody has asked for its exit status yet."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
