"""The lock of what small projects need, and fixtures of them."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from served_tiny import Served, served_from, write_project


def lock_of(*roots: str) -> set[str]:
    """The names of the installed distributions that ``roots`` need, themselves included."""
    names: set[str] = set()
    todo = list(roots)
    while todo:
        name = re.sub(r"[-_.]+", "-", todo.pop()).lower()
        if name in names:
            continue
        with contextlib.suppress(PackageNotFoundError):
            needed = [Requirement(line) for line in requires(name) or ()]
            names.add(name)
            todo += [each.name for each in needed if each.marker is None or each.marker.evaluate({"extra": ""})]
    return names


@pytest.fixture(scope="session")
def lock() -> set[str]:
    return lock_of("fastapi", "prometheus-client", "python-multipart")


@pytest.fixture
def make_project(tmp_path: Path) -> Callable[..., Path]:
    """``make_project(main, files)``: write a project with this ``service/main.py``; returns its root."""
    return partial(write_project, tmp_path / "tiny")


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[Path], Served]]:
    """``serve(root)``: a uvicorn process of the project, ended with the test."""
    with contextlib.ExitStack() as running:
        yield lambda root: running.enter_context(served_from(root, tmp_path))


@pytest.fixture
def manifest() -> str:
    """A manifest that says which cell each definition came from."""
    return json.dumps(
        {
            "notebook": {"file": "tiny.ipynb", "sha256": ""},
            "definitions": [{"name": "halve", "kind": "function", "cell": 7}],
        }
    )
