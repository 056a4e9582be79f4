"""What a project will hold, decided before anything is touched: service and lock in, files by path out."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ExportError
from ..runtime.manifest import Manifest
from ..values import Artifact, Definition, Lock, Problem, ServiceSpec, Where
from .artifacts import artifacts
from .checks import problems
from .container import docker_files
from .environment import defaults
from .examples import example_text
from .formatting import docstring
from .manifest import manifest_of
from .notebook_module import notebook_module, schemas_module
from .readme import readme
from .render import main_module, render

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable  # in importlib.abc before Python 3.11

MANIFEST = "nb2svc.json"
OPENAPI = "openapi.json"
RUNTIME = "service/runtime/"


@dataclass(frozen=True, slots=True)
class StagedFile:
    """A file that is copied rather than made: an artifact, an included data file, a wheel.

    ``sha256`` and ``size`` are those of the artifact; "" and None where they are found out by copying. A large
    artifact may be linked instead, so nobody may write to ``source`` in place afterwards.
    """

    source: Path
    sha256: str = ""
    size: int | None = None


Content = bytes | StagedFile


@dataclass(frozen=True, slots=True)
class Plan:
    """A project as it will be, except for what only the finished folder can tell.

    ``files`` holds everything by its path (``service/main.py``) but :data:`OPENAPI` and :data:`MANIFEST`;
    ``manifest`` lacks ``files`` and ``verified``. ``origins`` and ``definitions`` lead from a file back to the
    notebook.
    """

    name: str
    files: Mapping[str, Content]
    manifest: Manifest
    warnings: tuple[Problem, ...] = ()
    origins: Mapping[str, Where] = field(default_factory=dict)
    definitions: tuple[Definition, ...] = ()


def plan(spec: ServiceSpec, lock: Lock, *, base: str | None = None, allow_secrets: Collection[str] = ()) -> Plan:
    """The project of ``spec`` with the frozen environment ``lock``; ``base`` is the image to build on, and the
    manifest says what was let through by ``allow_secrets``.

    Pure: reads no file but nb2svc's own templates and runtime, writes none. The same arguments give the same
    bytes on every machine. Raises ``ExportError`` with every reason why there can be no such project.
    """
    found = problems(spec, lock)
    if found:
        raise ExportError(f"{spec.name} cannot be exported", problems=found)
    return Plan(
        name=spec.name,
        files=_merged(_code(spec), _documents(spec, lock, base), _copies(spec, lock)),
        manifest=manifest_of(spec, lock, allow_secrets=allow_secrets),
        warnings=(*spec.warnings, *lock.warnings),
        origins=origins_of(spec),
        definitions=spec.closure.definitions,
    )


def draft_files(spec: ServiceSpec) -> dict[str, Content]:
    """What of a project is known without its environment: the notebook's own code, examples, objects and files."""
    code = {path: content for path, content in _code(spec).items() if not path.startswith(RUNTIME)}
    return {**code, **_examples(spec), **_given(spec)}


def _merged(*groups: Mapping[str, Content]) -> dict[str, Content]:
    """All files by path, sorted. Raises ``ExportError`` where two want one place (on any file system)."""
    contents: dict[str, Content] = {}
    places = {OPENAPI: OPENAPI, MANIFEST: MANIFEST}
    found = []
    for path, content in (item for group in groups for item in group.items()):
        if path.lower() in places:
            found.append(
                Problem(message=f"two files of the project want to be {path}", hint="rename the one you included")
            )
        places[path.lower()] = path
        contents[path] = content
    if found:
        raise ExportError("some files are in each other's place", problems=found)
    return {path: contents[path] for path in sorted(contents)}


def _copies(spec: ServiceSpec, lock: Lock) -> dict[str, StagedFile]:
    return {**_given(spec), **{f"wheels/{wheel.name}": StagedFile(wheel) for wheel in lock.wheels}}


def _given(spec: ServiceSpec) -> dict[str, StagedFile]:
    return {
        **{path: file for artifact in artifacts(spec) for path, file in _staged(artifact)},
        **{path: StagedFile(source) for path, source in spec.closure.files},
    }


def _staged(artifact: Artifact) -> Iterator[tuple[str, StagedFile]]:
    """The files of an artifact by their path in the project."""
    if artifact.staged is None:
        return
    if not artifact.files:
        yield artifact.path, StagedFile(artifact.staged, artifact.sha256, artifact.size)
    for file in artifact.files:
        yield f"{artifact.path}/{file.path}", StagedFile(artifact.staged / file.path, file.sha256, file.size)


def _code(spec: ServiceSpec) -> dict[str, bytes]:
    schemas = schemas_module(spec)
    title = docstring(f"The service {spec.name}: python -m service runs it.")
    texts = {
        "service/__init__.py": render(
            "service_init.py",
            docstring=title,
            has_lib=bool(spec.closure.helpers),
            environment=[(name, json.dumps(value, ensure_ascii=False)) for name, value in defaults(spec)],
        ),
        "service/__main__.py": render("service_main.py"),
        "service/main.py": main_module(spec),
        "service/notebook.py": notebook_module(spec),
        **({"service/schemas.py": schemas} if schemas else {}),
    }
    return {
        **{path: text.encode() for path, text in texts.items()},
        **runtime_files(),
        **{helper.path: helper.source for helper in spec.closure.helpers},
    }


def _documents(spec: ServiceSpec, lock: Lock, base: str | None) -> dict[str, bytes]:
    texts = {
        "README.md": readme(spec, lock),
        "requirements.in": lock.requirements_in,
        "requirements.txt": lock.requirements_txt,
        **docker_files(spec, lock, base),
        "tests/test_service.py": render("test_service.py"),
    }
    return {**{path: text.encode() for path, text in texts.items()}, **_examples(spec)}


def _examples(spec: ServiceSpec) -> dict[str, bytes]:
    return {f"examples/{example.name}.json": example_text(example).encode() for example in spec.examples}


def runtime_files() -> dict[str, bytes]:
    """nb2svc's runtime as it is copied into each project, by path."""
    return dict(_python_files(files("nb2svc.runtime"), RUNTIME))


def _python_files(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir() and entry.name not in {"__pycache__", "tests"}:
            found += _python_files(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith((".py", ".typed")):
            found.append((prefix + entry.name, entry.read_bytes()))
    return found


def origins_of(spec: ServiceSpec) -> dict[str, Where]:
    """Where in the notebook a file of the project comes from."""
    return {
        **{f"examples/{example.name}.json": example.where for example in spec.examples},
        **{helper.path: helper.where for helper in spec.closure.helpers},
        **{model.artifact.path: model.where for model in spec.models},
        **{
            objects.artifact.path: Where(notebook=spec.notebook, name=", ".join(objects.names))
            for objects in spec.closure.objects
        },
    }
