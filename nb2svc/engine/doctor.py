"""What this machine can do, and what to do about the rest."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..errors import Nb2svcError
from .environments import find_python, find_uv
from .records import cache_folder

State = Literal["ok", "warn", "missing"]

_PYTHONS = ("3.10", "3.11", "3.12", "3.13")
_ROOM = 5 << 30  # bytes: an image of a usual service, its layers while they are made, and an environment
_INTEGRATED_BUILDKIT = range(18, 23)  # major versions of the client that build with BuildKit without a plugin


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of ``nb2svc doctor``. ``hint`` is the next step, where there is one."""

    name: str  # ``docker engine``
    state: State
    detail: str
    hint: str = ""


def doctor() -> list[Finding]:
    """Look at all that nb2svc can use on this machine. Takes a few seconds; raises nothing."""
    checks: tuple[Callable[[], Iterator[Finding]], ...] = (
        _docker_clients, _docker_engine, _podman, _uv, _interpreters, _disk, _package_index, _registries,
    )  # fmt: skip
    return [finding for check in checks for finding in check()]


def _docker_clients() -> Iterator[Finding]:
    clients = _on_path("docker")
    if not clients:
        yield Finding(
            name="docker client",
            state="missing",
            detail="no docker command on PATH",
            hint="install Docker to build images; nb2svc run --engine process works without it",
        )
        return
    capable = [client for client in clients if _builds(client)]
    for client in clients:
        how = _builds(client)
        state: State = "ok" if how else "warn"
        hint = "" if how or capable else "install the buildx plugin (docker-buildx-plugin)"
        yield Finding(
            name="docker client", state=state, detail=f"{client}: {_version(client)}, {how or 'no BuildKit'}", hint=hint
        )


def _builds(client: Path) -> str:
    """How a client builds with BuildKit; "" where it cannot."""
    if buildx := _output(str(client), "buildx", "version"):
        return f"BuildKit through buildx {buildx.split()[1] if len(buildx.split()) > 1 else buildx}"
    major = re.search(r"\d+", _version(client))
    return "BuildKit built in" if major and int(major[0]) in _INTEGRATED_BUILDKIT else ""


def _version(client: Path) -> str:
    found = re.search(r"version ([^\s,]+)", _output(str(client), "--version"))
    return found[1] if found else "unknown version"


def _docker_engine() -> Iterator[Finding]:
    from .connection import connect

    try:
        connection = connect()
    except Nb2svcError as error:
        yield Finding(name="docker engine", state="missing", detail=error.message, hint=error.hint)
        return
    yield Finding(name="docker engine", state="ok", detail=f"{connection.version} at {connection.endpoint}")


def _podman() -> Iterator[Finding]:
    from .connection import connect
    from .podman import podman_endpoint

    try:
        connection = connect(podman_endpoint(), product="Podman")
    except Nb2svcError as error:
        installed = bool(_on_path("podman"))
        yield Finding(
            name="podman",
            state="warn" if installed else "missing",
            detail=error.message if installed else "not installed",
            hint=error.hint if installed else "needed only for --engine podman",
        )
        return
    yield Finding(name="podman", state="ok", detail=f"{connection.version} at {connection.endpoint}")


def _uv() -> Iterator[Finding]:
    try:
        path = find_uv()
    except Nb2svcError as error:
        yield Finding(name="uv", state="missing", detail=error.message, hint=error.hint)
        return
    yield Finding(name="uv", state="ok", detail=f"{_output(path, '--version')} at {path}")


def _interpreters() -> Iterator[Finding]:
    own = f"{sys.version_info[0]}.{sys.version_info[1]}"
    for minor in sorted({*_PYTHONS, own}, key=lambda text: tuple(map(int, text.split(".")))):
        yield _interpreter(minor)


def _interpreter(minor: str) -> Finding:
    try:
        return Finding(name=f"python {minor}", state="ok", detail=str(find_python(minor)))
    except Nb2svcError:
        hint = f"needed only to run projects of Python {minor} without a container: uv python install {minor}"
        return Finding(name=f"python {minor}", state="missing", detail="not installed", hint=hint)


def _disk() -> Iterator[Finding]:
    folder = cache_folder()
    free = shutil.disk_usage(folder).free
    enough = free >= _ROOM
    yield Finding(
        name="disk",
        state="ok" if enough else "warn",
        detail=f"{free / 1e9:.1f} GB free at {folder}",
        hint="" if enough else "docker system prune, uv cache prune, or remove old folders of envs/ there",
    )


def _package_index() -> Iterator[Finding]:
    """Which settings name an index or certificates; never their values, which may hold credentials."""
    names = [
        name for name in os.environ if re.match(r"(UV_(DEFAULT_)?INDEX|UV_EXTRA_INDEX|PIP_(EXTRA_)?INDEX_URL)", name)
    ]
    home = Path.home()
    files = [home / ".config/uv/uv.toml", home / ".config/pip/pip.conf", home / ".netrc", Path("/etc/pip.conf")]
    found = [*sorted(names), *(str(path) for path in files if path.is_file())]
    yield Finding(name="package index", state="ok", detail=f"set by {', '.join(found)}" if found else "the default")
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT"):
        bundle = os.environ.get(name)
        if bundle and not Path(bundle).exists():
            yield Finding(
                name="certificates", state="warn", detail=f"{name} names no file", hint=f"correct {name}, or unset it"
            )


def _registries() -> Iterator[Finding]:
    """The registries that ``docker login`` keeps credentials for."""
    import json

    path = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker", "config.json")
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        known = sorted({*config.get("auths", {}), *config.get("credHelpers", {})})
    except OSError:
        known = []
    except (ValueError, AttributeError):
        yield Finding(name="registries", state="warn", detail=f"{path} cannot be read", hint="correct it, or remove it")
        return
    if known:
        yield Finding(name="registries", state="ok", detail=f"logged in to {', '.join(known)}")
    else:
        yield Finding(
            name="registries", state="missing", detail="logged in to none", hint="docker login REGISTRY, to push there"
        )


def _on_path(name: str) -> list[Path]:
    """Every command of that name, in the order of PATH, each once."""
    found: dict[Path, Path] = {}
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        path = Path(folder or ".", name)
        if path.is_file() and os.access(path, os.X_OK):
            found.setdefault(path.resolve(), path)
    return list(found.values())


def _output(*command: str) -> str:
    """The first line that a command prints; "" where it fails."""
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.SubprocessError):
        return ""
    return run.stdout.strip().partition("\n")[0] if run.returncode == 0 else ""
