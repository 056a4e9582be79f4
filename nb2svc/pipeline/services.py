"""``Image → RunningService``: started, found again, listened to and stopped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..events import Emit, ignore
from ..values import RunningService
from .building import build

if TYPE_CHECKING:
    from ..engine import Engine, Finding, RunOptions


def run(
    target: Path | str,
    *,
    engine: str = "auto",
    port: int | None = None,
    host: str = "127.0.0.1",
    env: Mapping[str, str] | None = None,
    memory: str | None = None,
    cpus: float | None = None,
    emit: Emit = ignore,
) -> RunningService:
    """Start a folder or an image and wait until it is ready.

    An engine that runs images gets a folder's image built first (nothing is built that did not change). ``auto``
    is Docker where it answers, else a process; an image always needs an engine that runs images.
    """
    from ..engine import RunOptions

    options = RunOptions(port=port, host=host, env=dict(env or {}), memory=memory, cpus=cpus, explain=explain)
    return start(target, engine, options, emit)[1]


def start(target: Path | str, engine: str, options: RunOptions, emit: Emit) -> tuple[Engine, RunningService]:
    """The engine that fits, and the service that it started; a folder's image is built first where one is needed."""
    from dataclasses import replace

    from ..engine import get
    from ..errors import EngineUnavailableError
    from ..export import load_project
    from ..package_index import user_index

    if not Path(target).is_dir():
        try:
            chosen = get("docker" if engine == "auto" else engine, emit=emit)
        except EngineUnavailableError as error:  # a name mistyped, more often than an image that was meant
            message = f"There is no folder {target}, and for an image of that name: {error.message}"
            raise EngineUnavailableError(message, hint="nb2svc list shows images; give a folder's path.") from error
        return chosen, chosen.start(str(target), options, emit=emit)
    project = load_project(target)
    chosen = get(engine, index=lambda: user_index().install_environment, emit=emit)
    if chosen.name != "process":
        options = replace(options, image=build(project.root, emit=emit).reference)
    return chosen, chosen.start(project, options, emit=emit)


def explain(log: str, exit_code: int | None) -> str:
    """The likely cause in a log, and the next step; "" where nothing is known."""
    from ..smoke import likely_cause

    cause = likely_cause(log, exit_code=exit_code)
    return "" if cause is None else str(cause)


def running() -> list[RunningService]:
    """Services that nb2svc left running on this machine."""
    from .. import engine

    return engine.running()


def _found(service: RunningService | str) -> RunningService:
    if isinstance(service, RunningService):
        return service
    known = running()
    for one in known:
        if service in {one.name, one.id, one.url}:
            return one
    names = ", ".join(one.name for one in known) or "none"
    raise UsageError(f"No service {service!r} runs.", hint=f"Running: {names}.")


def logs(service: RunningService | str, *, tail: int = 100) -> str:
    """The last ``tail`` lines of a service's log. Raises ``UsageError`` where no such service runs."""
    from ..engine import get

    found = _found(service)
    return get(found.engine).logs(found, tail)


def follow(service: RunningService | str) -> Iterator[str]:
    """A service's log, past and to come, until it ends."""
    from ..engine import get

    found = _found(service)
    return get(found.engine).follow(found)


def stop(service: RunningService | str, *, emit: Emit = ignore) -> None:
    """Stop a service: SIGTERM, time to finish what it is answering, then SIGKILL."""
    from ..engine import get
    from ..events import progress

    found = _found(service)
    with progress("run", f"Stopping {found.name}", emit):
        get(found.engine).stop(found)


def doctor() -> list[Finding]:
    """What this machine can do, and what to do about the rest."""
    from .. import engine

    return engine.doctor()
