"""Finding the engine and talking to it: where the ``docker`` command would go, in the errors of nb2svc."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..errors import EngineError, EngineUnavailableError

if TYPE_CHECKING:
    from docker import DockerClient

PROBE_SECONDS = 1  # until an engine must have answered
_CALL_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Connection:
    """An engine that has answered. ``remote_host`` is its host where it is another machine, else ""."""

    client: DockerClient
    endpoint: str
    version: str
    remote_host: str = ""


def connect(endpoint: str | None = None, *, product: str = "Docker") -> Connection:
    """Connect to an engine, by default the one that the ``docker`` command uses.

    Raises EngineUnavailableError, within about a second, where none answers.
    """
    from docker import DockerClient
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    where = endpoint or docker_endpoint()
    try:
        _knock(where)
        client = DockerClient(base_url=where, tls=_tls(where), timeout=PROBE_SECONDS)
        client.api.headers["Connection"] = "close"  # nothing is kept open between the few calls we make
        version = str(client.version()["Version"])
    except (DockerException, RequestException, OSError, ValueError) as error:  # ValueError: its config.json is broken
        raise EngineUnavailableError(
            f"No {product} engine answers at {where}: {_reason(error)}.",
            hint=f"Start {product}, or run it without one: --engine process",
        ) from error
    client.api.timeout = _CALL_SECONDS
    return Connection(client, where, version, host_of(where))


def _knock(endpoint: str) -> None:
    """Raise OSError where nobody listens at a socket of this machine, before a client is made for it."""
    if endpoint.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as knocking:
            knocking.settimeout(PROBE_SECONDS)
            knocking.connect(endpoint.removeprefix("unix://"))


def docker_endpoint() -> str:
    """``DOCKER_HOST``, else the current context of the ``docker`` command, else a rootless engine's socket."""
    if host := os.environ.get("DOCKER_HOST"):
        return host
    from docker.context import ContextAPI
    from docker.errors import DockerException

    try:
        context = ContextAPI.get_current_context()
        named = str(context.Host or "") if context else ""
    except (DockerException, OSError, ValueError):
        named = ""
    default = "unix:///var/run/docker.sock"
    rootless = Path(os.environ.get("XDG_RUNTIME_DIR") or "/nonexistent", "docker.sock")
    if named in {"", default} and not Path("/var/run/docker.sock").exists() and rootless.exists():
        return f"unix://{rootless}"
    return named or default


@contextmanager
def engine_errors() -> Iterator[None]:
    """Turn what the client raises into ``EngineError``."""
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    try:
        yield
    except (DockerException, RequestException) as error:
        raise EngineError(
            f"The engine refused: {_reason(error)}.", hint="nb2svc doctor says what this machine can do."
        ) from error


def host_of(endpoint: str) -> str:
    """The host name of an engine on another machine; "" for one on this machine."""
    host = urlsplit(endpoint).hostname or ""
    return "" if endpoint.startswith(("unix:", "npipe:", "http+unix:")) or host in _LOCAL else host


_LOCAL = {"", "localhost", "127.0.0.1", "::1"}


def _tls(endpoint: str) -> object:
    """TLS as ``DOCKER_TLS_VERIFY`` and ``DOCKER_CERT_PATH`` ask for, where the endpoint is theirs."""
    from docker.tls import TLSConfig

    folder = os.environ.get("DOCKER_CERT_PATH") or str(Path.home() / ".docker")
    if not os.environ.get("DOCKER_TLS_VERIFY") or not endpoint.startswith("tcp:"):
        return False
    pem = {name: str(Path(folder, f"{name}.pem")) for name in ("cert", "key", "ca")}
    return TLSConfig(client_cert=(pem["cert"], pem["key"]), ca_cert=pem["ca"], verify=True)


def _reason(error: Exception) -> str:
    """The innermost thing that was said: requests wraps it several times."""
    explanation = str(getattr(error, "explanation", "") or "")
    if explanation:
        return explanation.rstrip(".")
    inner: BaseException = error
    while inner.__cause__ or inner.__context__:
        inner = inner.__cause__ or inner.__context__ or inner
    text = getattr(inner, "strerror", None) or str(inner) or type(inner).__name__
    return str(text).rstrip(".").splitlines()[0]
