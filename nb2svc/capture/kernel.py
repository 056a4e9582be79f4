"""A fresh kernel of our own: which one, started, and ended whatever happens."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from jupyter_client.kernelspec import NATIVE_KERNEL_NAME, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError

from ..errors import NotebookError, UsageError
from ..events import EVENT_MIME, RESULT_MIME, Emit, LogLine, from_message
from ..values import Where
from .failure import excerpt, kernel_died

if TYPE_CHECKING:
    from nbformat import NotebookNode

STARTUP_SECONDS = 60
# Until a kernel that was asked to end gets SIGTERM, and as long again until SIGKILL: after a failure or Ctrl-C what
# runs may have to clean up; after success only the interpreter is left to end, which takes long with many libraries.
_GRACE_SECONDS = 4
_SHORT_GRACE_SECONDS = 1


def choose(name: str | None, notebook: NotebookNode, *, file: str = "") -> str:
    """The kernel to run a notebook in: ``name``, else the one that it asks for, else this environment's own.

    Raises :class:`UsageError` where there is no such kernel (naming those there are) or it speaks no Python.
    """
    asked = name or notebook.metadata.get("kernelspec", {}).get("name")
    chosen = asked or NATIVE_KERNEL_NAME
    specs: Mapping[str, Any] = KernelSpecManager().get_all_specs()
    if chosen not in specs:
        asks = f"There is no kernel {chosen!r}" if name else f"The notebook asks for the kernel {chosen!r}"
        raise UsageError(
            f"{asks}{'' if name else ', which is not installed'} here.",
            hint=f"Choose one with --kernel NAME: {_listed(specs)}.",
            where=Where(notebook=file),
        )
    language = specs[chosen]["spec"].get("language", "python")
    if language.lower() != "python":
        raise UsageError(
            f"The kernel {chosen!r} speaks {language}; nb2svc serves Python.",
            hint=f"Choose a Python kernel with --kernel NAME: {_listed(specs)}.",
            where=Where(notebook=file),
        )
    return chosen


def _listed(specs: Mapping[str, Any]) -> str:
    names = [f"{name} ({spec['spec'].get('display_name', name)})" for name, spec in sorted(specs.items())]
    return ", ".join(names) or "there are none: python -m pip install ipykernel"


class Kernel(NotebookClient):
    """nbclient's client with three differences: what cells print becomes log lines, what our hidden code sends
    becomes events and ``answers``, and no outputs are kept.
    """

    def __init__(self, notebook: NotebookNode, *, file: str, kernel_name: str, timeout: int | None, emit: Emit) -> None:
        super().__init__(
            notebook,
            kernel_name=kernel_name,
            timeout=timeout,
            startup_timeout=STARTUP_SECONDS,
            iopub_timeout=STARTUP_SECONDS,  # our answers must not be missed where a cell printed a lot
            record_timing=False,
            store_widget_state=False,
            on_cell_error=self._keep_reply,
        )
        self.file = file
        self.process = AsyncKernelManager(kernel_name=kernel_name)
        self.km = self.process
        self.answers: list[dict[str, Any]] = []
        self.failed_reply: dict[str, Any] = {}
        self.native_output: Callable[[], str] = str  # the last lines of what the process itself wrote
        self._emit = emit
        self._unfinished = ""

    def _keep_reply(self, cell: NotebookNode, cell_index: int, execute_reply: dict[str, Any]) -> None:  # noqa: ARG002
        self.failed_reply = execute_reply["content"]

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> NotebookNode | None:
        data = msg["content"].get("data", {}) if msg["msg_type"] == "display_data" else {}
        if EVENT_MIME in data:
            self._emit(from_message(data[EVENT_MIME]))
            return None
        if RESULT_MIME in data:
            self.answers.append(data[RESULT_MIME])
            return None
        if msg["msg_type"] == "stream":
            self._log(msg["content"]["text"])
        output: NotebookNode | None = super().process_message(msg, cell, cell_index)
        return output

    def _log(self, text: str) -> None:
        *lines, self._unfinished = (self._unfinished + text).split("\n")
        for line in lines:
            shown = line.rstrip("\r").rpartition("\r")[2]  # of a progress bar, its last state
            if shown.strip():
                self._emit(LogLine("notebook", shown))

    async def run(self, cell: NotebookNode, position: int, where: Where, *, hidden: bool = False) -> None:
        """Run one cell. Hidden ones leave no trace in the history and do not count.

        Raises nbclient's ``CellExecutionError`` and ``CellTimeoutError``, and :class:`NotebookError` where the
        kernel died.
        """
        self._unfinished = ""
        try:
            await self.async_execute_cell(cell, position, store_history=not hidden)
        except DeadKernelError:
            if await self.process.is_alive():  # nbclient takes a cancelled wait (Ctrl-C) for a dead kernel
                raise asyncio.CancelledError from None
            raise await self._death(cell, where, hidden=hidden) from None
        finally:
            cell.outputs = []

    async def _death(self, cell: NotebookNode, where: Where, *, hidden: bool) -> NotebookError:
        provisioner = self.process.provisioner
        return kernel_died(
            await provisioner.poll() if provisioner is not None else None,
            doing="nb2svc worked in it" if hidden else "it ran this cell",
            where=where,
            log="\n\n".join(filter(None, ["" if hidden else excerpt(cell.source, None), self.native_output()])),
        )

    async def run_hidden(self, source: str, **names: Any) -> dict[str, Any]:
        """Execute ``source`` with ``names`` (JSON values) and nothing of the notebook's namespace; its last answer."""
        from nbformat.v4 import new_code_cell

        self.answers.clear()
        code = f"exec(compile({source!r}, '<nb2svc>', 'exec'), {names!r})"
        cell: NotebookNode = new_code_cell(code)
        position = len(self.nb.cells)
        self.nb.cells.append(cell)
        limit, self.timeout = self.timeout, None  # the limit is for the notebook's own cells
        try:
            await self.run(cell, position, Where(notebook=self.file), hidden=True)
        finally:
            self.timeout = limit
            self.nb.cells.pop()
        return self.answers[-1] if self.answers else {}


