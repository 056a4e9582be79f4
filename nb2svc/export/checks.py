"""What no project can be made of: found before anything is written, all at once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from ..runtime.manifest import OWN_PATHS
from ..values import Lock, Problem, ServiceSpec, Where
from .artifacts import artifacts
from .folder import KEPT
from .names import is_service_name, service_name
from .notebook_module import import_conflicts

OWN_FOLDERS = ("examples", "service", "tests", "wheels")  # an included file there would be taken for a part of it
_METHOD = re.compile(r"[A-Z]+")
_EXAMPLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def problems(spec: ServiceSpec, lock: Lock) -> tuple[Problem, ...]:
    """Every reason not to export ``spec`` with ``lock``, each with its place and next step."""
    found = (
        _service(spec),
        _lock(spec, lock),
        _models(spec),
        _endpoints(spec),
        _code(spec),
        _examples(spec),
        _files(spec),
        _misplaced(spec),
    )
    return tuple(problem for group in found for problem in group)


def _service(spec: ServiceSpec) -> Iterator[Problem]:
    where = Where(notebook=spec.notebook)
    if not is_service_name(spec.name):
        yield Problem(
            message=f'"{spec.name}" cannot name a folder and an image (lower-case letters, digits, single hyphens)',
            hint=f"%nb2svc name {service_name(spec.name)}",
            where=where,
        )
    if not spec.models and not spec.endpoints:
        yield Problem(
            message="there is nothing to serve",
            hint="mark a cell with %%serve_model or %%endpoint and run it",
            where=where,
        )


def _lock(spec: ServiceSpec, lock: Lock) -> Iterator[Problem]:
    if lock.python != spec.python:
        yield Problem(
            message=f"the environment was frozen for Python {lock.python}, the notebook ran on {spec.python}",
            hint="freeze again in the notebook's kernel",
        )


def _models(spec: ServiceSpec) -> Iterator[Problem]:
    for public in _repeated(model.public for model in spec.models):
        same = [model for model in spec.models if model.public == public]
        yield Problem(
            message=f'the models {_listed(model.name for model in same)} are all served as "{public}"',
            hint="give one another name: %%serve_model NAME --name PUBLIC",
            where=same[-1].where,
        )
    for model in spec.models:
        if not model.methods:
            yield Problem(
                message=f'the model "{model.public}" has no method to serve',
                hint=f"%%serve_model {model.name} --methods predict",
                where=model.where,
            )
    for artifact in artifacts(spec):
        if artifact.staged is None:
            yield Problem(
                message=f"{artifact.path} ({artifact.type}) was captured but its file is not at hand",
                hint="run its cell again",
            )


def _endpoints(spec: ServiceSpec) -> Iterator[Problem]:
    for name in _repeated(endpoint.name for endpoint in spec.endpoints):
        where = [endpoint.where for endpoint in spec.endpoints if endpoint.name == name][-1]
        yield Problem(message=f'two endpoints are named "{name}"', hint="%%endpoint --name OTHER", where=where)
    taken = {("POST", f"/models/{model.public}/{method}") for model in spec.models for method in model.methods}
    for endpoint in spec.endpoints:
        route = f"{endpoint.method} {endpoint.path}"
        if not _METHOD.fullmatch(endpoint.method) or not endpoint.path.startswith("/"):
            yield Problem(
                message=f'"{route}" is no method and path', hint="%%endpoint POST /path", where=endpoint.where
            )
        elif endpoint.path in OWN_PATHS or endpoint.path.startswith("/v2/"):
            yield Problem(
                message=f"{endpoint.path} is one of the service's own paths",
                hint="choose another path: %%endpoint POST /path",
                where=endpoint.where,
            )
        elif (endpoint.method, endpoint.path) in taken:
            yield Problem(
                message=f"{route} is served twice", hint="choose another path for one of them", where=endpoint.where
            )
        taken.add((endpoint.method, endpoint.path))


def _code(spec: ServiceSpec) -> Iterator[Problem]:
    defined = {definition.name for definition in spec.closure.definitions}
    needed = [(endpoint.handler, endpoint.where) for endpoint in spec.endpoints]
    needed += [(startup.handler, startup.where) for startup in spec.startup]
    needed += [(model.name, model.where) for model in spec.models]
    for name, where in needed:
        if name not in defined:
            yield Problem(message=f"{name} is served but was not captured", hint="run its cell again", where=where)
    schemas = [
        (name, endpoint.handler, endpoint.where)
        for endpoint in spec.endpoints
        for name in (endpoint.body, endpoint.parameters, endpoint.answer)
    ]
    schemas += [
        (name, model.name, model.where)
        for model in spec.models
        for name in (model.inputs, *dict(model.outputs).values())
    ]
    for name, owner, where in schemas:
        if name and not re.search(rf"\b{re.escape(name)}\b", spec.schemas):
            yield Problem(message=f"the schema {name} of {owner} is missing", hint="run its cell again", where=where)
    for name, one, other in import_conflicts(spec):
        yield Problem(
            message=f'"{name}" is imported in two ways: "{one}" and "{other}"',
            hint=f"keep one of them, or give one another name (import … as {name}2)",
            where=Where(notebook=spec.notebook),
        )


def _examples(spec: ServiceSpec) -> Iterator[Problem]:
    for name in _repeated(example.name.lower() for example in spec.examples):
        yield Problem(message=f'two examples are named "{name}"', hint="run their cells again")
    for example in spec.examples:
        if not _EXAMPLE.fullmatch(example.name):
            yield Problem(message=f'"{example.name}" cannot name an example\'s file', where=example.where)


def _files(spec: ServiceSpec) -> Iterator[Problem]:
    paths = [(path, "included file") for path, _ in spec.closure.files]
    paths += [(helper.path, "helper module") for helper in spec.closure.helpers]
    paths += [(artifact.path, "artifact") for artifact in artifacts(spec)]
    for path, what in paths:
        parts = PurePosixPath(path).parts
        if (
            not path
            or parts[0] in KEPT
            or path.startswith("/")
            or ".." in parts
            or "\\" in path
            or path != PurePosixPath(path).as_posix()
        ):
            yield Problem(
                message=f'the {what} "{path}" would lie outside the project', hint="copy it beside the notebook"
            )


def _misplaced(spec: ServiceSpec) -> Iterator[Problem]:
    for path, _ in spec.closure.files:
        folder = path.partition("/")[0]
        if folder in OWN_FOLDERS:
            yield Problem(
                message=f'the included file "{path}" would lie in a folder of the project\'s own ({folder}/)',
                hint="move it to another folder beside the notebook, data/ for example",
            )


def _repeated(values: Iterable[str]) -> list[str]:
    return [value for value, count in Counter(values).items() if count > 1]


def _listed(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
