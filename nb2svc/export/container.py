"""``Dockerfile`` and ``.dockerignore``."""

from __future__ import annotations

from typing import Any

from ..values import BAKE, MOUNT, Lock, ServiceSpec
from .artifacts import artifacts
from .render import render


def default_base(python: str) -> str:
    """The official slim image of a Python minor version (``3.11``)."""
    return f"python:{python}-slim-bookworm"


def docker_files(spec: ServiceSpec, lock: Lock, base: str | None) -> dict[str, str]:
    """Both files by path."""
    project = {
        "name": spec.name,
        "python": spec.python,
        "base": base or default_base(spec.python),
        "description": description(spec),
        "labels": _labels(spec),
        "has_examples": bool(spec.examples),
        "has_models": any(one.location == BAKE for one in artifacts(spec)),
        "left_out": [one.path for one in artifacts(spec) if one.location != BAKE],
        "mounts": any(one.location == MOUNT for one in artifacts(spec)),
        "has_lib": bool(spec.closure.helpers),
        "has_data": any(path.startswith("data/") for path, _ in spec.closure.files),
        "included": included(spec),
        "has_wheels": bool(lock.wheels),
        "environment": list(spec.closure.environment),
        "system": [{"name": package.name, "why": package.why} for package in lock.system],
        "indexes": _indexes(lock),
    }
    return {
        "Dockerfile": render("Dockerfile", project=project),
        ".dockerignore": render("dockerignore", project=project),
    }


def _indexes(lock: Lock) -> list[dict[str, Any]]:
    """The indexes that a build must be told of by name, each with what comes from it alone."""
    names = sorted({index for _, index in lock.indexes})
    return [{"name": name, "distributions": [one for one, index in lock.indexes if index == name]} for name in names]


def included(spec: ServiceSpec) -> list[str]:
    """Top-level names of included files outside ``data/``: they lie where they lay beside the notebook."""
    own = {"data", "lib", "models", "service"}
    return sorted({path.partition("/")[0] for path, _ in spec.closure.files} - own)


def description(spec: ServiceSpec) -> str:
    """What the service is, in one line."""
    return " ".join(spec.description.split()) or f"{spec.name}, a service captured from {spec.notebook or 'a notebook'}"


def _labels(spec: ServiceSpec) -> dict[str, str]:
    from .. import __version__

    labels = {
        "org.opencontainers.image.title": spec.name,
        "org.opencontainers.image.description": description(spec),
        "org.opencontainers.image.version": spec.notebook_sha256[:12],
        "io.nb2svc.version": __version__,
        "io.nb2svc.notebook": spec.notebook,
    }
    return {name: value for name, value in labels.items() if value}
