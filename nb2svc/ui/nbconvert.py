"""``jupyter nbconvert --to nb2svc notebook.ipynb``: the project as a zip archive.

The notebook runs in a fresh kernel, as with ``nb2svc export``. The archive is deterministic.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbconvert.exporters import Exporter
from nbconvert.utils.exceptions import ConversionException
from traitlets import Integer, List, Unicode, default

from ..errors import Nb2svcError
from ..events import Event, Failed, Finished, Started, Step

if TYPE_CHECKING:
    from nbformat import NotebookNode


class ServiceExporter(Exporter):
    """Runs the notebook in a fresh kernel and gives the project of the service that it marks, zipped."""

    export_from_notebook = "nb2svc service (.zip)"
    output_mimetype = "application/zip"

    timeout = Integer(None, allow_none=True, min=1, help="Longest time for one cell, in seconds; None: no limit.").tag(
        config=True
    )
    kernel_name = Unicode("", help="Jupyter kernel to run the notebook in; empty: the one it names.").tag(config=True)
    platform = Unicode("", help="Target platform, linux/amd64 or linux/arm64; empty: this machine's.").tag(config=True)
    base = Unicode("", help="Image to build on; empty: python:<the kernel's version>-slim-bookworm.").tag(config=True)
    allow_secrets = List(Unicode(), help="Definitions, files or variables that only look like secrets.").tag(
        config=True
    )

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".zip"

    def from_notebook_node(  # type: ignore[override]  # as nbconvert's PDFExporter: bytes, not text
        self, nb: NotebookNode, resources: Any | None = None, **kw: Any
    ) -> tuple[bytes, dict[str, Any]]:
        """The zip archive's bytes. Raises nbconvert's ``ConversionException`` where nb2svc has a reason not to."""
        notebook, resources = super().from_notebook_node(nb, resources, **kw)
        try:
            archive = self._archive(notebook, resources.get("metadata", {}))
        except Nb2svcError as error:
            raise self._failure(error) from None
        return archive, resources

    def _archive(self, notebook: NotebookNode, metadata: dict[str, Any]) -> bytes:
        from ..capture.notebook import HeadlessOptions, run_cells
        from ..export import zip_project

        name = metadata.get("name") or "notebook"
        with tempfile.TemporaryDirectory(prefix="nb2svc-") as folder:
            run = run_cells(
                lambda: notebook,
                file=f"{name}.ipynb",
                folder=Path(metadata.get("path") or ".").resolve(),
                options=HeadlessOptions(
                    directory=str(Path(folder).resolve() / name),
                    platform=self.platform or None,
                    base=self.base or None,
                    allow_secrets=tuple(self.allow_secrets),
                ),
                parameters={},
                timeout=self.timeout,
                kernel_name=self.kernel_name or None,
                emit=self._log_event,
            )
            for problem in run.project.warnings:
                self.log.warning("%s", problem)
            archive: bytes = zip_project(run.project.root)
        return archive

    def _log_event(self, event: Event) -> None:
        if isinstance(event, Started):
            self.log.info("%s …", event.title)
        elif isinstance(event, Step):
            self.log.info("  %s", event.text)
        elif isinstance(event, Finished):
            self.log.info("  done in %.1f s%s", event.seconds, f": {event.summary}" if event.summary else "")
        elif isinstance(event, Failed):
            self.log.debug("  failed after %.1f s", event.seconds)  # the error itself follows

    def _failure(self, error: Nb2svcError) -> Exception:
        """End the ``jupyter nbconvert`` command with our message and status; elsewhere, what callers expect."""
        from nbconvert.nbconvertapp import NbConvertApp
        from traitlets.config import Application

        from ..capture.failure import ANSI

        text = ANSI.sub("", str(error))
        command = Application.instance() if Application.initialized() else None
        if isinstance(command, NbConvertApp):
            command.log.critical("%s", text)
            command.exit(error.exit_code)
        return ConversionException(text)
