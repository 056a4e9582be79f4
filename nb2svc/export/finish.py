"""The last word on a staged project, from the project itself: its OpenAPI document, and whether it was verified."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ExportError
from ..runtime.manifest import Manifest
from ..runtime.settings import PREFIX
from ..values import Problem

_DOCUMENT = """
import json, sys
sys.path.insert(0, sys.argv[1])
from service.main import app
json.dump(app.openapi(), open(sys.argv[2], "w", encoding="utf-8"))
"""
_PLACEHOLDER = "set-where-the-service-runs"
_LAST_LINES = 30


@dataclass(frozen=True, slots=True)
class Finish:
    """What only the finished folder can tell.

    ``verified``: every example was answered as in the kernel. ``problems`` are warnings, kept in the manifest;
    whatever must stop the export is raised instead, as ``ExportError``.
    """

    openapi: dict[str, Any]
    verified: bool = False
    problems: tuple[Problem, ...] = ()


Finisher = Callable[[Path], Finish]
"""Called once with the root of the staged project, whose manifest is complete but for ``openapi.json``."""


def describe(root: Path) -> Finish:
    """Import the project in another interpreter like this one and ask it for its OpenAPI document; verifies nothing.

    Raises ``ExportError`` with the end of the traceback where the project cannot be imported.
    """
    document = root / ".openapi"
    command = [sys.executable, "-I", "-c", _DOCUMENT, str(root), str(document)]
    done = subprocess.run(
        command, cwd=root, env=_environment(root), capture_output=True, text=True, encoding="utf-8", check=False
    )
    if done.returncode != 0:
        raise ExportError(
            "the exported project cannot be imported",
            hint="the cause stands below; in the notebook, run all cells from the top and look for what differs",
            log="\n".join(done.stderr.splitlines()[-_LAST_LINES:]),
        )
    try:
        return Finish(json.loads(document.read_text("utf-8")))
    finally:
        document.unlink()


def _environment(root: Path) -> dict[str, str]:
    """The environment of this process without a service's settings, with something in each variable that it needs."""
    needed = Manifest.load(root).environment
    ours = {name: value for name, value in os.environ.items() if name in needed or not name.startswith(PREFIX)}
    return {**dict.fromkeys(needed, _PLACEHOLDER), **ours}
