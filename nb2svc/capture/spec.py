"""From the registry to the ``ServiceSpec``: the closure of all marks, the kernel's answers, the artifact files."""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..ambient import ambient
from ..errors import CaptureError, ExportError
from ..values import (
    WEBSOCKET,
    Artifact,
    Closure,
    EndpointSpec,
    Example,
    ModelSpec,
    Problem,
    ServiceSpec,
    StartupSpec,
    Where,
)
from . import started, startup
from .answers import answer_examples, raise_all
from .closure import ClosureBuilder
from .dumping import dump_all
from .found import Found, Served
from .kinds import words
from .library_reads import library_reads
from .located import find_in
from .location import placed
from .native import notes
from .objects import UnpicklableError, place_of
from .registry import Marked, MarkedEndpoint, MarkedModel, MarkedStartup, Registry
from .schema_module import execute, module_source
from .service_schemas import AnswerSchemas, answer_schemas, relearned, request_schemas, service_schemas
from .state import changes, digests, written_globals
from .surroundings import look_around

if TYPE_CHECKING:
    from fastapi import FastAPI

    from .cells import CellLog
    from .modules import IsDistributed


@dataclass(frozen=True, kw_only=True)
class LiveKernel:
    """The live kernel as capture sees it."""

    log: CellLog
    namespace: Mapping[str, Any]
    is_distributed: IsDistributed
    files: tuple[tuple[str, Path], ...] = ()  # included data files, as in ``Closure.files``
    changed: frozenset[str] = frozenset()  # what startup cells read or bound, and other cells changed since


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What a person gave or the front end told about the service."""

    name: str
    notebook: str = ""
    description: str = ""
    requires: tuple[str, ...] = ()
    files: tuple[tuple[str, Path], ...] = ()
    environment: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Captured:
    """A spec, and the values of the environment variables it needs, which stay in the kernel."""

    spec: ServiceSpec
    secrets: dict[str, str] = field(default_factory=dict)
    objects: dict[str, dict[str, Any]] = field(default_factory=dict)  # artifact → live objects by name

    def place(self, artifact: str, text: str) -> str:
        """Where in the live objects of an artifact a text stands: ``config['auth'].token``; "" where nobody sees."""
        held = next((one for path, one in self.objects.items() if f"{artifact}/".startswith(f"{path}/")), {})
        return next(filter(None, (place_of(text, value, name) for name, value in held.items())), "")


# Looks at a service that cannot be captured for what else is wrong; the mapping holds its secrets.
Also = Callable[[ServiceSpec, Mapping[str, str]], Iterable[Problem]]


def _nothing(_draft: ServiceSpec, _secrets: Mapping[str, str]) -> Iterable[Problem]:
    return ()


def closure_of(registry: Registry, kernel: LiveKernel, marks: Iterable[Marked] | None = None) -> Found:
    """All that ``marks`` (default: every mark) need. Problems are in ``Found.problems``; nothing is raised."""
    wanted = Registry(registry.marks if marks is None else tuple(marks))
    builder = ClosureBuilder(
        kernel.log,
        kernel.namespace,
        served=[
            Served(model.public, model.options.variable, model.value, model.options.format) for model in registry.models
        ],
        started=[name for one in registry.startups for name in one.names],
        is_distributed=kernel.is_distributed,
    )
    for model in wanted.models:
        builder.need_model(model.public, model.options.variable, model.value, model.where)
        builder.need(model.options.variable, model.where)
    for endpoint in wanted.endpoints:
        builder.need(endpoint.handler, endpoint.where)
    for one in wanted.startups:
        source = startup.function_source(one.handler, one.source)
        builder.need_startup(one.handler, source, one.where, postponed=one.postponed)
    found = builder.finish()
    found.problems += [*_moved_on(wanted, kernel), *started.problems(registry)]
    found.warnings += notes(wanted.models, found)
    found.warnings += written_globals(found)
    found.warnings += started.warnings(registry.startups, kernel.changed, builder.needed_at_start)
    look_around(found, kernel.namespace, dict(kernel.files), kernel.is_distributed)
    return found


def _moved_on(registry: Registry, kernel: LiveKernel) -> list[Problem]:
    """Marks whose name means something else by now."""
    problems = []
    marked = [(one.handler, one.function, one.where) for one in registry.endpoints]
    marked += [(one.options.variable, one.value, one.where) for one in registry.models]
    for name, value, where in marked:
        if kernel.namespace.get(name) is not value:
            gone = name not in kernel.namespace
            message = f"{name} was {'deleted' if gone else 'bound to something else'} since this cell ran"
            problems.append(Problem(message=message, hint=f"run cell [{where.cell}] again", where=where))
    return problems


def live_app(registry: Registry, name: str) -> FastAPI:
    """The service as the kernel's own objects answer it, by the runtime that the project will have."""
    from ..runtime import Settings, create_app, endpoint, model_routes
    from ..runtime.manifest import Manifest

    # as a service of which nothing is set: the kernel's environment may hold API keys, and is not the service's
    app = create_app(Manifest(name=name, python=_python()), settings=Settings.load({}))
    schemas = execute(module_source(request_schemas(registry)))
    for mark in registry:
        if isinstance(mark, MarkedModel):
            inputs = mark.inputs
            routes = model_routes(
                mark.public,
                mark.value,
                methods=list(mark.methods),
                inputs=schemas[inputs.schema.name] if inputs.schema else None,
                features=inputs.features,
                frame=inputs.frame,
                batch=False,
            )
            app.include_router(routes)
        elif isinstance(mark, MarkedEndpoint) and mark.method == WEBSOCKET:
            app.add_api_websocket_route(mark.path, mark.function)
        elif isinstance(mark, MarkedEndpoint):
            handler = endpoint(
                mark.function,
                body=schemas[mark.body.name] if mark.body else None,
                spread=bool(mark.body and mark.body.spread),
                parameters=schemas[mark.parameters.name] if mark.parameters else None,
                timeout=mark.options.timeout,
                batch=mark.options.batch,
            )
            app.add_api_route(mark.path, handler, methods=[mark.method], status_code=mark.options.status)
    return app


