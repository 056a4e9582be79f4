"""Live objects to artifact files: pickles without ``__main__``, with their digest."""

from __future__ import annotations

import hashlib
import mmap
import pickle
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..values import Artifact
from .objects import NOTEBOOK_MODULE, PROTOCOL, References, UnpicklableError, as_members_of_the_project


@contextmanager
def _without_addresses() -> Iterator[None]:
    """For a while, scikit-learn's text vectorizers do not pickle where in memory their stop words lie.

    They keep that to check the words only once. In another process it says nothing, and every file would differ.
    """
    vectorizer: Any = getattr(sys.modules.get("sklearn.feature_extraction.text"), "_VectorizerMixin", None)
    if vectorizer is None or "__getstate__" in vars(vectorizer):
        yield
        return

    def getstate(self: Any) -> dict[str, Any]:
        state: dict[str, Any] = super(vectorizer, self).__getstate__()
        return {name: part for name, part in state.items() if name != "_stop_words_id"}

    vectorizer.__getstate__ = getstate
    try:
        yield
    finally:
        del vectorizer.__getstate__


class _ObjectsPickler(pickle.Pickler):
    """Pickles live objects; a served model inside becomes a reference to its own file."""

    def __init__(self, file: Any, models: Mapping[int, str]) -> None:
        super().__init__(file, PROTOCOL)
        self._models = models

    def persistent_id(self, obj: Any) -> tuple[str, str] | None:
        name = self._models.get(id(obj))
        return None if name is None else ("model", name)


def dump_model(value: object, *, staging: Path, name: str, format_: str, references: References, why: str) -> Artifact:
    """Write a served model to ``staging``; ``models/<name>.joblib`` or ``.pkl`` in the project."""
    if format_ == "auto":
        # joblib streams arrays without a second copy in memory; every scikit-learn environment has it.
        format_ = "joblib" if any(module.partition(".")[0] == "sklearn" for module in references.modules) else "pickle"
    suffix = {"joblib": "joblib", "pickle": "pkl"}[format_]
    target = staging / f"{name}.{suffix}"
    with as_members_of_the_project(references), _without_addresses(), target.open("wb") as file:
        if format_ == "joblib":
            import joblib

            joblib.dump(value, file, protocol=PROTOCOL)
        else:
            pickle.dump(value, file, PROTOCOL)
    return _artifact(target, format_, value, why, references)


def dump_objects(
    values: Mapping[str, object], *, target: Path, models: Mapping[int, str], references: References, why: str
) -> Artifact:
    """Write live objects by name into one file. ``models`` are the served ones inside, by id, as variables."""
    with as_members_of_the_project(references), _without_addresses(), target.open("wb") as file:
        _ObjectsPickler(file, models).dump(dict(values))
    return _artifact(target, "pickle", values, why, references)


def _artifact(target: Path, format_: str, value: object, why: str, references: References) -> Artifact:
    digest, size = _digest(target)
    kind = type(value)
    return Artifact(
        path=f"models/{target.name}",
        format=format_,
        sha256=digest,
        size=size,
        type=f"{NOTEBOOK_MODULE if kind.__module__ == '__main__' else kind.__module__}.{kind.__qualname__}",
        why=why,
        modules=tuple(sorted(references.modules - {"builtins"})),
        staged=target,
    )


def _digest(path: Path) -> tuple[str, int]:
    """SHA-256 and size of a pickle. Raises ``UnpicklableError`` where it still names ``__main__``."""
    size = path.stat().st_size
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        # As a global or as the text of one, in any protocol.
        if data.find(b"\x8c\x08__main__") >= 0 or data.find(b"c__main__\n") >= 0:
            raise UnpicklableError(path.stem, path, "its pickle names __main__")
        return hashlib.sha256(data).hexdigest(), size