@asynccontextmanager
async def started(kernel: Kernel, folder: Path) -> AsyncIterator[Kernel]:
    """Run the block with the kernel up, its working directory ``folder``; end it whatever happens.

    Hashes of strings are not randomized in it: the same notebook must give the same pickles, sets included.
    """
    with tempfile.TemporaryFile("w+b") as output:
        kernel.native_output = lambda: _tail(output)
        grace = _GRACE_SECONDS
        try:
            await _start(kernel, folder, {**os.environ, "PYTHONHASHSEED": "0"}, output)
            yield kernel
            grace = _SHORT_GRACE_SECONDS
        finally:
            kernel.process.shutdown_wait_time = 2 * grace
            await _stop(kernel)


async def _start(kernel: Kernel, folder: Path, environment: dict[str, str], output: IO[bytes]) -> None:
    try:
        await kernel.async_start_new_kernel(cwd=str(folder), env=environment, stdout=output, stderr=output)
        client = kernel.process.client()
        kernel.kc = client
        client.start_channels()
        await client.wait_for_ready(timeout=STARTUP_SECONDS)
    except (RuntimeError, OSError) as error:
        raise NotebookError(
            f"The kernel {kernel.kernel_name!r} did not start: {error}",
            hint="See that its environment still exists and has ipykernel: `jupyter kernelspec list` shows it.",
            log=kernel.native_output(),
        ) from error
    client.allow_stdin = False


async def _stop(kernel: Kernel) -> None:
    """End the kernel: interrupted and asked first, so that what runs cleans up, and killed if it does not answer."""
    manager = kernel.process
    try:
        if manager.has_kernel:
            await manager.shutdown_kernel(now=False)
    finally:
        if manager.has_kernel:  # a second Ctrl-C came while it was asked
            await manager.shutdown_kernel(now=True)
        if kernel.kc is not None:
            kernel.kc.stop_channels()
        await manager.cleanup_resources()


def _tail(output: IO[bytes], lines: int = 10) -> str:
    output.flush()
    output.seek(0)
    text = output.read().decode(errors="replace").splitlines()
    return "\n".join([line for line in text if "[IPKernelApp] WARNING" not in line][-lines:])
