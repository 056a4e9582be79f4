"""What this interpreter has installed: one record a distribution, read from its metadata folder."""

from __future__ import annotations

import ast
import csv
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from importlib.machinery import all_suffixes
from importlib.metadata import Distribution
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from packaging.utils import canonicalize_name

OriginKind = Literal["index", "conda", "editable", "vcs", "directory", "archive"]
METADATA_SUFFIXES = (".dist-info", ".egg-info")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a distribution came from (PEP 610). Addresses are not kept: they may hold credentials.

    ``conda``: from a channel of conda's, built otherwise than the wheel of the same version on an index.
    """

    kind: OriginKind = "index"
    path: str = ""  # of an editable's source tree
    commit: str = ""  # of a VCS install
    sha256: str = ""  # of an archive, where the installer recorded it


@dataclass(frozen=True, slots=True)
class Installed:
    """An installed distribution."""

    name: str  # normalized
    version: str
    metadata: str  # its ``.dist-info`` (or ``.egg-info``)
    changed: float  # when that was written, seconds since the epoch
    requires: tuple[str, ...] = ()  # ``Requires-Dist``, as written
    size: int | None = None  # bytes, by its RECORD
    origin: Origin = Origin()
    # Of an editable: (module prefix, folder or file). An empty prefix: the top-level modules in that folder.
    sources: tuple[tuple[str, str], ...] = ()
    top_level: tuple[str, ...] = ()  # import names, where the metadata lists them

    @property
    def site(self) -> Path:
        """The folder that it is installed in."""
        return Path(self.metadata).parent


def metadata_folders(entry: str) -> list[Path]:
    """The metadata folders in one entry of ``sys.path``, sorted by name; [] where that is no folder."""
    folder = Path(entry or ".")
    try:
        return sorted(path for path in folder.iterdir() if path.name.endswith(METADATA_SUFFIXES))
    except OSError:
        return []


def read(metadata: Path) -> Installed | None:
    """The distribution of a metadata folder; None where that has no name or version (an interrupted install)."""
    found = Distribution.at(metadata)
    fields = _fields(found)
    if "Name" not in fields or "Version" not in fields:
        return None
    name, version = fields["Name"], fields["Version"]
    rows = record(metadata)
    # What else conda notes is the folder that the package was built in, which exists nowhere.
    by_conda = (found.read_text("INSTALLER") or "").strip() == "conda"
    origin = Origin("conda") if by_conda else _origin(found, metadata)
    return Installed(
        name=canonicalize_name(name),
        version=version,
        metadata=str(metadata),
        changed=metadata.stat().st_mtime,
        requires=tuple(fields.get_all("Requires-Dist") or _legacy_requires(found, metadata)),
        size=None if origin.kind == "editable" or not rows else sum(size for _, size in rows),
        origin=origin,
        sources=tuple(_sources(metadata, rows, Path(origin.path))) if origin.kind == "editable" else (),
        top_level=tuple((found.read_text("top_level.txt") or "").split()),
    )


def _fields(found: Distribution) -> Message:
    """The head of its metadata. ``Distribution.metadata`` reads all of the README too, anew at each use."""
    text = found.read_text("METADATA") or found.read_text("PKG-INFO") or found.read_text("") or ""
    return HeaderParser().parsestr(text.partition("\n\n")[0])


def _legacy_requires(found: Distribution, metadata: Path) -> list[str]:
    return found.requires or [] if metadata.suffix == ".egg-info" else []  # there ``requires.txt`` has them


def record(metadata: Path) -> list[tuple[str, int]]:
    """The files that RECORD lists, as (path relative to the site folder, bytes); [] where there is no RECORD."""
    try:
        text = (metadata / "RECORD").read_text(encoding="utf-8")
    except OSError:
        return []
    rows = (row for row in csv.reader(text.splitlines()) if row)
    return [(row[0], int(row[2]) if len(row) > 2 and row[2].isdigit() else 0) for row in rows]  # noqa: PLR2004 - path, hash, size


def digests(metadata: Path) -> dict[str, str]:
    """The SHA-256 that RECORD lists, unpadded base64 as it stands there, by path relative to the site folder."""
    try:
        text = (metadata / "RECORD").read_text(encoding="utf-8")
    except OSError:
        return {}
    rows = (row for row in csv.reader(text.splitlines()) if len(row) > 1)
    return {row[0]: row[1].removeprefix("sha256=") for row in rows if row[1].startswith("sha256=")}


def modules_of(installed: Installed) -> Iterator[str]:
    """The importable files of a distribution, relative to its site folder; without RECORD those of its packages."""
    metadata = Path(installed.metadata)
    suffixes = tuple(all_suffixes())
    rows = record(metadata)
    if rows:
        yield from (path for path, _ in rows if path.endswith(suffixes))
        return
    for name in installed.top_level:
        package = installed.site / name
        found = package.rglob("*") if package.is_dir() else installed.site.glob(f"{name}.*")
        yield from (str(path.relative_to(installed.site)) for path in found if path.name.endswith(suffixes))


# --- where it came from -------------------------------------------------------------------------


def _origin(found: Distribution, metadata: Path) -> Origin:
    text = found.read_text("direct_url.json")
    if text is None:
        return _legacy_origin(metadata)
    try:
        direct = json.loads(text)
        url = str(direct["url"])
    except (ValueError, KeyError, TypeError):
        return Origin()
    if _built_by_conda(url):
        return Origin("conda")
    if "vcs_info" in direct:
        return Origin("vcs", commit=str(direct["vcs_info"].get("commit_id", "")))
    if "dir_info" in direct:
        return Origin("editable" if direct["dir_info"].get("editable") else "directory", path=_file_path(url))
    return Origin("archive", sha256=_archive_sha256(direct.get("archive_info") or {}))


def _legacy_origin(metadata: Path) -> Origin:
    """``setup.py develop`` leaves an egg-info in the source tree and no PEP 610 file."""
    if metadata.suffix != ".egg-info" or metadata.parent.name in {"site-packages", "dist-packages"}:
        return Origin()
    for folder in (metadata.parent, metadata.parent.parent):
        if (folder / "setup.py").is_file() or (folder / "pyproject.toml").is_file():
            return Origin("editable", path=str(folder))
    return Origin()


def _built_by_conda(url: str) -> bool:
    return url.startswith("file:") and (Path(sys.prefix) / "conda-meta").is_dir() and not Path(_file_path(url)).exists()


def _file_path(url: str) -> str:
    return unquote(urlsplit(url).path) if url.startswith("file:") else ""


def _archive_sha256(archive: dict[str, object]) -> str:
    hashes = archive.get("hashes")
    if isinstance(hashes, dict) and "sha256" in hashes:
        return str(hashes["sha256"])
    legacy = str(archive.get("hash", ""))
    return legacy.removeprefix("sha256=") if legacy.startswith("sha256=") else ""


# --- editable installs --------------------------------------------------------------------------


def _sources(metadata: Path, rows: list[tuple[str, int]], root: Path) -> Iterator[tuple[str, str]]:
    """What an editable install maps: from its ``.pth`` files, its import finder (PEP 660), else its source tree."""
    found = []
    for path, _ in rows:
        file = metadata.parent / path
        if path.endswith(".pth"):
            found += [("", folder) for folder in _pth_folders(file)]
        elif path.endswith(".py") and "editable" in path:
            found += _finder_mapping(file)
    yield from found or [("", str(folder)) for folder in (root, root / "src") if folder.is_dir()]


def _pth_folders(file: Path) -> list[str]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
    paths = (line.strip() for line in lines if line.strip() and not line.startswith(("#", "import ", "import\t")))
    return [str(file.parent / path) for path in paths]


def _finder_mapping(file: Path) -> list[tuple[str, str]]:
    """``MAPPING`` of a finder that setuptools wrote: import name → folder or file, a literal in its source."""
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, UnicodeDecodeError):
        return []
    for node in tree.body:
        targets = [node.target] if isinstance(node, ast.AnnAssign) else getattr(node, "targets", [])
        if any(isinstance(target, ast.Name) and target.id == "MAPPING" for target in targets):
            return _literal_mapping(getattr(node, "value", None))
    return []


def _literal_mapping(node: ast.expr | None) -> list[tuple[str, str]]:
    try:
        mapping = ast.literal_eval(node) if node is not None else {}
    except ValueError:
        return []
    return sorted((str(name), str(path)) for name, path in mapping.items()) if isinstance(mapping, dict) else []
