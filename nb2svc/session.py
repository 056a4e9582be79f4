"""The service of one kernel: what the magics fill, and what ``nb2svc.service`` offers."""

from __future__ import annotations

import atexit
import os
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import naming
from .capture.cells import CellLog
from .capture.registry import Marked, Registry
from .capture.started import Started
from .errors import CaptureError, Nb2svcError, UsageError
from .events import Emit
from .values import Image, Project, Report, RunningService

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from .capture.preview import Preview
    from .capture.spec import Captured, LiveKernel
    from .export import Difference
    from .ui.cards import Card


class Service:
    """The service that this kernel's notebook becomes.

    ``name``, ``notebook`` (its file name) and ``description`` may be set; every method that takes long shows its
    progress in the cell. All raise ``Nb2svcError`` with the place and the next step.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._log = CellLog()
        self._registry = Registry()
        self._started = Started()
        self._name = ""
        self.description = ""  # one line for people; the headless runner takes the notebook's first heading
        self._requires: tuple[str, ...] = ()
        self._files: tuple[tuple[str, Path], ...] = ()
        self._environment: tuple[str, ...] = ()
        self._preview: Preview | None = None
        self._preview_app: Any = None
        self._exported: tuple[Path, dict[str, Any]] | None = None  # the folder of the last export, and its options
        self._image: Image | None = None
        self._running: RunningService | None = None
        self._emit: Emit | None = None
        self.notebook = naming.notebook_file(shell.user_ns)

    # --- what the extension does --------------------------------------------------------------

    def attach(self) -> None:
        """Start to listen to the shell."""
        from .capture import executed, magics

        executed.record()
        self._log.attach(self._shell)
        magics.register(self._shell, self)

    def detach(self) -> None:
        """Stop to listen; what the preview serves ends too."""
        from .capture import magics

        self._stop_preview()
        self._log.detach()
        magics.unregister(self._shell)

    def finish(self, kind: str, line: str) -> None:
        """Capture the cell that just ran under ``%%kind``, and show its card. Raises ``Nb2svcError``."""
        from .capture import marking
        from .ui import captured

        cell = self._log.current
        if cell is None:
            raise CaptureError("no cell is running", hint=f"put %%{kind} on the first line of a cell")
        before = self._current()
        mark: Marked
        with self._looking(startup=kind == "startup") as kernel:
            if kind == "serve_model":
                mark = marking.model(line, cell, kernel)
            elif kind == "endpoint":
                mark = marking.endpoint(line, cell, kernel)
            else:
                mark = marking.startup_cell(line, cell, kernel, before)
            card = captured.card(mark, before, kernel, self.name)  # raises where the mark does not hold
            self._registry = before.put(mark)
        self._preview_app = None
        self._show(card)

    def command(self, line: str) -> Any:
        """What ``%nb2svc`` asks for. Raises ``Nb2svcError``."""
        from .ui import line_magic

        return line_magic.run(self, line)

    # --- name and contents --------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The service's name: given, else the notebook's, else ``service``."""
        return self._name or naming.service_name(self.notebook)

    @name.setter
    def name(self, name: str) -> None:
        self._name = naming.checked(name)

    @property
    def notebook(self) -> str:
        """The notebook's file name; empty where the front end does not tell."""
        return self._log.notebook

    @notebook.setter
    def notebook(self, notebook: str) -> None:
        self._log.notebook = notebook

    def require(self, *distributions: str) -> None:
        """Ship distributions that no import of the captured code names. Raises ``UsageError`` if not installed."""
        self._requires = naming.installed(self._requires, distributions)

    def include(self, *files: str) -> None:
        """Ship data files, at the same path relative to the notebook. Raises ``UsageError`` if there is none."""
        self._files = naming.included(self._files, files, Path.cwd())

    def env(self, *names: str) -> None:
        """Declare environment variables that the service needs. Raises ``UsageError`` for what is no name."""
        self._environment = naming.variables(self._environment, names)

    def drop(self, name: str) -> None:
        """Take a model, endpoint or startup function out of the service. Raises ``UsageError`` if it has none."""
        current = self._current()
        keys = [mark.key for mark in current if mark.key[1] == name]
        if not keys:
            known = ", ".join(mark.key[1] for mark in current) or "nothing yet"
            raise UsageError(f"the service has no {name}", hint=f"it has: {known}")
        for key in keys:
            current = current.without(key)
        self._registry = current
        self._preview_app = None

    # --- the stages ---------------------------------------------------------------------------

    def status(self) -> Card:
        """What is captured, and what would go wrong."""
        from .ui import captured

        given = [
            ("requires", ", ".join(self._requires)),
            ("includes", ", ".join(path for path, _ in self._files)),
            ("environment", ", ".join(self._environment)),
            ("preview", self._preview.url if self._preview else ""),
        ]
        return captured.status(self._current(), self._kernel(), self.name, [one for one in given if one[1]])

    def export(
        self,
        directory: str | os.PathLike[str] | None = None,
        *,
        force: bool = False,
        platform: str | None = None,
        base: str | None = None,
        allow_secrets: Collection[str] = (),
    ) -> Project:
        """Write the project to ``directory`` (default: the service's name, beside the notebook)."""
        target = Path(directory) if directory is not None else Path.cwd() / self.name
        with self._progress() as emit, self._staged(target, emit, allow_secrets) as captured:
            from . import pipeline

            project = pipeline.export(
                captured, target, force=force, platform=platform, base=base, allow_secrets=allow_secrets, emit=emit
            )
        self._exported = (project.root, {"platform": platform, "base": base, "allow_secrets": allow_secrets})
        return project

    def compare(
        self,
        directory: str | os.PathLike[str],
        *,
        platform: str | None = None,
        base: str | None = None,
        allow_secrets: Collection[str] = (),
    ) -> Sequence[Difference]:
        """How ``directory`` differs from what the notebook gives now; nothing is written."""
        nowhere = Path(tempfile.gettempdir(), "check")  # not beside the folder: a checkout may be read-only
        with self._progress() as emit, self._staged(nowhere, emit, allow_secrets) as captured:
            from . import pipeline

            return pipeline.compare(
                captured, Path(directory), platform=platform, base=base, allow_secrets=allow_secrets, emit=emit
            )

    def build(self, tag: str | None = None, *, directory: str | None = None, **options: Any) -> Image:
        """Export, then build the image ``tag`` (default: ``<name>:latest``) with Docker's BuildKit."""
        from . import pipeline

        base = options.get("base")
        project = self.export(directory, base=base)
        with self._progress() as emit:
            self._image = pipeline.build(project.root, tag=tag, emit=emit, **options)
        return self._image

    def run(self, *, engine: str = "auto", **options: Any) -> RunningService:
        """Start the service: the image if one was built, else the exported project. Replaces one that runs."""
        from . import pipeline

        self.stop()
        target = self._target(engine)
        with self._progress() as emit:
            self._running = pipeline.run(target, engine=engine, emit=emit, **options)
        atexit.register(self._stop_at_exit)  # a kernel that ends leaves nothing running
        return self._running

    def test(self, *, engine: str = "auto") -> Report:
        """Smoke and parity test of what runs, else of what :meth:`run` would start."""
        from . import pipeline

        target = self._running or self._target(engine)
        project = self._exported[0] if self._exported else None
        with self._progress() as emit:
            return pipeline.test(target, project=project, engine=engine, emit=emit)

    def push(self, reference: str) -> str:
        """Push the image that was built to ``reference``; its digest."""
        from . import pipeline

        if self._image is None:
            raise UsageError("no image was built in this session", hint="%nb2svc build, then %nb2svc push REF")
        with self._progress() as emit:
            return pipeline.push(self._image.reference, reference, emit=emit)

    def serve(self, port: int = 0) -> str:
        """Serve from the kernel on loopback, with no build; re-run cells are served at once. Gives the URL."""
        from .capture.preview import Preview

        if not (self._current().models or self._current().endpoints):
            raise CaptureError("there is nothing to serve yet", hint="mark a cell with %%serve_model or %%endpoint")
        self._stop_preview()
        preview = Preview(self._app_of_now, port=port)
        preview.start()
        self._preview = preview
        return preview.url

    def stop(self) -> tuple[str, ...]:
        """Stop the preview and what :meth:`run` started; their URLs."""
        stopped = []
        if self._preview is not None:
            stopped.append(self._preview.url)
            self._stop_preview()
        if self._running is not None:
            from . import pipeline

            pipeline.stop(self._running)
            stopped.append(self._running.url)
            self._running = None
            atexit.unregister(self._stop_at_exit)
        return tuple(stopped)

    # --- inside -------------------------------------------------------------------------------

    def _kernel(self) -> LiveKernel:
        from .capture.spec import LiveKernel

        return LiveKernel(
            log=self._log,
            namespace=self._shell.user_ns,
            is_distributed=_is_distributed,
            files=self._files,
            changed=self._started.changed,
        )

    @contextmanager
    def _looking(self, *, startup: bool = False) -> Iterator[LiveKernel]:
        """The kernel as it is now; what capture itself changes there, by asking examples, is no cell's doing."""
        if not startup:  # another such cell, which the service runs, too
            self._started.look(self._shell.user_ns)
        before = self._registry
        try:
            yield self._kernel()
        finally:
            new = [one for one in self._registry.startups if one not in before.startups]
            self._started.rest(self._registry, self._shell.user_ns, ran=new)

    def _current(self) -> Registry:
        """The marks, without those of cells that were deleted since."""
        self._registry = self._registry.without_cells(self._log.deleted)
        return self._registry

    def _target(self, engine: str) -> Path | str:
        """What to run: the service as the notebook gives it now, where the last export went; its image, if built."""
        folder, options = self._exported or (None, {})
        project = self.export(folder, **options)
        image = self._image
        if image is not None and engine != "process" and image.labels.get("io.nb2svc.digest") == project.digest:
            return image.reference
        return project.root

    @contextmanager
    def _staged(self, target: Path, emit: Emit, allow_secrets: Collection[str]) -> Iterator[Captured]:
        """The captured service, its artifact files in a folder beside ``target`` that goes away afterwards."""
        from .capture.spec import Identity, capture
        from .events import progress
        from .export import secrets_of

        parent = next(folder for folder in target.absolute().parents if folder.is_dir())
        writable = parent if os.access(parent, os.W_OK) else None  # a folder that cannot be written fails later, well
        with tempfile.TemporaryDirectory(prefix=".nb2svc-capture-", dir=writable) as staging:
            with progress("capture", "Capturing the notebook", emit) as step:
                identity = Identity(
                    name=self.name,
                    notebook=self.notebook,
                    description=self.description,
                    requires=self._requires,
                    files=self._files,
                    environment=self._environment,
                )
                with self._looking() as kernel:
                    captured = capture(
                        self._current(),
                        kernel,
                        identity,
                        Path(staging),
                        also=lambda draft, secrets: secrets_of(draft, allow_secrets, secrets),
                    )
                step.summary = _summary(captured)
            yield captured

    def _stop_at_exit(self) -> None:
        with suppress(Nb2svcError):
            self.stop()

    def _app_of_now(self) -> Any:
        from .capture.spec import live_app

        if self._preview_app is None:
            self._preview_app = live_app(self._current(), self.name)
        return self._preview_app

    def _stop_preview(self) -> None:
        if self._preview is not None:
            self._preview.stop()
            self._preview = None
            self._preview_app = None

    def _show(self, card: Card) -> None:
        from IPython.display import display

        display(card)

    @contextmanager
    def emitting(self, emit: Emit) -> Iterator[None]:
        """Send progress to ``emit`` instead of showing it, while the block runs."""
        self._emit = emit
        try:
            yield
        finally:
            self._emit = None

    @contextmanager
    def _progress(self) -> Iterator[Emit]:
        if self._emit is not None:
            yield self._emit
            return
        from .ui.notebook import shown

        with shown() as emit:
            yield emit

    # --- for ``nb2svc export`` ----------------------------------------------------------------

    def _export_headless(self, options: dict[str, Any]) -> None:
        """Export inside a headless kernel; progress and outcome go to the runner as display messages."""
        from .ui import headless

        headless.export(self, options)


def _is_distributed(name: str) -> bool:
    """Whether a module belongs to the standard library or an installed distribution."""
    from .capture.modules import in_site_packages

    if in_site_packages(name):
        return True
    from .freeze import installed_owners  # editable installs lie elsewhere; reading the index takes a moment

    return bool(installed_owners().of_module(name))


def _summary(captured: Captured) -> str:
    from .wording import count

    spec = captured.spec
    parts = [(len(spec.models), "model"), (len(spec.endpoints), "endpoint"), (len(spec.examples), "example")]
    return ", ".join(count(number, noun) for number, noun in parts if number)
