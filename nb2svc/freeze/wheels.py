"""Wheels of what no index has: from a distribution's installed files, or built from an editable's source tree.

The installed files are what the notebook ran, so they are packed again rather than built again from sources that
may have moved on. An editable runs its source tree, so that is built.
"""

from __future__ import annotations

import configparser
import os
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from packaging.tags import parse_tag
from packaging.utils import parse_wheel_filename

from nb2svc.errors import FreezeError

from ..package_index import Index, without_addresses
from . import cache
from .elf import is_shared_object
from .installed import Installed, record
from .libraries import newer_symbols
from .target import Target
from .wheelfile import File, Wheel, keep, read_wheel, sha256_of

# Written by installers, about this one installation.
INSTALLERS_OWN = {"RECORD", "RECORD.jws", "RECORD.p7s", "INSTALLER", "REQUESTED", "direct_url.json"}
INSTALLERS_OWN |= {"uv_build.json", "uv_cache.json"}
NOT_SOURCE = {"__pycache__", "build", "dist", "node_modules", "venv", "env"}
UNCOMMITTED = " with uncommitted changes"
MOST_FILES = 20_000  # of a source tree, to remember its wheel by


class NotPortableError(FreezeError):
    """What was compiled on this machine does not run in the image."""


def installed_wheel(installed: Installed, target: Target) -> Wheel:
    """A wheel of the installed files, byte for byte the same each time. Raises FreezeError where it cannot be."""
    metadata = Path(installed.metadata)
    header = _wheel_header(metadata)
    if header is None:
        raise FreezeError(
            f"{installed.name} {installed.version} comes from no package index, "
            "and its installation does not say which files are its own",
            hint=f"install it again with a current pip (%pip install --force-reinstall --no-deps {installed.name}), "
            "restart the kernel and export again",
        )
    tags = [line.partition(":")[2].strip() for line in header.splitlines() if line.lower().startswith("tag:")]
    _refuse_foreign(installed, tags, target)
    if installed.origin.kind == "conda" and not all(tag.endswith("-none-any") for tag in tags):
        raise NotPortableError(
            f"{installed.name} {installed.version} was built by conda, whose libraries no image holds",
            hint=f"%pip install {installed.name}, restart the kernel, run the notebook again and export",
        )
    _refuse_newer(installed, (metadata.parent / name for name, _ in record(metadata) if is_shared_object(name)))
    note = f"from git commit {installed.origin.commit[:12]}" if installed.origin.commit else "from the installed files"
    filename = f"{metadata.name.removesuffix('.dist-info')}-{_compressed(tags)}.whl"
    return keep(filename, _files(installed, metadata), metadata.name, note)


def editable_wheel(installed: Installed, target: Target, uv: str, index: Index) -> Wheel:
    """The wheel that ``uv build`` makes of an editable's source tree. Raises FreezeError with the build's log."""
    root = Path(installed.origin.path)
    if not root.is_dir():
        raise FreezeError(
            f"{installed.name} {installed.version} is an editable install of a folder that is gone: {root}",
            hint=f"install {installed.name} again, restart the kernel and export again",
        )
    key = cache.digest([str(root), target.python, state]) if (state := _tree_state(root)) else ""
    known = cache.load("built", key) if key else None
    if known and Path(known).is_file():
        wheel = read_wheel(Path(known), sha256_of(Path(known)), _commit_note(root))
    else:
        wheel = _built(installed, root, uv, index)
        if key:
            cache.store("built", key, str(wheel.path))
    _refuse_foreign(installed, [str(tag) for tag in parse_wheel_filename(wheel.path.name)[3]], target)
    return wheel


# --- from installed files -----------------------------------------------------------------------


def _wheel_header(metadata: Path) -> str | None:
    try:
        text = (metadata / "WHEEL").read_text(encoding="utf-8")
    except OSError:
        return None
    return text if "Tag:" in text and (metadata / "RECORD").is_file() else None


def _refuse_foreign(installed: Installed, tags: Iterable[str], target: Target) -> None:
    """Raise FreezeError where none of the tags is one that the target can install."""
    if not any(parse_tag(tag) & target.tags for tag in tags):
        raise FreezeError(
            f"{installed.name} {installed.version} comes from no package index, and its files are built for "
            f"{', '.join(sorted(tags))}, not for {target.platform} with Python {target.python}",
            hint=f"export on a machine with {target.platform}, or publish a wheel of it for that platform",
        )


def _refuse_newer(installed: Installed, objects: Iterable[Path]) -> None:
    """Raise NotPortableError where what was compiled here asks too much of the base image."""
    if newer := newer_symbols(objects):
        raise NotPortableError(
            f"{installed.name} {installed.version} was compiled here, for a newer system than the base image's: "
            f"it needs {', '.join(newer)}",
            hint=f"install a wheel of {installed.name}, or compile it on Debian 12; then export again",
        )


