"""Podman, through its socket that speaks Docker's language."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import EngineUnavailableError
from .connection import connect
from .docker import DockerEngine


class PodmanEngine(DockerEngine):
    """As :class:`DockerEngine`. Raises EngineUnavailableError where no socket of Podman answers."""

    def __init__(self) -> None:
        super().__init__("podman", connect(podman_endpoint(), product="Podman"))


def podman_endpoint() -> str:
    """``CONTAINER_HOST``, else the user's socket, else the system's. Raises EngineUnavailableError."""
    if host := os.environ.get("CONTAINER_HOST"):
        return host
    runtime = os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    for socket in (Path(runtime, "podman/podman.sock"), Path("/run/podman/podman.sock")):
        if socket.exists():
            return f"unix://{socket}"
    raise EngineUnavailableError(
        "Podman's socket is not there.",
        hint="Start it with: systemctl --user start podman.socket   (or podman system service --time=0 &)",
    )
