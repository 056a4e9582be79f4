"""A notebook file run headless: every cell in a fresh kernel, then the same capture as in a live one.

The whole export happens inside the kernel, where the live objects are. What is sent there, and what comes back, is
JSON: progress as :data:`~nb2svc.events.EVENT_MIME` messages, the outcome as one
:data:`~nb2svc.events.RESULT_MIME` message. Neither enters the notebook, whose file is only read.
"""

from __future__ import annotations

import asyncio
import json
import re
import warnings
from collections.abc import Callable, Coroutine, Iterable, Mapping
from contextlib import AsyncExitStack
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import __version__, errors
from ..errors import UsageError
from ..events import RESULT_MIME, Emit, Progress, ignore, progress
from ..values import Project, Where, from_json
from .failure import cell_failed, timed_out
from .parameters import inject, numbered
from .tags import with_magic

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from .kernel import Kernel

SETUP = """
import sys
from IPython import get_ipython
from IPython.display import display
answer = {"python": sys.executable}
try:
    import nb2svc
except ImportError as error:
    answer["missing"] = str(error)
else:
    answer["version"] = nb2svc.__version__
    get_ipython().extension_manager.load_extension("nb2svc")
    nb2svc.service.notebook = notebook
    nb2svc.service.description = description
display({mime: answer}, raw=True)
"""

POST_MORTEM = """
import sys
from IPython.display import display
from nb2svc import errors
error = getattr(sys, "last_value", None)
answer = {"error": errors.to_message(error)} if isinstance(error, errors.Nb2svcError) else {}
display({mime: answer}, raw=True)
"""

