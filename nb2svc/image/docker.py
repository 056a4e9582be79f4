"""Building an image from a project's own Dockerfile, through BuildKit."""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path

from ..errors import BuildError, UsageError
from ..events import Emit, Progress, ignore, progress
from ..values import Image, Project
from . import causes
from .client import Builder, find_builder
from .images import DIGEST_LABEL, NAME_LABEL, inspect
from .index import IndexSettings, index_settings, secret_files
from .plain_progress import PlainProgress
from .process import lines_of

_LOG_LINES = 40  # in the error of a failed build
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY")
_REFERENCE = re.compile(r"(?:[a-zA-Z0-9.-]+(?::\d+)?/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*(?::\w[\w.-]{0,127})?")


def build(
    project: Project,
    *,
    tag: str | None = None,
    platform: str | None = None,
    base: str | None = None,
    builder: str = "docker",
    no_cache: bool = False,
    emit: Emit = ignore,
) -> Image:
    """Build the image of ``project``; ``tag`` is ``NAME[:TAG]``, by default the project's name.

    The package index, its credentials and the certificates of this machine reach the build as secrets, never a layer.
    Raises BuildError with the last log lines and their likely cause, UsageError for options that do not fit, and
    EngineUnavailableError where nothing here builds with BuildKit. Ctrl-C cancels the build; nothing is left.
    """
    _check(builder, platform, tag)
    reference = tag or f"{project.name}:latest"
    reference = reference if ":" in reference.rpartition("/")[2] else f"{reference}:latest"
    if not (project.root / "Dockerfile").is_file():
        raise BuildError(f"{project.root} holds no Dockerfile.", hint="Export the notebook again.")
    with progress("build", f"Building {reference}", emit) as current:
        tool = find_builder()
        settings = index_settings()
        _say_what_is_left_out(settings, current)
        with secret_files(settings) as secrets:
            options = _options(project, reference, platform, base, secrets, no_cache=no_cache)
            read = _run(tool, options, project, current)
        image = inspect(reference)
        current.summary = _summary(image, read)
    return image


def _check(builder: str, platform: str | None, tag: str | None) -> None:
    if builder not in {"docker", "auto"}:
        hint = "Use --builder docker."
        if builder == "oci":
            raise UsageError("The daemonless builder (oci) is not part of this version.", hint=hint)
        raise UsageError(f"There is no builder {builder!r}.", hint=hint)
    if platform and "," in platform:
        raise UsageError("The builder docker builds for one platform at a time.", hint="Build each with its own --tag.")
    if tag is not None and not _REFERENCE.fullmatch(tag):
        raise UsageError(f"{tag!r} is no name of an image.", hint="Write NAME or NAME:TAG, the name in lower case.")


def _options(
    project: Project,
    reference: str,
    platform: str | None,
    base: str | None,
    secrets: Mapping[str, Path],
    *,
    no_cache: bool,
) -> Iterator[str]:
    yield from ("--progress=plain", "--tag", reference)
    yield from ("--label", f"{NAME_LABEL}={project.name}", "--label", f"{DIGEST_LABEL}={project.digest}")
    for name, path in secrets.items():
        yield from ("--secret", f"id={name},src={path}")
    for name in (each for proxy in _PROXIES for each in (proxy, proxy.lower())):
        if os.environ.get(name):
            yield from ("--build-arg", name)  # its value comes from the environment: it may hold a password
    if platform:
        yield from ("--platform", platform)
    if base:
        yield from ("--build-arg", f"BASE={base}")
    if no_cache:
        yield "--no-cache"


def _run(tool: Builder, options: Iterator[str], project: Project, current: Progress) -> PlainProgress:
    """Run the build in the project's folder. Raises BuildError."""
    read = PlainProgress()
    log: deque[str] = deque(maxlen=_LOG_LINES)
    command = [*tool.command, *options, "."]
    with lines_of(command, environment=tool.environment, folder=project.root) as lines:
        for line in lines:
            log.append(line)
            kind, text = read.read(line)
            if kind == "step":
                current.step(text)
            elif kind == "log":
                current.log(text)
    if lines.returncode:
        raise _failed(project, "\n".join(log))
    return read


def _failed(project: Project, log: str) -> BuildError:
    cause = causes.of_build(log)
    if cause is None:
        return BuildError(
            f"The image of {project.name} was not built.", hint="The last lines of the build say why.", log=log
        )
    return BuildError(f"The image of {project.name} was not built: {cause.message}.", hint=cause.hint, log=log)


def _say_what_is_left_out(settings: IndexSettings, current: Progress) -> None:
    if settings.left_out:
        current.log(f"not seen by the build, as they are folders of this machine: {', '.join(settings.left_out)}")


def _summary(image: Image, read: PlainProgress) -> str:
    above = "" if image.base_size is None else f", {(image.size - image.base_size) / 1e6:.0f} MB above its base"
    return f"{image.size / 1e6:.0f} MB{above}; {read.cached} of {read.cached + read.built} steps from the cache"
