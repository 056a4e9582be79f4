"""Models and objects from the project's files. Nothing is unpickled before its SHA-256 is checked."""

from __future__ import annotations

import functools
import pickle
from collections.abc import Iterable
from io import BufferedReader
from pathlib import Path
from typing import Any

from . import ahead
from .digests import folder_digest
from .errors import ArtifactError
from .formats import OWN_FORMATS, load_embedded, loader_of
from .manifest import PICKLES, ArtifactEntry, Manifest, project_root
from .mapped import buffers, load_joblib
from .places import place_of
from .settings import Settings


class _Unpickler(pickle.Unpickler):
    """Objects that held others hold those of the others' files; those with a format of their own are read by it."""

    def __init__(self, file: BufferedReader, buffers: Iterable[memoryview]) -> None:
        super().__init__(file, buffers=buffers)
        self._embedded: dict[int, Any] = {}

    def persistent_load(self, pid: tuple[Any, ...]) -> Any:
        kind, key, *rest = pid
        if kind == "model":
            return load_model(key)
        if kind == "object":
            return load_object(key)
        if kind == "embedded":
            self._embedded[key] = load_embedded(*rest)
        elif kind != "again":
            message = f"unknown reference to a {kind}"
            raise pickle.UnpicklingError(message)
        return self._embedded[key]


def load_model(name: str) -> Any:
    """The model that was bound to ``name`` in the notebook.

    Raises ArtifactError where the manifest knows no such model, or its file is missing, changed or unreadable.
    """
    return _model(name)  # its own function: a cache hides the signature from readers and type checkers


def load_object(name: str) -> Any:
    """The object that was bound to ``name`` in the notebook. Objects that shared parts there share them here.

    Raises ArtifactError as :func:`load_model` does.
    """
    for entry in _manifest().objects:
        if name in entry.names:
            return _objects(entry.path)[name]
    raise ArtifactError(f"The manifest has no object {name!r}.", hint="Export the notebook again.")


@functools.cache
def _model(name: str) -> Any:
    """Loaded once, so that every name and object that held the model in the notebook holds one model here."""
    manifest = _manifest()
    for model in manifest.models:
        if model.name == name:
            shared = any(entry.path == model.path for entry in manifest.objects)
            return _objects(model.path)[name] if shared else _file(model.path)
    raise ArtifactError(f"The manifest has no model {name!r}.", hint="Export the notebook again.")


@functools.cache
def _manifest() -> Manifest:
    return Manifest.load()


def _objects(path: str) -> dict[str, Any]:
    """The objects of one file by name: what they share stays shared, models among them."""
    manifest = _manifest()
    entry, artifact = next(entry for entry in manifest.objects if entry.path == path), manifest.artifact(path)
    if artifact is not None and artifact.format not in PICKLES:
        return {entry.names[0]: _file(path)}  # a format of its own holds one object
    objects: dict[str, Any] = _file(path)
    return objects


@functools.cache
def _file(path: str) -> Any:
    """One file, loaded once."""
    return _load(_manifest(), path)


def _load(manifest: Manifest, path: str) -> Any:
    entry = manifest.artifact(path)
    if entry is None:
        raise ArtifactError(f"The manifest has no digest for {path}.", hint="Export the notebook again.")
    return load_artifact(entry, project_root())


def load_artifact(entry: ArtifactEntry, root: Path) -> Any:
    """Check and load one artifact; a file that is loaded is the very file that was checked. Raises ArtifactError."""
    path = root / entry.path
    try:
        path = _found(entry, root)
        if path.is_dir():
            _verify(entry, path, folder_digest(path))
            return _read(entry, path, memoryview(b""))
        hashed = ahead.hashed(path)
    except OSError as error:
        raise _unreadable(entry, path, error) from None
    with hashed:
        _verify(entry, path, hashed.sha256)
        return _read(entry, hashed.file, hashed.content)


def _found(entry: ArtifactEntry, root: Path) -> Path:
    """Where the artifact is, fetched where it has an address and is in no folder. Raises ArtifactError."""
    if entry.location == "bake":
        return root / entry.path
    settings = Settings.load()
    path = place_of(entry.path, root, settings.models)
    if not entry.is_fetched or path.exists():
        return path
    from .fetching import fetched

    return fetched(entry, root, settings.cache)


def _unreadable(entry: ArtifactEntry, path: Path, error: OSError) -> ArtifactError:
    if entry.location == "bake":
        message = f"{entry.path} ({entry.why}) cannot be read: {error.strerror}."
        return ArtifactError(message, hint="Copy the whole project, models/ included, or export it again.")
    message = (
        f"{entry.path} ({entry.why}) is not in the image, and {path} cannot be read: {error.strerror}.\n"
        f"  expected SHA-256 {entry.sha256}"
    )
    hint = (
        'Mount the folder models/ of the project: docker run -v "$PWD/models:/models:ro" …; '
        "outside a container, SERVICE_MODELS names the folder that has it."
    )
    return ArtifactError(message, hint=hint)


def _verify(entry: ArtifactEntry, path: Path, digest: str) -> None:
    if digest != entry.sha256:
        place = "" if entry.location == "bake" else f", found as {path},"
        message = (
            f"{entry.path} ({entry.why}){place} is not what was exported, and was not loaded.\n"
            f"  expected SHA-256 {entry.sha256}\n"
            f"  got      SHA-256 {digest}"
        )
        hint = "Restore the file from where the project came from, or export the notebook again."
        raise ArtifactError(message, hint=hint)


def _read(entry: ArtifactEntry, source: BufferedReader | Path, content: memoryview) -> Any:
    if entry.format not in (*PICKLES, *OWN_FORMATS) and not entry.loader:
        message = f"{entry.path} has the format {entry.format!r}, which this runtime does not read."
        raise ArtifactError(message, hint="Export the notebook again with the nb2svc you have now.")
    try:
        if isinstance(source, Path) or entry.format not in PICKLES:
            return loader_of(entry.format, entry.loader)(source, entry.options)
        if entry.format == "joblib":
            return load_joblib(source, content)
        return _Unpickler(source, buffers(content) if entry.format == "pickle-buffers" else ()).load()
    except Exception as error:
        message = f"{entry.path} (a {entry.type}, {entry.why}) cannot be loaded: {type(error).__name__}: {error}"
        hint = "Install exactly the versions of requirements.txt; the cause stands in the traceback."
        raise ArtifactError(message, hint=hint) from error