EXPORT = """
import traceback
from IPython.display import display
import nb2svc
try:
    nb2svc.service._export_headless(options)
except Exception as error:
    bug = {"bug": f"{type(error).__name__}: {error}", "traceback": traceback.format_exc()}
    display({mime: bug}, raw=True)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadlessOptions:
    """What the export inside the kernel is told. Sent as JSON, ``directory`` as an absolute path."""

    directory: str
    force: bool = False
    check: bool = False  # write nothing; say how ``directory`` differs from what the notebook gives now
    platform: str | None = None  # ``linux/amd64``; None: this machine's
    base: str | None = None  # the Dockerfile's base image; None: the default for the kernel's Python
    allow_secrets: tuple[str, ...] = ()  # names of definitions, files or variables that only look like secrets


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookRun:
    """What a headless run gave. ``differences`` (with ``check`` only) are as ``nb2svc.export.compare`` words them."""

    project: Project
    differences: tuple[Mapping[str, Any], ...] = ()


def read_notebook(path: Path) -> NotebookNode:
    """Read a notebook file. Raises :class:`UsageError` where there is none, or it is none."""
    import nbformat

    hint = "Give the path of a notebook: nb2svc export NOTEBOOK.ipynb"
    if not path.is_file():
        raise UsageError(f"There is no file {path}.", hint=hint)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # missing and doubled cell ids: ours is a copy, and they are harmless
            notebook: NotebookNode = nbformat.read(path, as_version=4)
    except (ValueError, OSError, AttributeError, nbformat.ValidationError) as error:
        raise UsageError(f"{path} is no notebook: {str(error).partition(chr(10))[0]}", hint=hint) from error
    return notebook


def first_heading(notebook: NotebookNode) -> str:
    """What the notebook calls itself: its first Markdown heading, without its marks; empty without one."""
    sources = (cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    headings = (match[1] for source in sources if (match := re.search(r"^#{1,6}\s+(.+?)\s*#*$", source, re.MULTILINE)))
    return re.sub(r"[*_`]|!?\[([^\]]*)\]\([^)]*\)", r"\1", next(headings, ""))


def run_notebook(
    path: Path,
    *,
    directory: Path,
    parameters: Mapping[str, Any] | None = None,
    timeout: int | None = None,
    kernel_name: str | None = None,
    force: bool = False,
    check: bool = False,
    platform: str | None = None,
    base: str | None = None,
    allow_secrets: Iterable[str] = (),
    emit: Emit = ignore,
) -> NotebookRun:
    """Run the notebook at ``path`` in a fresh kernel, in its own folder, and export what it marks to ``directory``.

    ``timeout`` is seconds for each cell (None: no limit), ``parameters`` go after the cell tagged ``parameters``.
    Nothing is written where a cell fails. Raises :class:`UsageError` for the notebook, kernel or parameters,
    :class:`NotebookError` for a cell that fails, and what capture, freeze and export raise.
    """
    return run_cells(
        lambda: read_notebook(path),
        file=path.name,
        folder=path.resolve().parent,
        options=HeadlessOptions(
            directory=str(directory.resolve()),
            force=force,
            check=check,
            platform=platform,
            base=base,
            allow_secrets=tuple(allow_secrets),
        ),
        parameters=parameters or {},
        timeout=timeout,
        kernel_name=kernel_name,
        emit=emit,
    )


def run_cells(
    read: Callable[[], NotebookNode],
    *,
    file: str,
    folder: Path,
    options: HeadlessOptions,
    parameters: Mapping[str, Any],
    timeout: int | None = None,
    kernel_name: str | None = None,
    emit: Emit = ignore,
) -> NotebookRun:
    """:func:`run_notebook` for the notebook that ``read`` gives; ``file`` is its name, ``folder`` where it runs."""
    with progress("notebook", f"Reading {file}", emit) as current:
        from .kernel import Kernel, choose  # takes a second or more where Jupyter was not used for a while

        notebook = deepcopy(read())
        kernel_name = choose(kernel_name, notebook, file=file)
        inject(notebook, parameters, file=file)
        for number, cell in numbered(notebook):
            cell.source = with_magic(cell, Where(notebook=file, cell=number))
        kernel = Kernel(notebook, file=file, kernel_name=kernel_name, timeout=timeout, emit=emit)
        current.summary = _counted(len(list(numbered(notebook))))
    return _finished(_run(kernel, folder, options, emit))


def _finished(run: Coroutine[Any, Any, NotebookRun]) -> NotebookRun:
    """Wait for the run; on a thread of its own where this one already has an event loop, as in a notebook."""
    if not _in_a_loop():
        return asyncio.run(run)
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, run).result()


def _in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


async def _run(kernel: Kernel, folder: Path, options: HeadlessOptions, emit: Emit) -> NotebookRun:
    from .kernel import started

    async with AsyncExitStack() as stack:
        title = f"Running {kernel.file} in a fresh {kernel.kernel_name} kernel"
        with progress("notebook", title, emit) as current:
            current.step("starting the kernel")
            await stack.enter_async_context(started(kernel, folder))
            await _set_up(kernel)
            await _run_all(kernel, current)
        return await _export(kernel, options)


async def _set_up(kernel: Kernel) -> None:
    """Load nb2svc in the kernel. Raises :class:`UsageError` where it is not there, or is another version."""
    answer = await kernel.run_hidden(
        SETUP, notebook=kernel.file, description=first_heading(kernel.nb), mime=RESULT_MIME
    )
    install = f'"{answer["python"]}" -m pip install nb2svc=={__version__}'
    if "missing" in answer:
        raise UsageError(
            f"The kernel {kernel.kernel_name!r} cannot import nb2svc: {answer['missing']}",
            hint=f"Install it in the kernel's environment: {install}",
            where=Where(notebook=kernel.file),
        )
    if answer["version"] != __version__:
        raise UsageError(
            f"The kernel {kernel.kernel_name!r} has nb2svc {answer['version']}, this command is {__version__}.",
            hint=f"Have the same in both: {install}",
            where=Where(notebook=kernel.file),
        )


async def _run_all(kernel: Kernel, current: Progress) -> None:
    running = {id(cell): number for number, cell in numbered(kernel.nb)}
    total = len(running)
    for position, cell in enumerate(kernel.nb.cells):
        number = running.get(id(cell))
        if number is not None:
            current.step(f"cell {number} of {total}: {_summary(cell.source)}", number - 1, total)
            await _run_one(kernel, cell, position, Where(notebook=kernel.file, cell=number))
    current.summary = _counted(total)


async def _run_one(kernel: Kernel, cell: NotebookNode, position: int, where: Where) -> None:
    from nbclient.exceptions import CellExecutionError, CellTimeoutError

    try:
        await kernel.run(cell, position, where)
    except CellExecutionError:
        reply = kernel.failed_reply
        await _raise_ours(kernel)
        raise cell_failed(reply, source=cell.source, notebook=where.notebook) from None
    except CellTimeoutError:
        raise timed_out(kernel.timeout or 0, source=cell.source, where=where) from None


async def _raise_ours(kernel: Kernel) -> None:
    """Raise the error that a cell just failed with, where it is one of nb2svc's own, with all that it holds."""
    answer = await kernel.run_hidden(POST_MORTEM, mime=RESULT_MIME)
    if "error" in answer:
        raise errors.from_message(answer["error"]) from None


async def _export(kernel: Kernel, options: HeadlessOptions) -> NotebookRun:
    answer = await kernel.run_hidden(EXPORT, options=asdict(options), mime=RESULT_MIME)
    if "bug" in answer:
        raise RuntimeError(f"{answer['bug']}\n\nIn the kernel:\n{answer['traceback']}")
    if "error" in answer:
        raise errors.from_message(answer["error"])
    return NotebookRun(
        project=from_json(Project, json.dumps(answer["project"])), differences=tuple(answer.get("differences", ()))
    )


def _counted(cells: int) -> str:
    return f"{cells} cell{'' if cells == 1 else 's'}"


def _summary(source: str, width: int = 60) -> str:
    """The first line of a cell that says something: a magic or code before comments."""
    lines = [line.strip() for line in source.splitlines() if line.strip()]
    code = [line for line in lines if not line.startswith("#")]
    first = (code or lines)[0]
    return first if len(first) <= width else first[: width - 1] + "…"
