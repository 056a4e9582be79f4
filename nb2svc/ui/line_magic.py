"""``%nb2svc …``: the line magic's commands, each one call of the session."""

from __future__ import annotations

import argparse
import shlex
from typing import TYPE_CHECKING, Any, NoReturn

from ..errors import UsageError
from ..values import Image, Project, RunningService
from ..wording import size_text
from .cards import Card

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..session import Service


class _Parser(argparse.ArgumentParser):
    """Argparse that raises instead of ending the kernel."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{self.prog}: {message}", hint=self.format_usage().removeprefix("usage: ").strip())

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:  # noqa: ARG002 - argparse's
        raise _HelpShown


class _HelpShown(Exception):  # noqa: N818 - no error: --help was asked for and printed
    pass


def run(service: Service, line: str) -> Any:
    """Do what the line says; the value is what the cell shows. Raises ``Nb2svcError``."""
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise UsageError(f"%nb2svc {line}: {error}", hint="close the quotes") from error
    try:
        arguments = vars(_parser().parse_args(words or ["status"]))
    except _HelpShown:
        return None
    arguments.pop("command", None)
    action: Callable[..., Any] = arguments.pop("action")
    return action(service, **arguments)


def _parser() -> _Parser:
    parser = _Parser(prog="%nb2svc", description="The service of this notebook.")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=_Parser, dest="command")

    def add(name: str, action: Callable[..., Any], help_: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=help_, description=help_)
        command.set_defaults(action=action)
        return command

    add("status", lambda service: service.status(), "what is captured, and what would go wrong")
    add("name", _name, "give the service its name").add_argument("name", nargs="?")
    require = add("require", _require, "ship distributions that no import names, or system packages (apt:NAME)")
    require.add_argument("names", nargs="+")
    add("include", _include, "ship data files or folders, at the same relative path").add_argument("names", nargs="+")
    add("env", _env, "declare environment variables that the service needs").add_argument("names", nargs="+")
    add("drop", _drop, "take a model, endpoint or startup out").add_argument("name")
    serve = add("serve", _serve, "live preview from this kernel, no build")
    serve.add_argument("--port", type=int, default=0, help="default: a free one")
    _add_export(add("export", _export, "write the project"))
    build = add("build", _build, "export, then build the image")
    build.add_argument("directory", nargs="?", help="the project's folder")
    build.add_argument("-t", "--tag", help="default: NAME:latest")
    build.add_argument("--base", help="base image, default python:<minor>-slim-bookworm")
    build.add_argument("--no-cache", action="store_true", help="build every step again")
    start = add("run", _run, "start the service")
    start.add_argument("--engine", default="auto", choices=["auto", "docker", "podman", "process"])
    start.add_argument("-p", "--port", type=int, help="default: a free one")
    test = add("test", _test, "smoke and parity test of the service")
    test.add_argument("--engine", default="auto", choices=["auto", "docker", "podman", "process"])
    add("push", lambda service, reference: service.push(reference), "push the image that was built").add_argument(
        "reference"
    )
    add("stop", _stop, "stop the preview and what was started")
    return parser


def _add_export(command: argparse.ArgumentParser) -> None:
    command.add_argument("directory", nargs="?", help="default: the service's name, beside the notebook")
    command.add_argument("--force", action="store_true", help="replace a folder that was edited")
    command.add_argument("--platform", help="linux/amd64 or linux/arm64; default: this machine's")
    command.add_argument("--base", help="base image, default python:<minor>-slim-bookworm")
    command.add_argument(
        "--allow-secret",
        dest="allow_secrets",
        metavar="NAME",
        action="append",
        default=[],
        help="a definition, file or variable that only looks as if it held a secret; may be repeated",
    )


def _name(service: Service, name: str | None) -> Card:
    if name:
        service.name = name
    return Card(title=service.name, kind="service")


def _require(service: Service, names: list[str]) -> Card:
    service.require(*names)
    return Card(title=service.name, kind="service", facts=[("requires", ", ".join(names))])


def _include(service: Service, names: list[str]) -> Card:
    service.include(*names)
    return Card(title=service.name, kind="service", facts=[("includes", ", ".join(names))])


def _env(service: Service, names: list[str]) -> Card:
    service.env(*names)
    return Card(title=service.name, kind="service", facts=[("environment", ", ".join(names))])


def _drop(service: Service, name: str) -> Card:
    service.drop(name)
    return service.status()


def _serve(service: Service, port: int) -> Card:
    url = service.serve(port)
    facts = [("url", url), ("try it", f"{url}/docs")]
    return Card(title=service.name, kind="live preview from this kernel", facts=facts, footer="%nb2svc stop ends it.")


def _export(service: Service, **options: Any) -> Card:
    return project_card(service.export(**options))


def project_card(project: Project) -> Card:
    """What an export wrote."""
    facts = [
        ("folder", str(project.root)),
        ("size", f"{len(project.files)} files, {size_text(project.size)}"),
        ("verified", "every example answered as here" if project.verified else "no: there are no examples"),
        ("next", f"%nb2svc run, or in a shell: nb2svc build {project.root.name}"),
    ]
    return Card(title=project.name, kind="project", facts=facts, warnings=project.warnings)


def _build(service: Service, **options: Any) -> Card:
    image: Image = service.build(**options)
    above = "" if image.base_size is None else f", {size_text(image.size - image.base_size)} above its base"
    facts = [("image", image.reference), ("id", image.id[:19]), ("size", size_text(image.size) + above)]
    return Card(title=image.reference, kind="image", facts=[*facts, ("next", "%nb2svc test, %nb2svc run")])


def _run(service: Service, **options: Any) -> Card:
    running: RunningService = service.run(**options)
    facts = [("url", running.url), ("try it", f"{running.url}/docs"), ("engine", running.engine)]
    return Card(title=running.name, kind="running", facts=facts, footer="%nb2svc stop ends it.")


def _test(service: Service, engine: str) -> Any:
    from ..errors import Nb2svcError
    from ..smoke.report import Shown

    report = service.test(engine=engine)
    shown = Shown(report)
    if not report.passed:
        from IPython.display import display

        display(shown)
        failed = [check.name for check in report.checks if check.outcome == "failed"]
        raise Nb2svcError(f"the service does not answer as the notebook did: {', '.join(failed)}", hint="see the table")
    return shown


def _stop(service: Service) -> Card:
    stopped = service.stop()
    return Card(title=service.name, kind="stopped", facts=[("stopped", ", ".join(stopped) or "nothing was running")])
