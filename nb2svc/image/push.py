"""Pushing an image to a registry, with the credentials that ``docker login`` keeps."""

from __future__ import annotations

import re
from collections import deque

from ..errors import RegistryError, UsageError
from ..events import Emit, Progress, ignore, progress
from . import causes, client
from .images import inspect
from .process import lines_of

_DIGEST = re.compile(r"digest: (sha256:[0-9a-f]{64})")
_LAYER = re.compile(r"^[0-9a-f]{12}: (Pushed|Layer already exists|Mounted from .*)$")
_LOG_LINES = 20


def push(reference: str, target: str, *, emit: Emit = ignore) -> str:
    """Push an image of this engine to ``REGISTRY/NAME:TAG``; its digest there, ``sha256:…``.

    Raises UsageError for a name that is none or an image that is not there, RegistryError where the push fails.
    """
    target = _with_tag(target)
    with progress("push", f"Pushing {target}", emit) as current:
        layers = len(inspect(reference).layers)
        had_tag = _exists(target)
        client.run("tag", reference, target)
        try:
            digest = _push(target, layers, current)
        finally:
            if not had_tag:
                client.run("rmi", "--no-prune", target)
        current.summary = f"{target}@{digest[:19]}…"
    return digest


def _push(target: str, layers: int, current: Progress) -> str:
    lines: deque[str] = deque(maxlen=_LOG_LINES)
    done = 0
    command = [client.first_client(), "push", target]
    with lines_of(command) as said:
        for line in said:
            lines.append(line)
            if _LAYER.match(line):
                done += 1
                current.step(f"{done} of {layers} layers are there", done, layers)
    log = "\n".join(lines)
    found = _DIGEST.search(log)
    if said.returncode or not found:
        raise _failed(target, log)
    return found[1]


def _with_tag(target: str) -> str:
    """``REGISTRY/NAME:TAG``; without a tag, ``latest``. Raises UsageError."""
    name = target.rpartition("/")[2]
    if "@" in target:
        raise UsageError("An image is pushed to a tag, not to a digest.", hint="Write REGISTRY/NAME:TAG.")
    if not re.fullmatch(r"[a-z0-9._:/\[\]-]+(:[\w][\w.-]{0,127})?", target) or not name:
        raise UsageError(f"{target} is no name of an image.", hint="Write REGISTRY/NAME:TAG, in lower case.")
    return target if ":" in name else f"{target}:latest"


def _exists(reference: str) -> bool:
    try:
        inspect(reference)
    except UsageError:
        return False
    return True


def _failed(target: str, log: str) -> RegistryError:
    registry = target.partition("/")[0] if "/" in target else "docker.io"
    cause = causes.of_push(log, registry)
    if cause is None:
        return RegistryError(f"{target} was not pushed.", hint="The registry's own words are below.", log=log)
    return RegistryError(f"{target} was not pushed: {cause.message}.", hint=cause.hint, log=log)
