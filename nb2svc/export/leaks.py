"""Every text of a plan, and the strings of its pickled live objects, searched for secrets before it is written."""

from __future__ import annotations

import os
import pickletools
from collections.abc import Collection, Iterator, Mapping
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from ..errors import ExportError
from ..values import Problem, Where
from .notebook_module import definition_at
from .plan import OPENAPI, RUNTIME, Content, Plan, StagedFile
from .secrets import Evidence, Finding, find_in_strings, find_in_text, find_values, secret_values

NOTEBOOK = "service/notebook.py"
MAX_TEXT = 5 << 20  # bytes of an included file: what is larger is data, and not read for this
MAX_BINARY = 64 << 20  # bytes of an artifact or wheel, its first
MAX_STRINGS = 500_000  # of a pickle: about a second


def refuse_secrets(plan: Plan, allowed: Collection[str] = (), known: Mapping[str, str] | None = None) -> None:
    """Raise ``ExportError`` with the place of every likely secret in the files of ``plan``.

    ``allowed`` are names that are none: of a definition (``API_KEY``), a file (``examples/login-1.json``) or an
    environment variable. ``known`` are secrets of the notebook by name, besides those of this process's environment.
    """
    contents = {path: content for path, content in plan.files.items() if not path.startswith(RUNTIME)}
    _refuse(plan, contents, allowed, known or {})


def refuse_secrets_of_document(
    text: str, plan: Plan, allowed: Collection[str] = (), known: Mapping[str, str] | None = None
) -> None:
    """The same for ``openapi.json``: defaults of parameters may come from the environment that made it."""
    _refuse(plan, {OPENAPI: text.encode()}, allowed, known or {})


def _refuse(plan: Plan, contents: Mapping[str, Content], allowed: Collection[str], known: Mapping[str, str]) -> None:
    values = {value: name for value, name in secret_values(os.environ, known).items() if name not in allowed}
    found = [
        problem
        for path, content in contents.items()
        if path not in allowed
        for problem in _problems(plan, path, content, values)
        if problem.where.name not in allowed
    ]
    if found:
        raise ExportError(f"{plan.name} would carry what looks like a secret", problems=dict.fromkeys(found))


def _problems(plan: Plan, path: str, content: Content, values: Mapping[str, str]) -> Iterator[Problem]:
    data = _content(path, content)
    if data is None:
        return
    for name, line in find_values(data, values):
        yield _problem(plan, path, line, f"the value of the secret {name}", name)
    for finding in _findings(plan, path, content, data):
        yield _problem(plan, path, finding.line, f"what looks like a secret ({finding.kind})")


def _findings(plan: Plan, path: str, content: Content, data: bytes) -> Iterator[Finding]:
    if _holds_objects(plan, path) and isinstance(content, StagedFile):
        yield from find_in_strings(islice(_strings(BytesIO(data)), MAX_STRINGS))
        return
    if path.startswith(("models/", "wheels/")) or len(data) > MAX_TEXT:
        return
    try:
        yield from find_in_text(data.decode(), _evidence(path))
    except UnicodeDecodeError:  # an image, say: no text
        return


def _holds_objects(plan: Plan, path: str) -> bool:
    return any(entry.path == path for entry in plan.manifest.objects)


def _evidence(path: str) -> Evidence:
    if path.endswith(".py") and path.startswith(("service/", "lib/")):
        return "code"
    return "data" if path.startswith("examples/") or path == OPENAPI else "text"


def _content(path: str, content: Content) -> bytes | None:
    """The bytes to search; None for what is too large to. Of artifacts the head: what a pickle says stands there, and
    large arrays behind it.
    """
    if isinstance(content, bytes):
        return content
    if path.startswith(("models/", "wheels/")):
        return _head(content.source)
    return _head(content.source) if content.source.is_file() and content.source.stat().st_size <= MAX_TEXT else None


def _head(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BINARY)
    except OSError:  # writing says so
        return None


def _strings(pickle: BinaryIO) -> Iterator[str]:
    """The strings of a pickle in their order; read as instructions, nothing is run."""
    try:
        for _, argument, _ in pickletools.genops(pickle):
            if isinstance(argument, str):
                yield argument
    except ValueError:  # no pickle, or of a newer protocol: loading it will say so; or no more than its head
        return


def _problem(plan: Plan, path: str, line: int, what: str, secret: str = "") -> Problem:
    where = _where(plan, path, line)
    place = path if _holds_objects(plan, path) else f"{path}, line {line},"
    name = secret or where.name or path
    env = secret or (where.name if where.name.isidentifier() else "NAME")
    return Problem(
        message=f"{place} would hold {what}",
        hint=f'read it from the environment (os.environ["{env}"]; %nb2svc env {env}), or, if it is no secret,'
        f" --allow-secret {name}",
        where=where,
    )


def _where(plan: Plan, path: str, line: int) -> Where:
    if path == NOTEBOOK:
        content = plan.files[path]
        text = content.decode() if isinstance(content, bytes) else ""
        definition = definition_at(text, line, plan.definitions)
        return definition.where if definition is not None else Where()
    return plan.origins.get(path, Where())
