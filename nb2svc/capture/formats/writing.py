"""Live objects written in the formats of their frameworks, and read back to see that nothing was lost."""

from __future__ import annotations

import hashlib
import json
import mmap
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ...runtime.digests import file_digest
from ...runtime.formats import loader_of
from ...values import Artifact, ArtifactFile
from ..objects import NOTEBOOK_MODULE, References, as_members_of_the_project
from ..pickling import without_addresses
from .adapter import Adapter, UnsuitableError

_MAIN = b"__main__"


def dump(
    value: object,
    adapter: Adapter,
    *,
    staging: Path,
    name: str,
    references: References,
    why: str,
    difference: Callable[[Any], str] = lambda _: "",
) -> Artifact:
    """Write ``value`` by its adapter: ``models/<name>.<suffix>``, or a folder where it takes several files.

    It is read back, in this process, and ``difference`` says how that differs from ``value``. Raises
    ``UnsuitableError`` with why the format will not do.
    """
    folder = staging / f"{name}.files"
    folder.mkdir()
    with _removed_on_failure(folder), as_members_of_the_project(references), without_addresses():
        options = _dumped(value, adapter, folder)
        source = _source(folder)
        told = difference(_read(adapter, source, options))
        if told:
            raise UnsuitableError(told)
    target = staging / (f"{name}{source.suffix}" if source != folder else name)
    source.rename(target)
    if source != folder:
        folder.rmdir()
    return _artifact(value, adapter, target, options=options, references=references, why=why)


def embedded(adapter: Adapter, value: object) -> tuple[str, str, dict[str, Any], dict[str, bytes]]:
    """What stands in a pickle for ``value``: the arguments of the runtime's ``load_embedded``."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        options = _dumped(value, adapter, folder)
        files = {path: (folder / path).read_bytes() for path in _paths(folder)}
    return adapter.name, adapter.loader, dict(options), files


@contextmanager
def _removed_on_failure(folder: Path) -> Iterator[None]:
    """Whatever a framework raises, as ``UnsuitableError``."""
    try:
        yield
    except Exception as error:
        shutil.rmtree(folder)
        if isinstance(error, UnsuitableError):
            raise
        first = str(error).strip().partition("\n")[0]
        raise UnsuitableError(f"{type(error).__name__}: {first[:300]}") from error


def _dumped(value: object, adapter: Adapter, folder: Path) -> dict[str, Any]:
    options = dict(adapter.dump(value, folder))
    try:
        written = json.loads(json.dumps(options, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise UnsuitableError(f"its options are not JSON: {error}") from error
    if not _paths(folder):
        raise UnsuitableError("its adapter wrote no file")
    for path in _paths(folder):
        if _holds(folder / path, _MAIN):
            raise UnsuitableError(f"{path} names __main__, which is another module in the service")
    result: dict[str, Any] = written
    return result


def _holds(path: Path, text: bytes) -> bool:
    if not path.stat().st_size:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(text) >= 0


def _paths(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _source(folder: Path) -> Path:
    """The one file of the folder, or the folder of several."""
    paths = _paths(folder)
    return folder / paths[0] if len(paths) == 1 and "/" not in paths[0] else folder


def _read(adapter: Adapter, source: Path, options: Mapping[str, Any]) -> Any:
    load = loader_of(adapter.name, adapter.loader)
    if source.is_dir():
        return load(source, options)
    with source.open("rb") as file:
        return load(file, options)


def _artifact(
    value: object, adapter: Adapter, target: Path, *, options: dict[str, Any], references: References, why: str
) -> Artifact:
    needs = adapter.needs(value)
    loader = {adapter.loader.partition(":")[0]} - {""}
    files = tuple(_file(target, path) for path in _paths(target)) if target.is_dir() else ()
    kind = type(value)
    return Artifact(
        path=f"models/{target.name}",
        format=adapter.name,
        sha256=_folder_digest(files) if files else file_digest(target),
        size=sum(file.size for file in files) if files else target.stat().st_size,
        type=f"{NOTEBOOK_MODULE if kind.__module__ == '__main__' else kind.__module__}.{kind.__qualname__}",
        why=why,
        modules=tuple(sorted((references.modules | set(needs.modules) | loader) - {"builtins"})),
        staged=target,
        files=files,
        loader=adapter.loader,
        options=options,
        environment={**references.environment, **needs.environment},
    )


def _file(folder: Path, path: str) -> ArtifactFile:
    return ArtifactFile(path=path, sha256=file_digest(folder / path), size=(folder / path).stat().st_size)


def _folder_digest(files: tuple[ArtifactFile, ...]) -> str:
    lines = sorted(f"{file.sha256}  {file.path}\n" for file in files)
    return hashlib.sha256("".join(lines).encode()).hexdigest()
