"""Models and objects from the project's files. Nothing is unpickled before its SHA-256 is checked."""

from __future__ import annotations

import functools
import hashlib
import pickle
from io import BufferedReader
from pathlib import Path
from typing import Any

from .errors import ArtifactError
from .manifest import ArtifactEntry, Manifest, project_root
from .mapped import buffers, load_joblib, mapped


class _Unpickler(pickle.Unpickler):
    """Objects that held a served model hold the one that is served."""

    def persistent_load(self, pid: tuple[str, str]) -> Any:
        kind, name = pid
        if kind != "model":
            message = f"unknown reference to a {kind}"
            raise pickle.UnpicklingError(message)
        return load_model(name)


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
            return _load(manifest, model.path)
    raise ArtifactError(f"The manifest has no model {name!r}.", hint="Export the notebook again.")


@functools.cache
def _manifest() -> Manifest:
    return Manifest.load()


@functools.cache
def _objects(path: str) -> dict[str, Any]:
    """One file, loaded once: what its objects share stays shared."""
    objects: dict[str, Any] = _load(_manifest(), path)
    return objects


def _load(manifest: Manifest, path: str) -> Any:
    entry = manifest.artifact(path)
    if entry is None:
        raise ArtifactError(f"The manifest has no digest for {path}.", hint="Export the notebook again.")
    return load_artifact(entry, project_root())


def load_artifact(entry: ArtifactEntry, root: Path) -> Any:
    """Check and load one file; what is loaded is the very file that was checked. Raises ArtifactError."""
    try:
        file = (root / entry.path).open("rb")
    except OSError as error:
        message = f"{entry.path} ({entry.why}) cannot be read: {error.strerror}."
        raise ArtifactError(message, hint="Copy the whole project, models/ included, or export it again.") from error
    with file:
        content = mapped(file)
        _verify(entry, content)
        return _unpickle(entry, file, content)


def _verify(entry: ArtifactEntry, content: memoryview) -> None:
    digest = hashlib.sha256(content).hexdigest()
    if digest != entry.sha256:
        message = (
            f"{entry.path} ({entry.why}) is not the file that was exported, and was not loaded.\n"
            f"  expected SHA-256 {entry.sha256}\n"
            f"  got      SHA-256 {digest}"
        )
        hint = "Restore the file from where the project came from, or export the notebook again."
        raise ArtifactError(message, hint=hint)


def _unpickle(entry: ArtifactEntry, file: BufferedReader, content: memoryview) -> Any:
    if entry.format not in ("joblib", "pickle", "pickle-buffers"):
        message = f"{entry.path} has the format {entry.format!r}, which this runtime does not read."
        raise ArtifactError(message, hint="Export the notebook again with the nb2svc you have now.")
    try:
        if entry.format == "joblib":
            return load_joblib(file, content)
        return _Unpickler(file, buffers=buffers(content) if entry.format == "pickle-buffers" else None).load()
    except Exception as error:
        message = f"{entry.path} (a {entry.type}, {entry.why}) cannot be loaded: {type(error).__name__}: {error}"
        hint = "Install exactly the versions of requirements.txt; the cause stands in the traceback."
        raise ArtifactError(message, hint=hint) from error
