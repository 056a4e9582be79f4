"""The magics: parse the line and hand over. What they do is :class:`Marking`'s and the session's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from IPython.core.magic import Magics, cell_magic, line_magic, magics_class

from . import marks

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


class Marks(Protocol):
    """Who captures a cell that ran under one of our cell magics."""

    def finish(self, kind: str, line: str) -> None:
        """Capture the running cell. Raises ``Nb2svcError``."""


class Commands(Protocol):
    """Who does what ``%nb2svc`` asks for."""

    def command(self, line: str) -> Any:
        """Do one command line. Raises ``Nb2svcError``."""


class Session(Marks, Commands, Protocol):
    """Both."""


@magics_class
class Nb2svcMagics(Magics):
    """``%%serve_model``, ``%%endpoint``, ``%%startup`` and ``%nb2svc``."""

    def __init__(self, shell: InteractiveShell, session: Session) -> None:
        super().__init__(shell)
        self._interactive = shell
        self._session = session

    @line_magic
    def nb2svc(self, line: str) -> Any:
        """The service of this notebook: what is captured, and what to do with it.

        %nb2svc status                what is captured, and what would ship
        %nb2svc name NAME             give the service its name
        %nb2svc require DIST …        ship a distribution that no import names (a plugin)
        %nb2svc include FILE …        ship data files or folders, at the same relative path
        %nb2svc env NAME …            declare an environment variable that the service needs
        %nb2svc drop NAME             take an endpoint, model or startup out of the service
        %nb2svc serve [--port N]      live preview from this kernel, no build
        %nb2svc export [DIR]          write the project              [--force] [--platform P] [--base REF]
        %nb2svc build [DIR] [-t TAG]  export, then build the image   [--base REF] [--no-cache]
        %nb2svc run [--engine E] [--port N]    start the service: docker, podman or process
        %nb2svc test [--engine E]     smoke and parity test of the running (or a started) service
        %nb2svc push REF              push the image that was built
        %nb2svc stop                  stop the preview and what was started
        """
        return self._session.command(line)

    @cell_magic
    def serve_model(self, line: str, cell: str) -> None:
        """Run the cell, then serve the model it makes.

        %%serve_model VARIABLE [--example EXPR] [--name NAME] [--methods predict,…]
                               [--no-batch] [--max-batch N] [--format auto|joblib|pickle]
                               [--location bake|mount|URL]

        --example EXPR    rows to record answers for: --example X_test[:3]
        --name NAME       the model's name in its URL, /models/NAME/predict (default: the variable)
        --methods a,b     methods to serve (default: predict and predict_proba, else transform)
        --no-batch        never join concurrent requests into one call
        --max-batch N     rows at most in one call
        --format FORMAT   file format of the model
        --location PLACE  in the image (bake), on a volume (mount), or fetched at the start: s3://bucket/model.pkl
        """
        self._run_marked("serve_model", line, cell)

    @cell_magic
    def endpoint(self, line: str, cell: str) -> None:
        """Run the cell, then serve the last function it defines.

        %%endpoint [METHOD] [/path] [--example JSON-or-expression]… [--name NAME]
                   [--status N] [--timeout SECONDS] [--batch]

        METHOD /path      default: POST /<function name>
        --example VALUE   a request; its answer is shown now and must be the container's answer later
        --name NAME       public name (default: the function's)
        --status N        status of success (default: 200)
        --timeout SECONDS answer 504 after so long
        --batch           the handler takes and gives lists: concurrent requests become one call
        """
        self._run_marked("endpoint", line, cell)

    @cell_magic
    def startup(self, line: str, cell: str) -> None:
        """Run the cell now, and once whenever the service starts: open a connection, warm a cache."""
        self._run_marked("startup", line, cell)

    def _run_marked(self, kind: str, line: str, cell: str) -> None:
        """For callers of ``run_cell_magic``: cells that a person runs never get here, see :mod:`.marks`."""
        result = self._interactive.run_cell(f"%%{kind} {line}\n{cell}", store_history=False)
        result.raise_error()


def register(shell: InteractiveShell, session: Session) -> None:
    """Make the magics and their marks known to a shell."""
    shell.register_magics(Nb2svcMagics(shell, session))
    marks.install(shell, marks.Marker(session))


def unregister(shell: InteractiveShell) -> None:
    """Take the magics and their marks out again."""
    marks.uninstall(shell)
    known = shell.magics_manager.magics
    for name in marks.MARKS:
        known["cell"].pop(name, None)
    known["line"].pop("nb2svc", None)
