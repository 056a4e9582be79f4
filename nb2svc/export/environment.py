"""The environment variables that a service begins with, unless whoever runs it sets them."""

from __future__ import annotations

from ..values import ServiceSpec
from .artifacts import artifacts


def defaults(spec: ServiceSpec) -> list[tuple[str, str]]:
    """(variable, value) by name: what cells set, and what models need before their framework is imported."""
    needed = {name: value for one in artifacts(spec) for name, value in one.environment.items()}
    return sorted({**dict(spec.closure.set_here), **needed}.items())
