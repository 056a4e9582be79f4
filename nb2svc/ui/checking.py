"""``nb2svc export --check`` and ``nb2svc check``: which exports to look at, and how each differs from its notebook."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import UsageError
from .terminal import Terminal


def differences_of(
    terminal: Terminal,
    notebook: Path,
    directory: Path,
    *,
    parameter: list[str] | None,
    timeout: int | None,
    kernel: str | None,
    platform: str | None,
    base: str | None,
    allow_secret: list[str] | None,
) -> Sequence[Mapping[str, Any]]:
    """How ``directory`` differs from what the notebook gives now. Nothing is written."""
    from ..capture.notebook import run_notebook
    from ..capture.parameters import parse
    from ..export import load_project

    committed = load_project(directory)  # before the notebook runs, which may take long
    with terminal.progress() as emit:
        return run_notebook(
            notebook,
            directory=directory,
            parameters=dict(parse(each) for each in parameter or []),
            timeout=timeout,
            kernel_name=kernel,
            check=True,
            platform=platform or committed.platform,
            base=base,
            allow_secrets=allow_secret or (),
            emit=emit,
        ).differences


def exports(terminal: Terminal, notebooks: list[Path], output: Path | None) -> Iterator[tuple[Path, Path]]:
    """Each notebook with its export. Raises ``UsageError`` where that cannot be told."""
    from ..export import exports_of, notebooks_with_exports

    if output is not None and len(notebooks) != 1:
        raise UsageError(
            "--output says where one notebook's export is.", hint="Name that notebook: nb2svc check NOTEBOOK -o DIR"
        )
    here = Path()
    for notebook in notebooks or notebooks_with_exports(here):
        found = [output] if output is not None else exports_of(notebook, here)
        if len(found) > 1:
            raise UsageError(
                f"{' and '.join(map(str, found))} both say that they are exports of {notebook.name}.",
                hint=f"Say which: nb2svc check {shlex.quote(str(notebook))} -o DIR",
            )
        if not found:
            terminal.advise(f"{notebook} has no export here: nothing to check.")
        yield from ((notebook, directory) for directory in found)
