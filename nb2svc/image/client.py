"""The ``docker`` command: which of those on PATH builds with BuildKit, and running one of them."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import EngineError, EngineUnavailableError

_INTEGRATED_BUILDKIT = range(18, 23)  # major versions of the client that build with BuildKit without a plugin
_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Builder:
    """How to call a client that builds with BuildKit: the command up to its options, and what it needs to be set."""

    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


def find_builder() -> Builder:
    """The first client on PATH that builds with BuildKit: through its buildx plugin, or by itself (18.09 to 22).

    Raises EngineUnavailableError where there is none: newer clients without the plugin refuse.
    """
    clients = list(_clients())
    for client in clients:
        if _succeeds(client, "buildx", "version"):
            return Builder((client, "buildx", "build", "--load"))
        if _major_version(client) in _INTEGRATED_BUILDKIT:
            return Builder((client, "build"), {"DOCKER_BUILDKIT": "1"})
    if not clients:
        raise _no_client()
    raise EngineUnavailableError(
        f"{clients[0]} cannot build with BuildKit: its buildx plugin is missing.",
        hint="Install the plugin (Docker's package docker-buildx-plugin), or see nb2svc doctor.",
    )


def run(*arguments: str) -> str:
    """What the first client on PATH prints. Raises EngineError with what it says where it fails."""
    client = next(_clients(), None)
    if client is None:
        raise _no_client()
    try:
        done = subprocess.run(
            [client, *arguments],
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise EngineError(f"docker {arguments[0]} did not answer.", hint="nb2svc doctor") from error
    if done.returncode:
        raise _failed(arguments, done.stderr.strip())
    return done.stdout


def run_json_lines(*arguments: str) -> list[dict[str, Any]]:
    """What a command with ``--format '{{json .}}'`` prints."""
    return [json.loads(line) for line in run(*arguments).splitlines() if line]


def first_client() -> str:
    """The ``docker`` that the user's shell would run. Raises EngineUnavailableError where there is none."""
    client = next(_clients(), None)
    if client is None:
        raise _no_client()
    return client


def _clients() -> Iterator[str]:
    """Every ``docker`` in the order of PATH, each once."""
    seen: set[Path] = set()
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        path = Path(folder or ".", "docker")
        if path.is_file() and os.access(path, os.X_OK) and path.resolve() not in seen:
            seen.add(path.resolve())
            yield str(path)


def _succeeds(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


def _major_version(client: str) -> int | None:
    try:
        said = subprocess.run([client, "--version"], capture_output=True, text=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"version (\d+)\.", said.stdout)
    return int(found[1]) if found else None


def _failed(arguments: tuple[str, ...], said: str) -> EngineError:
    if "Cannot connect to the Docker daemon" in said or "docker.sock" in said:
        return EngineUnavailableError(
            "No Docker engine answers.",
            hint="Start Docker, or use --engine process where no image is needed.",
            log=said,
        )
    return EngineError(f"docker {arguments[0]} failed.", hint="Its own words are below.", log=said)


def _no_client() -> EngineUnavailableError:
    return EngineUnavailableError(
        "There is no docker command on PATH.", hint="Install Docker, or run the project without: --engine process"
    )