def capture(
    registry: Registry, kernel: LiveKernel, identity: Identity, staging: Path, *, also: Also = _nothing
) -> Captured:
    """The whole service. Artifacts are written to ``staging``, an existing empty folder.

    Raises ``CaptureError`` that holds all problems at once; where there are any, those that ``also`` finds too.
    """
    if not registry.models and not registry.endpoints:
        raise CaptureError(
            "the notebook marks nothing to serve",
            hint="put %%serve_model VARIABLE above the cell that makes the model, or %%endpoint above a handler's",
            where=Where(notebook=identity.notebook),
        )
    found = closure_of(registry, kernel)
    if found.problems:
        examples, failures = _all_examples(registry, found, kernel, identity.name)
        raise_all([*found.problems, *also(_draft(found, examples, identity), found.secrets)], failures)
    # before the examples are asked again, which may change what they hold
    models = {one.options.variable: one.value for one in registry.models}
    definitions = found.with_fingerprints(find_in(kernel.log), models)
    try:
        artifacts, objects = placed(registry.models, *dump_all(registry.models, found, staging))
    except UnpicklableError as error:
        message, hint = words(error)
        raise CaptureError(message, hint=hint, where=Where(notebook=identity.notebook, name=error.path)) from error
    except OSError as error:
        raise ExportError(
            f"the models and objects cannot be written to {staging.parent}: {error.strerror}",
            hint="make room there, or export to a folder elsewhere; nothing was left behind",
            where=Where(notebook=identity.notebook),
        ) from None
    registry = relearned(registry)
    before = digests(found)
    examples, failures = _all_examples(registry, found, kernel, identity.name)
    if failures:
        raise_all(also(_draft(found, examples, identity), found.secrets), failures)
    found.warnings += changes(found, before)
    answers = answer_schemas(registry, examples)
    modules = found.modules.union(*(schema.modules for schema in request_schemas(registry)))
    spec = ServiceSpec(
        name=identity.name,
        python=_python(),
        notebook=identity.notebook,
        notebook_sha256=_sources_digest(found, registry),
        description=identity.description,
        models=tuple(_model_spec(one, artifacts[one.public], answers) for one in registry.models),
        endpoints=tuple(_endpoint_spec(one, answers) for one in registry.endpoints),
        startup=tuple(StartupSpec(handler=one.handler, where=one.where) for one in registry.startups),
        examples=examples,
        closure=Closure(
            imports=found.import_lines(),
            modules=tuple(sorted(modules)),
            definitions=definitions,
            helpers=tuple(found.helpers[name] for name in sorted(found.helpers)),
            objects=objects,
            files=_files(found, identity),
            environment=tuple(sorted((found.environment - found.set_here.keys()) | set(identity.environment))),
            set_here=tuple(pair for pair in found.set_here.items() if pair[0] not in identity.environment),
        ),
        schemas=service_schemas(registry, answers),
        requires=identity.requires,
        ambient=ambient(_clock(found), library_reads((one.source for one in definitions), kernel.namespace)),
        warnings=tuple(found.warnings),
    )
    held = {artifacts[one.public].path: {one.options.variable: one.value} for one in registry.models}
    held |= {one.artifact.path: {name: (found.objects | models)[name] for name in one.names} for one in objects}
    return Captured(spec=spec, secrets=found.secrets, objects=held)


