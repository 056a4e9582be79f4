"""Waiting until a started service is ready."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from ..errors import StartError
from ..events import Progress
from ..values import RunningService
from .base import Explain, Stats

LOG_LINES = 40  # in the error of a service that did not become ready
_POLL_SECONDS = 0.02
_SHARE = 0.1  # of a processor that waiting may take: the service needs it more, and a container engine's looks are slow


def wait_until_ready(
    service: RunningService,
    seconds: float,
    *,
    runs: Callable[[], bool],
    stats: Callable[[], Stats],
    logs: Callable[[], str],
    explain: Explain,
    progress: Progress,
) -> float:
    """Poll ``/readyz``; the seconds it took. Raises StartError where the service ends before, or has not made it.

    ``runs`` is asked each time and must be quick, ``stats`` once it answers or has ended.
    """
    begin = time.monotonic()
    said = 0.0
    while True:
        worked = time.thread_time()
        answers = is_ready(service.url)
        waited = time.monotonic() - begin
        if answers or not runs():
            now = stats()
            if not now.running:
                raise _ended(service, now, logs(), explain)
            if answers and now.listening is not False:
                return waited
        if waited >= seconds:
            raise _late(service, seconds, logs(), explain)
        if waited - said >= 1.0:
            said = waited
            progress.step(f"waiting for {service.name} to be ready, {waited:.0f} of {seconds:g} s")
        time.sleep(max(_POLL_SECONDS, (time.thread_time() - worked) / _SHARE))


def is_ready(url: str) -> bool:
    """Does ``/readyz`` answer 200? Asked directly: a proxy of the environment has no say about this machine."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port or 80, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _ended(service: RunningService, stats: Stats, log: str, explain: Explain) -> StartError:
    code = "" if stats.exit_code is None else f" (exit code {stats.exit_code})"
    memory = "Give it more memory: --memory 2g" if stats.oom_killed else ""
    return StartError(
        f"{service.name} ended before it was ready{code}.",
        hint=memory or explain(log, stats.exit_code) or "Its last log lines say why.",
        log=log,
    )


def _late(service: RunningService, seconds: float, log: str, explain: Explain) -> StartError:
    return StartError(
        f"{service.name} was not ready within {seconds:g} s.",
        hint=explain(log, None) or "Its last log lines say what it was doing.",
        log=log,
    )
