"""Wheel files: reading what a local one is, and writing one that is the same, byte for byte, each time."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import parse_wheel_filename

from . import cache

EPOCH = (1980, 1, 1, 0, 0, 0)  # the oldest time that a zip entry can have


@dataclass(frozen=True, slots=True)
class Wheel:
    """A local wheel that ships with the project."""

    name: str  # of the distribution, normalized
    version: str
    path: Path
    sha256: str
    size: int  # bytes, unpacked
    note: str  # ``from git commit 1a2b3c4 with uncommitted changes``

    def holds(self, module: str) -> bool:
        """Whether ``module``, or the module that it is an attribute of, is in the wheel."""
        top = module.partition(".")[0]
        with zipfile.ZipFile(self.path) as archive:
            names = {name.split(".data/purelib/")[-1].split(".data/platlib/")[-1] for name in archive.namelist()}
        return any(name.startswith((f"{top}/", f"{top}.")) for name in names)


@dataclass(frozen=True, slots=True)
class File:
    """A file of a wheel to be: read when it is written, so that one is in memory at a time."""

    read: Callable[[], bytes]
    executable: bool = False


def found_wheel(path: Path) -> Wheel:
    """A wheel from a folder that the user's index settings name (``find-links``), which ships as it is."""
    state = path.stat()
    key = cache.digest([str(path), state.st_size, state.st_mtime_ns])
    sha256 = cache.load("sha256", key)
    if not isinstance(sha256, str):
        sha256 = sha256_of(path)
        cache.store("sha256", key, sha256)
    return read_wheel(path, sha256, "from a local folder of wheels")


def sha256_of(path: Path) -> str:
    """Hex SHA-256 of a file of any size."""
    with path.open("rb") as file:
        digest = hashlib.sha256()
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def keep(filename: str, files: Mapping[str, File], metadata: str, note: str) -> Wheel:
    """The wheel of ``files`` in the cache folder, under its own digest: the same content is one file."""
    folder = cache.cache_folder() / "wheels"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as beside:
        written = Path(beside, filename)
        _write(written, files, metadata)
        sha256 = sha256_of(written)
        path = folder / sha256[:16] / filename
        path.parent.mkdir(exist_ok=True)
        written.replace(path)
    return read_wheel(path, sha256, note)


def read_wheel(path: Path, sha256: str, note: str) -> Wheel:
    """The wheel at ``path``, whose digest is known."""
    name, version, _, _ = parse_wheel_filename(path.name)
    with zipfile.ZipFile(path) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
    return Wheel(name, str(version), path, sha256, size, note)


def _write(path: Path, files: Mapping[str, File], metadata: str) -> None:
    """A wheel with a fixed order and fixed times, RECORD written anew, the metadata folder last."""
    record_path = f"{metadata}/RECORD"
    ordered = sorted((name for name in files if name != record_path), key=lambda name: (metadata in name, name))
    rows = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ordered:
            content = files[name].read()
            _add(archive, name, content, 0o755 if files[name].executable else 0o644)
            rows.append((name, _record_hash(content), str(len(content))))
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([*rows, (record_path, "", "")])
        _add(archive, record_path, text.getvalue().encode(), 0o644)


def _add(archive: zipfile.ZipFile, name: str, content: bytes, mode: int) -> None:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.external_attr = (0o100000 | mode) << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, content)


def _record_hash(content: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
    return f"sha256={digest.decode()}"