def _clock(found: Found) -> set[str]:
    """``time`` where captured code may ask what time it is here."""
    told = " ".join([*found.import_lines(), *(one.source for one in found.definitions)])
    return {"time"} if re.search(r"\b(time|datetime)\b", told) else set()


def _files(found: Found, identity: Identity) -> tuple[tuple[str, Path], ...]:
    return tuple(sorted({**found.files, **dict(identity.files)}.items()))


def _draft(found: Found, examples: tuple[Example, ...], identity: Identity) -> ServiceSpec:
    """What can be said of a service that cannot be captured as a whole."""
    return ServiceSpec(
        name=identity.name,
        python=_python(),
        notebook=identity.notebook,
        description=identity.description,
        examples=examples,
        closure=Closure(
            imports=found.import_lines(),
            definitions=found.definitions,
            helpers=tuple(found.helpers[name] for name in sorted(found.helpers)),
            files=_files(found, identity),
        ),
    )


def _all_examples(
    registry: Registry, found: Found, kernel: LiveKernel, name: str
) -> tuple[tuple[Example, ...], list[CaptureError]]:
    """The examples of every mark, and the errors of those that cannot be answered.

    What lacks a name fails for that reason: it is asked only where its own closure is whole.
    """
    app = live_app(registry, name)
    examples: list[Example] = []
    failures: list[CaptureError] = []
    for mark in registry:
        if isinstance(mark, MarkedStartup) or (found.problems and closure_of(registry, kernel, [mark]).problems):
            continue
        try:
            examples += answer_examples(mark, app, found, kernel)
        except CaptureError as error:
            failures.append(error)
    return tuple(examples), failures


def _model_spec(mark: MarkedModel, artifact: Artifact, answers: AnswerSchemas) -> ModelSpec:
    inputs = mark.inputs
    return ModelSpec(
        name=mark.options.variable,
        public=mark.public,
        methods=mark.methods,
        artifact=artifact,
        features=inputs.features,
        frame=inputs.frame,
        dtypes=inputs.dtypes,
        inputs=inputs.schema.name if inputs.schema else "",
        outputs=answers.outputs_of(mark),
        batch=mark.options.batch,
        alone=tuple(method for method, _ in mark.alone),
        max_batch=mark.options.max_batch,
        where=mark.where,
    )


def _endpoint_spec(mark: MarkedEndpoint, answers: AnswerSchemas) -> EndpointSpec:
    return EndpointSpec(
        name=mark.public,
        handler=mark.handler,
        method=mark.method,
        path=mark.path,
        status=mark.options.status,
        timeout=mark.options.timeout,
        batch=mark.options.batch,
        body=mark.body.name if mark.body else "",
        spread=bool(mark.body and mark.body.spread),
        parameters=mark.parameters.name if mark.parameters else "",
        answer=answers.endpoints[mark.public].name if mark.public in answers.endpoints else "",
        where=mark.where,
    )


def _sources_digest(found: Found, registry: Registry) -> str:
    """What the service was made of, whatever outputs the notebook's file holds."""
    digest = hashlib.sha256()
    lines = [definition.source for definition in found.definitions]
    lines += [repr(model.options) for model in registry.models]
    lines += [repr(endpoint.options) for endpoint in registry.endpoints]
    for line in lines:
        digest.update(line.encode() + b"\0")
    return digest.hexdigest()


def _python() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"