def _files(installed: Installed, metadata: Path) -> dict[str, File]:
    """Path in the wheel → file, of all that its own wheel held."""
    generated = _entry_point_scripts(metadata)
    files: dict[str, File] = {}
    for name, _ in record(metadata):
        own = name.startswith(f"{metadata.name}/") and name.rpartition("/")[2] in INSTALLERS_OWN
        if own or name.endswith(".pyc"):
            continue
        path = Path(os.path.normpath(metadata.parent / name))
        inside = _path_in_wheel(path, metadata, generated)
        if inside is None:
            continue
        if not path.is_file():
            raise FreezeError(
                f"{installed.name} {installed.version} lacks a file that it was installed with: {name}",
                hint=f"install {installed.name} again, restart the kernel and export again",
            )
        read = partial(_script, path) if "/scripts/" in inside else path.read_bytes
        files[inside] = File(read, executable=bool(path.stat().st_mode & 0o111))
    return files


def _path_in_wheel(path: Path, metadata: Path, generated: set[str]) -> str | None:
    """Where an installed file stood in its wheel; None for the scripts that an installer makes of entry points."""
    if path.is_relative_to(metadata.parent):
        return path.relative_to(metadata.parent).as_posix()
    data = metadata.name.removesuffix(".dist-info") + ".data"
    scripts = Path(sysconfig.get_path("scripts"))
    if path.parent == scripts:
        return None if path.name.removesuffix(".exe") in generated else f"{data}/scripts/{path.name}"
    prefix = Path(sys.prefix)
    return f"{data}/data/{path.relative_to(prefix).as_posix()}" if path.is_relative_to(prefix) else None


def _entry_point_scripts(metadata: Path) -> set[str]:
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string((metadata / "entry_points.txt").read_text(encoding="utf-8"))
    except (OSError, configparser.Error):
        return set()
    sections = (name for name in ("console_scripts", "gui_scripts") if parser.has_section(name))
    return {name for section in sections for name in parser.options(section)}


def _script(path: Path) -> bytes:
    """Installers write the interpreter's path into a script's first line; a wheel holds ``#!python``."""
    content = path.read_bytes()
    line, newline, rest = content.partition(b"\n")
    return b"#!python" + newline + rest if line.startswith(b"#!") and b"python" in line else content


def _compressed(tags: Iterable[str]) -> str:
    """The tag set of a wheel's file name: ``py2.py3-none-any``."""
    parts = zip(*(tag.split("-", 2) for tag in tags), strict=True)
    return "-".join(".".join(dict.fromkeys(part)) for part in parts)


# --- from a source tree -------------------------------------------------------------------------


def _built(installed: Installed, root: Path, uv: str, index: Index) -> Wheel:
    with tempfile.TemporaryDirectory(prefix="nb2svc-") as folder:
        command = [uv, "build", "--wheel", "--no-progress", "--python", sys.executable, "--out-dir", folder, str(root)]
        environment = {"SOURCE_DATE_EPOCH": "315532800", **index.environment}
        run = subprocess.run(command, env=environment, capture_output=True, text=True, errors="replace", check=False)
        wheels = sorted(Path(folder).glob("*.whl"))
        if run.returncode or not wheels:
            raise FreezeError(
                f"{installed.name} is an editable install, and its folder does not build: {root}",
                hint="make `uv build --wheel` work there, or install a released version; then export again",
                log=without_addresses(run.stderr)[-4000:],
            )
        with zipfile.ZipFile(wheels[0]) as archive:
            objects = [archive.extract(name, folder) for name in archive.namelist() if is_shared_object(name)]
            _refuse_newer(installed, map(Path, objects))
            files = {
                entry.filename: File(partial(archive.read, entry), executable=bool(entry.external_attr >> 16 & 0o111))
                for entry in archive.infolist()
                if not entry.is_dir()
            }
            metadata = next(name.partition("/")[0] for name in files if name.endswith(".dist-info/METADATA"))
            return keep(wheels[0].name, files, metadata, _commit_note(root))


def _tree_state(root: Path) -> list[list[object]]:
    """Path, size and time of the files of a source tree; [] where there are too many to be worth it."""
    state: list[list[object]] = []
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(
            name for name in folders if name not in NOT_SOURCE and not name.startswith(".") and ".egg-" not in name
        )
        for name in sorted(files):
            found = Path(folder, name).lstat()
            state.append([str(Path(folder, name)), found.st_size, found.st_mtime_ns])
        if len(state) > MOST_FILES:
            return []
    return state


def _commit_note(root: Path) -> str:
    commit = _git(root, "rev-parse", "--short=12", "HEAD")
    if not commit:
        return "from an editable install"
    dirty = UNCOMMITTED if _git(root, "status", "--porcelain", "--", ".") else ""
    return f"from an editable install, git commit {commit}{dirty}"


def _git(root: Path, *arguments: str) -> str:
    try:
        run = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, errors="replace", check=False
        )
    except OSError:
        return ""  # no git on this machine
    return run.stdout.strip() if run.returncode == 0 else ""
