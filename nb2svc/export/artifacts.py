"""The live objects' files of a service."""

from __future__ import annotations

from ..values import Artifact, ServiceSpec


def artifacts(spec: ServiceSpec) -> tuple[Artifact, ...]:
    """Every artifact once, by its path: two models may be one object in one file."""
    found = {model.artifact.path: model.artifact for model in spec.models}
    found |= {objects.artifact.path: objects.artifact for objects in spec.closure.objects}
    return tuple(found[path] for path in sorted(found))
