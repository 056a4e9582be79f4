"""What runs a project or an image: Docker, Podman, or a process of this machine."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from ..errors import EngineUnavailableError, UsageError
from ..events import Emit, ignore, progress
from ..values import RunningService
from .base import Engine, RunOptions, Stats

NAMES = ("auto", "docker", "podman", "process")

__all__ = ["NAMES", "Engine", "Finding", "RunOptions", "Stats", "doctor", "get", "running"]


def get(
    name: str = "auto", *, index: Callable[[], Mapping[str, str]] = lambda: os.environ, emit: Emit = ignore
) -> Engine:
    """The engine of that name. ``auto`` is Docker where an engine answers within a second, else ``process``.

    ``index`` gives the environment that uv runs with where ``process`` makes one (the user's package index).
    Raises EngineUnavailableError where the named engine does not answer, UsageError for another name.
    """
    if name == "auto":
        return _first_that_answers(index, emit)
    if name == "docker":
        from .docker import DockerEngine

        return DockerEngine()
    if name == "podman":
        from .podman import PodmanEngine

        return PodmanEngine()
    if name == "process":
        from .process import ProcessEngine

        return ProcessEngine(index)
    raise UsageError(f"There is no engine {name!r}.", hint=f"Choose one of {', '.join(NAMES)}.")


def _first_that_answers(index: Callable[[], Mapping[str, str]], emit: Emit) -> Engine:
    with progress("run", "Choosing an engine", emit) as current:
        try:
            engine = get("docker")
        except EngineUnavailableError as error:
            current.summary = f"process: {error.message.rstrip('.')}"
            return get("process", index=index)
        current.summary = "docker: it answers"
        return engine


def running() -> list[RunningService]:
    """The services of all engines that answer, the oldest first."""
    engines = (_if_available(name) for name in NAMES[1:])
    found = [service for engine in engines if engine for service in engine.running()]
    return sorted(found, key=lambda service: service.started)


def _if_available(name: str) -> Engine | None:
    try:
        return get(name)
    except EngineUnavailableError:
        return None


from .doctor import Finding, doctor  # noqa: E402 - it looks at the engines above
