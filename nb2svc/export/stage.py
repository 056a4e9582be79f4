"""A plan as files in an empty folder."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from ..errors import ExportError
from ..runtime.digests import digest, file_digest
from ..runtime.manifest import Manifest
from .finish import Finisher
from .folder import is_dropping
from .manifest import manifest_text
from .plan import MANIFEST, OPENAPI, Content, Plan, StagedFile
from .pretty_json import dumps

LARGE = 64 << 20  # bytes: from here on linked, or copied by the system; the runtime's check of the SHA-256 must do


def stage(plan: Plan, root: Path, finish: Finisher, *, reuse: Mapping[str, Path] | None = None) -> Manifest:
    """Write the whole project of ``plan`` to the empty folder ``root`` and return its manifest.

    ``reuse`` maps SHA-256 to files on the same file system that may become files of the project as they are.
    Raises ``ExportError`` where ``finish`` refuses or a file to copy is gone or changed, ``OSError`` where the
    disk does.
    """
    files = {path: _place(root, path, content, reuse or {}) for path, content in plan.files.items()}
    write_file(root / MANIFEST, manifest_text(plan.manifest.model_copy(update={"files": files})).encode())
    large = [path for path, content in plan.files.items() if isinstance(content, StagedFile) and _is_large(content)]
    with _brought_to_disk([root / path for path in large]):
        finished = finish(root)
    remove_droppings(root)
    openapi = dumps(finished.openapi).encode()
    write_file(root / OPENAPI, openapi)
    files[OPENAPI] = digest(memoryview(openapi))
    manifest = plan.manifest.model_copy(
        update={
            "files": dict(sorted(files.items())),
            "verified": finished.verified,
            "warnings": (*plan.manifest.warnings, *map(str, finished.problems)),
        }
    )
    write_file(root / MANIFEST, manifest_text(manifest).encode(), sync=True)
    return manifest


def write_file(path: Path, content: bytes, *, sync: bool = False) -> None:
    """Write a file of mode 0644, whatever the umask; ``sync`` waits until it is on the disk."""
    with path.open("wb") as file:
        file.write(content)
        if sync:
            file.flush()
            os.fsync(file.fileno())
    path.chmod(0o644)


def digest_of(content: Content) -> str:
    """SHA-256 of a file of a plan, read only where capture did not say it. Raises ``ExportError`` where it is gone."""
    if isinstance(content, bytes):
        return digest(memoryview(content))
    try:
        return content.sha256 or file_digest(content.source)
    except FileNotFoundError as error:
        raise _gone(content) from error


def remove_droppings(root: Path) -> None:
    """Delete what importing the project left in it (byte code of this machine's interpreter)."""
    for folder, folders, names in os.walk(root):
        for name in [name for name in folders if is_dropping(name)]:
            shutil.rmtree(Path(folder, name))
            folders.remove(name)
        for name in filter(is_dropping, names):
            Path(folder, name).unlink()


def _place(root: Path, path: str, content: Content, reuse: Mapping[str, Path]) -> str:
    _make_folders(root, Path(path).parent)
    target = root / path
    if isinstance(content, bytes):
        write_file(target, content)
        return digest(memoryview(content))
    if content.sha256 in reuse and _link(reuse[content.sha256], target):
        return content.sha256
    return _copy(content, target, path)


def _make_folders(root: Path, folder: Path) -> None:
    """``root / folder`` with mode 0755 all along, whatever the umask."""
    for part in [*reversed(folder.parents), folder]:
        place = root / part
        if not place.is_dir():
            place.mkdir()
            place.chmod(0o755)


def _link(source: Path, target: Path) -> bool:
    try:
        os.link(source, target)
    except OSError:  # a file system without hard links
        return False
    target.chmod(0o644)
    return True


def _copy(file: StagedFile, target: Path, path: str) -> str:
    try:
        if _is_large(file):
            if not _link(file.source, target):
                shutil.copyfile(file.source, target)
            found = file.sha256 if target.stat().st_size == file.size else "another size"
        else:
            shutil.copyfile(file.source, target)
            _sync(target)
            found = file_digest(target)
    except FileNotFoundError as error:
        raise _gone(file) from error
    if file.sha256 and found != file.sha256:
        raise ExportError(f"{path} is not what was captured", hint="run the cell that makes it again")
    target.chmod(0o644)
    return found


def _is_large(file: StagedFile) -> bool:
    return bool(file.sha256) and (file.size or 0) >= LARGE


@contextmanager
def _brought_to_disk(paths: Iterable[Path]) -> Iterator[None]:
    """Wait until files are on the disk, as the copied ones are, but meanwhile do what stands below ``with``."""
    with ThreadPoolExecutor(1) as beside:
        waiting = [beside.submit(_sync, path) for path in paths]
        try:
            yield
            for one in waiting:
                one.result()
        finally:
            beside.shutdown(cancel_futures=True)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _gone(file: StagedFile) -> ExportError:
    return ExportError(f"{file.source} is gone", hint="run the cell that makes it again")
