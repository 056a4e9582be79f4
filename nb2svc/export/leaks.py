"""Every text of a project, and the strings of its pickled live objects, searched for secrets before it is written."""

from __future__ import annotations

import json
import os
import pickletools
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path, PurePosixPath

from ..errors import ExportError
from ..runtime.mapped import pickle_size
from ..values import Definition, Problem, ServiceSpec, Where
from .manifest import manifest_text
from .notebook_module import definition_at
from .plan import MANIFEST, OPENAPI, RUNTIME, Content, Plan, draft_files, origins_of
from .secrets import Evidence, Finding, find_in_document, find_in_strings, find_in_text, find_values, secret_values

NOTEBOOK = "service/notebook.py"
MAX_TEXT = 5 << 20  # bytes of an included file: what is larger is data, and not read for this
MAX_BINARY = 64 << 20  # bytes of an artifact or wheel, its first
MAX_STRINGS = 500_000  # of a pickle: about a second
# What may stand between a key and its value: the instruction that remembers a text.
_MEMO = re.compile(rb"\x94?|q.|r.{4}", re.DOTALL)
_CONFIG = frozenset({".env", ".ini", ".cfg", ".conf", ".toml", ".yaml", ".yml", ".properties"})
# A text in a pickle: its opcode, its length, and characters that a person can type.
_PICKLED_TEXT = re.compile(rb"\x8c([\x01-\xff])([\x20-\x7e]{1,255})|X(..\x00\x00)([\x20-\x7e]{1,4096})", re.DOTALL)

Place = Callable[[str, str], str]
"""Where in the live objects of an artifact (its path in the project) a text stands: ``config['auth'].token``, or ""."""


def nowhere(_path: str, _text: str) -> str:
    """The place where nobody can tell."""
    return ""


@dataclass(frozen=True)
class Searched:
    """What is searched, and how it leads back to the notebook."""

    files: Mapping[str, Content]
    definitions: tuple[Definition, ...] = ()
    origins: Mapping[str, Where] = field(default_factory=dict)
    place: Place = nowhere


def refuse_secrets(
    plan: Plan, allowed: Collection[str] = (), known: Mapping[str, str] | None = None, place: Place = nowhere
) -> None:
    """Raise ``ExportError`` with the place of every likely secret in the files of ``plan``.

    ``allowed`` are names that are none: of a definition (``API_KEY``), a file (``examples/login-1.json``) or an
    environment variable. ``known`` are secrets of the notebook by name, besides those of this process's environment.
    """
    files = {path: content for path, content in plan.files.items() if not path.startswith(RUNTIME)}
    files[MANIFEST] = manifest_text(plan.manifest).encode()
    _refuse(plan.name, Searched(files, plan.definitions, plan.origins, place), allowed, known)


def refuse_secrets_of_document(
    text: str, plan: Plan, allowed: Collection[str] = (), known: Mapping[str, str] | None = None
) -> None:
    """The same for ``openapi.json``: defaults of parameters may come from the environment that made it."""
    _refuse(plan.name, Searched({OPENAPI: text.encode()}, plan.definitions, plan.origins), allowed, known)


def secrets_of(
    spec: ServiceSpec, allowed: Collection[str] = (), known: Mapping[str, str] | None = None, place: Place = nowhere
) -> tuple[Problem, ...]:
    """A problem for every likely secret in what is known of a service, before there is a lock or a plan."""
    return _found(Searched(draft_files(spec), spec.closure.definitions, origins_of(spec), place), allowed, known)


def _refuse(name: str, searched: Searched, allowed: Collection[str], known: Mapping[str, str] | None) -> None:
    if found := _found(searched, allowed, known):
        raise ExportError(f"{name} would carry what looks like a secret", problems=found)


def _found(searched: Searched, allowed: Collection[str], known: Mapping[str, str] | None) -> tuple[Problem, ...]:
    values = {value: name for value, name in secret_values(os.environ, known).items() if name not in allowed}
    found = [
        problem
        for path, content in searched.files.items()
        if path not in allowed
        for problem in _problems(searched, path, content, values)
        if problem.where.name not in allowed
    ]
    return tuple(dict.fromkeys(found))


