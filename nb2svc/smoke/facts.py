"""What only the engine knows about a running service, and what the report says of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..values import Check
from ..wording import size_text


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineFacts:
    """What the engine knows and a client cannot see. None where it does not know."""

    memory_bytes: int | None = None  # of the whole service, now
    uid: int | None = None  # of the service's process
    image_bytes: int | None = None
    base_bytes: int | None = None  # the base image's part of them
    startup_seconds: float | None = None  # where the engine itself waited for the start
    exit_code: int | None = None  # where the service has ended
    oom_killed: bool = False


def fact_checks(facts: EngineFacts, engine: str) -> Iterator[Check]:
    """Memory, image size, and that a container does not run as root."""
    yield _memory(facts, engine)
    yield _image_size(facts)
    yield _not_root(facts, engine)


def _memory(facts: EngineFacts, engine: str) -> Check:
    if facts.memory_bytes is None:
        return Check(name="memory", outcome="skipped", detail=f"not known to the engine {engine}")
    return Check(name="memory", outcome="passed", detail=size_text(facts.memory_bytes))


def _image_size(facts: EngineFacts) -> Check:
    if facts.image_bytes is None:
        return Check(name="image size", outcome="skipped", detail="no image")
    above = "" if facts.base_bytes is None else f", {size_text(facts.image_bytes - facts.base_bytes)} above its base"
    return Check(name="image size", outcome="passed", detail=f"{size_text(facts.image_bytes)}{above}")


def _not_root(facts: EngineFacts, engine: str) -> Check:
    if facts.image_bytes is None and engine not in {"docker", "podman"}:
        return Check(name="not root", outcome="skipped", detail="no container: it runs as whoever started it")
    if facts.uid is None:
        return Check(name="not root", outcome="skipped", detail=f"not known to the engine {engine}")
    return Check(name="not root", outcome="passed" if facts.uid else "failed", detail=f"uid {facts.uid}")
