"""The shell: ``nb2svc export``, ``build``, ``run``, ``test`` and the rest, each a few lines over the pipeline."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import iri_syntax
from .errors import EngineError, UsageError
from .events import progress
from .ui import arguments as arg
from .ui.command import command
from .ui.terminal import Terminal
from .values import to_json

if TYPE_CHECKING:
    from .values import RunningService

MAKE = "From the notebook to the container"
SEE = "See and manage"
DIFFERENT = 1  # exit status where a test or a check found a difference

app = typer.Typer(
    name="nb2svc",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit status: 0 success, 1 a difference found, 2 usage, 3 notebook, 4 capture, 5 freeze, 6 export, 7 build, "
    "8 engine, 9 registry, 130 Ctrl-C.",
)


def _version(wanted: bool) -> None:
    if wanted:
        from . import __version__

        typer.echo(f"nb2svc {__version__}")
        raise typer.Exit


@app.callback()
def root(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """From a live notebook to a container that answers exactly as the notebook did."""


@command(
    app,
    "export",
    panel=MAKE,
    examples=["nb2svc export iris.ipynb -o iris", "nb2svc export iris.ipynb -o iris -p n_trees=200 --timeout 600"],
)
def export(
    terminal: Terminal,
    *,
    notebook: arg.NotebookFile,
    output: arg.Output = None,
    parameter: arg.Parameters = None,
    timeout: arg.CellTimeout = None,
    kernel: arg.KernelName = None,
    check: arg.CheckOnly = False,
    force: arg.Force = False,
    platform: arg.Platform = None,
    base: arg.Base = None,
    allow_secret: arg.AllowSecrets = None,
    json: arg.Json = False,
) -> None:
    """Run a notebook in a fresh kernel and write the service that it marks as a project folder.

    The folder is plain Python with a Dockerfile, without nb2svc inside. The notebook's own file is never changed, and
    nothing is written where a cell fails.
    """
    from .capture.notebook import run_notebook
    from .capture.parameters import parse
    from .ui.checking import differences_of
    from .ui.tables import check_summary, project_summary, records_json

    directory = output or Path(notebook.stem)
    if check:
        found = differences_of(
            terminal,
            notebook,
            directory,
            parameter=parameter,
            timeout=timeout,
            kernel=kernel,
            platform=platform,
            base=base,
            allow_secret=allow_secret,
        )
        terminal.result(records_json(found) if json else check_summary(directory, found))
        _end_where_different(terminal, [(notebook, directory)] if found else [], parameter)
        return
    with terminal.progress() as emit:
        run = run_notebook(
            notebook,
            directory=directory,
            parameters=dict(parse(each) for each in parameter or []),
            timeout=timeout,
            kernel_name=kernel,
            force=force,
            platform=platform,
            base=base,
            allow_secrets=allow_secret or (),
            emit=emit,
        )
    terminal.warn(run.project.warnings)
    terminal.result(to_json(run.project).rstrip() if json else project_summary(run.project, directory))
    terminal.advise(f"Next: nb2svc run {_quoted(directory)}   or   nb2svc test {_quoted(directory)}")


@command(
    app,
    "check",
    panel=MAKE,
    examples=["nb2svc check", "nb2svc check notebooks/iris.ipynb notebooks/text.ipynb"],
)
def check(
    terminal: Terminal,
    *,
    notebook: arg.NotebookFiles = None,
    output: arg.CheckedFolder = None,
    parameter: arg.Parameters = None,
    timeout: arg.CellTimeout = None,
    kernel: arg.KernelName = None,
    platform: arg.CheckedPlatform = None,
    base: arg.Base = None,
    allow_secret: arg.AllowSecrets = None,
    json: arg.Json = False,
) -> None:
    """Run notebooks again and compare what they give with their exports below this folder; exit 1 on any difference.

    An export is found by its nb2svc.json, which names its notebook. A notebook without one is passed over.
    """
    from .ui.checking import differences_of, exports
    from .ui.tables import check_json, check_summary

    found = {}
    for each, directory in exports(terminal, notebook or [], output):
        found[each, directory] = differences_of(
            terminal,
            each,
            directory,
            parameter=parameter,
            timeout=timeout,
            kernel=kernel,
            platform=platform,
            base=base,
            allow_secret=allow_secret,
        )
        if not json:
            terminal.result(check_summary(directory, found[each, directory]))
    if json:
        terminal.result(check_json({directory: differences for (_, directory), differences in found.items()}))
    _end_where_different(terminal, [pair for pair, differences in found.items() if differences], parameter)


@command(
    app,
    "build",
    panel=MAKE,
    examples=[
        "nb2svc build iris -t iris:1.0",
        "nb2svc build iris --platform linux/arm64 --push registry.example/iris:1.0",
    ],
)
def build(
    terminal: Terminal,
    *,
    directory: arg.ProjectFolder,
    tag: arg.Tag = None,
    builder: arg.BuilderChoice = arg.Builder.auto,
    platform: arg.Platform = None,
    base: arg.Base = None,
    no_cache: arg.NoCache = False,
    push: arg.PushTo = None,
    json: arg.Json = False,
) -> None:
    """Build the container image of an exported project."""
    from . import pipeline
    from .ui.tables import image_summary

    with terminal.progress() as emit:
        image = pipeline.build(
            directory,
            tag=tag,
            builder=builder.value,
            platform=platform,
            base=base,
            no_cache=no_cache,
            push=push,
            emit=emit,
        )
    terminal.result(to_json(image).rstrip() if json else image_summary(image))
    terminal.advise(f"Next: nb2svc run {_quoted(image.reference)}   or   nb2svc test {_quoted(image.reference)}")


@command(
    app,
    "run",
    panel=MAKE,
    examples=["nb2svc run iris", "nb2svc run iris:1.0 -p 8080 --detach", "nb2svc run iris -e DB_URL --memory 512m"],
)
def run(
    terminal: Terminal,
    *,
    target: arg.RunTarget,
    engine: arg.Engine = arg.EngineName.auto,
    port: arg.Port = None,
    host: arg.Host = "127.0.0.1",
    env: arg.Environment = None,
    memory: arg.Memory = None,
    cpus: arg.Cpus = None,
    workers: arg.Workers = None,
    detach: arg.Detach = False,
    json: arg.Json = False,
) -> None:
    """Run a project or an image, and show its log until Ctrl-C."""
    from . import pipeline

    with terminal.progress() as emit:
        service = pipeline.run(
            target,
            engine=engine.value,
            port=port,
            host=host,
            env=arg.environment(env or []) | ({"SERVICE_WORKERS": str(workers)} if workers else {}),
            memory=memory,
            cpus=cpus,
            emit=emit,
        )
    if json or detach:
        terminal.result(to_json(service).rstrip() if json else service.url)
    if detach:
        terminal.advise(f"Stop it with: nb2svc stop {_quoted(service.name)}")
    else:
        _follow(terminal, service)


@command(
    app,
    "test",
    panel=MAKE,
    examples=[
        "nb2svc test iris",
        "nb2svc test iris:1.0 --junit report.xml",
        "nb2svc test http://127.0.0.1:8000 --project iris",
    ],
)
def smoke_test(
    terminal: Terminal,
    *,
    target: arg.TestTarget,
    engine: arg.Engine = arg.EngineName.auto,
    project: arg.ExamplesOf = None,
    junit: arg.JUnitFile = None,
    json: arg.JsonFile = None,
) -> None:
    """Replay every example against the service and compare with the notebook's answers; exit 1 on any difference.

    Starts the service where it is not running yet, and checks its health, OpenAPI, user, memory and speed as well.
    """
    from . import pipeline
    from .smoke import report as render

    with terminal.progress() as emit:
        report = pipeline.test(target, project=project, engine=engine.value, emit=emit)
    if junit is not None:
        _write(junit, render.to_junit(report))
    if json is not None and str(json) != "-":
        _write(json, to_json(report))
    terminal.result(to_json(report).rstrip() if str(json) == "-" else render.to_table(report))
    if not report.passed:
        raise typer.Exit(DIFFERENT)


@command(app, "push", panel=MAKE, examples=["nb2svc push iris:1.0 registry.example/team/iris:1.0"])
def push(
    terminal: Terminal,
    image: arg.BuiltImage,
    reference: arg.Reference,
) -> None:
    """Push an image to a registry, with the credentials that docker login keeps; prints its digest there."""
    from . import pipeline

    with terminal.progress() as emit:
        digest = pipeline.push(image, reference, emit=emit)
    terminal.result(digest)


@command(app, "list", panel=SEE, examples=["nb2svc list", "nb2svc list --json"])
def list_(terminal: Terminal, json: arg.Json = False) -> None:
    """List the images that nb2svc built and the services that run."""
    from . import pipeline
    from .ui.tables import listing, listing_json

    images, services = pipeline.images(), pipeline.running()
    terminal.result(listing_json(images, services) if json else listing(images, services))
    if not images and not services:
        terminal.advise("Start with: nb2svc export NOTEBOOK.ipynb -o DIR")


@command(app, "inspect", panel=SEE, examples=["nb2svc inspect iris", "nb2svc inspect iris:1.0 --json"])
def inspect(
    terminal: Terminal,
    target: arg.RunTarget,
    json: arg.Json = False,
) -> None:
    """Show what a project or an image holds: models, endpoints, distributions with why and size, layers."""
    from . import pipeline
    from .ui.tables import details, details_json

    found = pipeline.inspect(target)
    sizes = pipeline.installed_sizes(found)
    terminal.result(details_json(found, sizes) if json else details(found, sizes))


@command(app, "logs", panel=SEE, examples=["nb2svc logs iris --tail 50"])
def logs(
    terminal: Terminal,
    service: arg.RunningName,
    tail: arg.Tail = 100,
) -> None:
    """Print the last log lines of a running service."""
    from . import pipeline

    terminal.result(pipeline.logs(service, tail=tail).rstrip("\n"))


@command(app, "stop", panel=SEE, examples=["nb2svc stop iris", "nb2svc stop --all"])
def stop(
    terminal: Terminal,
    service: arg.RunningNames = None,
    all_: arg.Everything = False,
) -> None:
    """Stop services that were left running with --detach."""
    from . import pipeline

    if bool(service) == all_:
        raise UsageError("Say which services to stop, or --all.", hint="nb2svc list shows what runs.")
    with terminal.progress() as emit:
        for each in list(pipeline.running()) if all_ else service or []:
            pipeline.stop(each, emit=emit)


@command(app, "doctor", panel=SEE, examples=["nb2svc doctor", "nb2svc doctor --json"])
def doctor(terminal: Terminal, json: arg.Json = False) -> None:
    """Say what this machine can do, and what to do about the rest."""
    from . import pipeline
    from .ui.tables import findings, records_json

    with terminal.progress() as emit, progress("run", "Looking at this machine", emit):
        found = pipeline.doctor()
    terminal.result(records_json(found) if json else findings(found))


def _end_where_different(terminal: Terminal, pairs: Sequence[tuple[Path, Path]], parameter: list[str] | None) -> None:
    """Say how to write the exports that differ anew, and end with status 1; nothing where there are none."""
    given = "".join(f" -p {_quoted(each)}" for each in parameter or [])
    for notebook, directory in pairs:
        command = f"nb2svc export {_quoted(notebook)} -o {_quoted(directory)}{given}"
        terminal.advise(f"Write it anew with: {command}   (--force, if somebody edited the files in it)")
    if pairs:
        raise typer.Exit(DIFFERENT)


def _follow(terminal: Terminal, service: RunningService) -> None:
    """Show the service's log until Ctrl-C, and stop it whatever happens. Raises where it ends by itself."""
    from . import pipeline

    terminal.advise(f"{service.name} answers at {service.url} (Ctrl-C stops it)")
    try:
        for line in pipeline.follow(service):
            terminal.result(line)
    finally:
        with terminal.progress() as emit:
            pipeline.stop(service, emit=emit)
    raise EngineError(f"The service {service.name} ended by itself.", hint="Its last log lines above say why.")


def _quoted(word: object) -> str:
    return shlex.quote(str(word))


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.", hint="Give another FILE.") from error


def main() -> None:
    """The ``nb2svc`` command."""
    iri_syntax.defer()
    app(prog_name="nb2svc")
