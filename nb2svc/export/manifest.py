"""``nb2svc.json``, filled from what was captured and frozen."""

from __future__ import annotations

from collections.abc import Collection

from ..runtime.manifest import (
    ArtifactEntry,
    DefinitionEntry,
    DistributionEntry,
    EndpointEntry,
    Manifest,
    ModelEntry,
    NotebookEntry,
    ObjectsEntry,
    StartupEntry,
)
from ..values import Lock, ServiceSpec
from .artifacts import artifacts
from .pretty_json import dumps


def manifest_of(spec: ServiceSpec, lock: Lock, *, allow_secrets: Collection[str] = ()) -> Manifest:
    """The manifest of a project before it is written: without ``files`` and ``verified``."""
    from .. import __version__

    return Manifest(
        name=spec.name,
        description=spec.description,
        nb2svc=__version__,
        python=spec.python,
        platform=lock.platform,
        notebook=NotebookEntry(file=spec.notebook, sha256=spec.notebook_sha256),
        models=_models(spec),
        artifacts=_artifacts(spec),
        endpoints=_endpoints(spec),
        startup=tuple(StartupEntry(handler=one.handler, cell=one.where.cell) for one in spec.startup),
        objects=tuple(ObjectsEntry(names=one.names, path=one.artifact.path) for one in spec.closure.objects),
        environment=spec.closure.environment,
        distributions=tuple(
            DistributionEntry(name=one.name, version=one.version, root=one.root, why=one.why, via=one.via)
            for one in lock.distributions
        ),
        system=tuple(package.name for package in lock.system),
        definitions=tuple(
            DefinitionEntry(name=one.name, kind=one.kind, cell=one.where.cell) for one in spec.closure.definitions
        ),
        examples=tuple(example.name for example in spec.examples),
        allowed_secrets=tuple(sorted(set(allow_secrets))),
        warnings=tuple(str(warning) for warning in (*spec.warnings, *lock.warnings)),
    )


def manifest_text(manifest: Manifest) -> str:
    """The file form of ``manifest``, fields in their own order."""
    return dumps(manifest.model_dump(mode="json"))


def _models(spec: ServiceSpec) -> tuple[ModelEntry, ...]:
    return tuple(
        ModelEntry(
            name=model.name,
            public=model.public,
            methods=model.methods,
            path=model.artifact.path,
            features=model.features,
            dtypes=model.dtypes,
            frame=model.frame,
            inputs=model.inputs,
            outputs=dict(model.outputs),
            batch=model.batched,
            max_batch=model.max_batch,
            cell=model.where.cell,
        )
        for model in spec.models
    )


def _artifacts(spec: ServiceSpec) -> tuple[ArtifactEntry, ...]:
    return tuple(
        ArtifactEntry(
            path=artifact.path,
            format=artifact.format,
            sha256=artifact.sha256,
            size=artifact.size,
            type=artifact.type,
            why=artifact.why,
            modules=artifact.modules,
            loader=artifact.loader,
            options=artifact.options,
            location=artifact.location,
        )
        for artifact in artifacts(spec)
    )


def _endpoints(spec: ServiceSpec) -> tuple[EndpointEntry, ...]:
    return tuple(
        EndpointEntry(
            name=endpoint.name,
            handler=endpoint.handler,
            method=endpoint.method,
            path=endpoint.path,
            status=endpoint.status,
            timeout=endpoint.timeout,
            batch=endpoint.batch,
            body=endpoint.body,
            spread=endpoint.spread,
            parameters=endpoint.parameters,
            answer=endpoint.answer,
            cell=endpoint.where.cell,
        )
        for endpoint in spec.endpoints
    )