def _problems(searched: Searched, path: str, content: Content, values: Mapping[str, str]) -> Iterator[Problem]:
    data = _content(path, content)
    if data is None:
        return
    by_name = {name: value for value, name in values.items()}
    for name, line in find_values(data, values):
        yield _problem(searched, path, line, f"the value of the secret {name}", by_name[name], secret=name)
    for inside, finding in _findings(path, data):
        what = f"what looks like a secret ({finding.kind})"
        yield _problem(searched, path, finding.line, what, finding.value, inside=inside)


def _findings(path: str, data: bytes) -> Iterator[tuple[str, Finding]]:
    """(path inside a document, finding)."""
    if _is_pickle(path, data):
        yield from (("", one) for one in find_in_strings(islice(_strings(data), MAX_STRINGS)))
        return
    if path.startswith(("models/", "wheels/")) or len(data) > MAX_TEXT:
        return
    try:
        text = data.decode()
    except UnicodeDecodeError:  # an image, say: no text
        return
    if path.startswith("examples/"):
        yield from find_in_document(json.loads(text))
    else:
        yield from (("", one) for one in find_in_text(text, _evidence(path)))


def _is_pickle(path: str, data: bytes) -> bool:
    """Of protocol 2 or later; also as the start of a joblib file."""
    return data[:1] == b"\x80" and data[1:2] < b"\x08" and not path.startswith("wheels/")


def _evidence(path: str) -> Evidence:
    name = PurePosixPath(path)
    if path.startswith(("service/", "lib/")) and name.suffix == ".py":
        return "code"
    if path == OPENAPI or (name.suffix == ".json" and path != MANIFEST):
        return "data"
    return "config" if name.suffix in _CONFIG or name.name.startswith(".env") else "text"


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
            size = pickle_size(file)
            file.seek(0)
            return file.read(min(size, MAX_BINARY))
    except OSError:  # writing says so
        return None


def _strings(pickle: bytes) -> Iterator[str]:
    """The strings of a pickle in their order; read as instructions, nothing is run.

    Where raw arrays stand between (joblib), the instructions end: the rest is searched for what begins like a text.
    """
    position = 0
    try:
        for code, argument, position in pickletools.genops(pickle):  # type: ignore[assignment]  # noqa: B007
            if isinstance(argument, str):
                yield argument
            elif (
                code.stack_after and code.name != "MEMOIZE"
            ):  # a value of another kind: the texts round it are no key and its value
                yield ""
    except Exception:  # noqa: BLE001 - whatever bytes that are no pickle make of it
        begin = end = position or 0
        for match in _PICKLED_TEXT.finditer(pickle, begin, begin + MAX_TEXT):
            length = match[1] or match[3]
            text = (match[2] or match[4])[: int.from_bytes(length, "little")]
            if not _MEMO.fullmatch(pickle, end, match.start()):
                yield ""
            yield text.decode()
            end = match.start() + 1 + len(length) + len(text)


def _problem(
    searched: Searched, path: str, line: int, what: str, value: str, *, secret: str = "", inside: str = ""
) -> Problem:
    held = searched.place(path, value) if path.startswith("models/") else ""
    where = _where(searched, path, line, held)
    if held or path.startswith("models/"):
        place = f"{held}, in {path}," if held else path
    else:
        place = f"{path} at {inside}" if inside else path if path.startswith("wheels/") else f"{path}, line {line},"
    name = secret or where.name or path
    env = secret or (where.name if where.name.isidentifier() else "NAME")
    step = f'read it from the environment (os.environ["{env}"]; %nb2svc env {env})'
    if path.startswith("examples/"):
        step, name = "give an example without it", path
    return Problem(
        message=f"{place} would hold {what}", hint=f"{step}, or, if it is no secret, --allow-secret {name}", where=where
    )


def _where(searched: Searched, path: str, line: int, held: str) -> Where:
    if path == NOTEBOOK:
        content = searched.files[path]
        text = content.decode() if isinstance(content, bytes) else ""
        definition = definition_at(text, line, searched.definitions)
        return definition.where if definition is not None else Where()
    root = re.match(r"\w*", held)
    owner = root[0] if root else ""
    known = (one.where for one in searched.definitions if owner and owner in {one.name, one.where.name})
    return next(known, searched.origins.get(path, Where()))
