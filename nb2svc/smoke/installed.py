"""Where the distributions of a lock lie in this interpreter: what the clean room may import, and nothing else.

Reads only folder names and the few files of the distributions asked for, since this is paid at every export.
"""

from __future__ import annotations

import ast
import json
import os
import re
import sys
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_INFO_FOLDER: Final = re.compile(r"^(?P<name>.+?)(?:-(?P<version>\d[^-]*))?(?:-py\d[\d.]*)?\.(?:dist|egg)-info$")


@dataclass(frozen=True, slots=True)
class Admission:
    """What may be imported: the files of ``records``, and everything at or below ``trees``."""

    sites: tuple[str, ...]  # entries of ``sys.path`` that hold the distributions, in order
    metadata: tuple[str, ...]  # the distributions' own folders, ``….dist-info``
    records: tuple[tuple[str, str], ...]  # (site, RECORD file): the paths in it are relative to the site
    trees: tuple[str, ...]  # paths of modules without suffix: editable installs, and distributions without RECORD


def normalized(name: str) -> str:
    """The normalized name of a distribution: ``Ruamel.Yaml`` is ``ruamel-yaml``."""
    return re.sub(r"[-_.]+", "-", name).lower()


def locate(names: Collection[str], path: Iterable[str] | None = None) -> Admission:
    """Find the distributions ``names`` along ``path`` (``sys.path``). One that is not installed here admits nothing."""
    wanted = {normalized(name) for name in names}
    sites: dict[str, None] = {}
    metadata: list[str] = []
    records: list[tuple[str, str]] = []
    trees: list[str] = []
    for site, name, info in _metadata(sys.path if path is None else path):
        if name not in wanted:
            continue
        wanted.discard(name)  # the first along the path is the one that Python imports
        sites[site] = None
        metadata.append(str(info))
        record = info / "RECORD"
        if record.is_file():
            records.append((site, str(record)))
            trees.extend(_editable_trees(site, info))
        else:
            trees.extend(str(Path(site, top)) for top in _top_levels(info, name))
    return Admission(tuple(sites), tuple(metadata), tuple(records), tuple(trees))


def _metadata(path: Iterable[str]) -> Iterator[tuple[str, str, Path]]:
    """(site, normalized name, metadata folder) of each distribution along ``path``."""
    for site in dict.fromkeys(os.path.abspath(entry) for entry in path):  # noqa: PTH100 (entries may be "")
        try:
            entries = sorted(entry for entry in os.listdir(site) if entry.endswith((".dist-info", ".egg-info")))  # noqa: PTH208
        except OSError:
            continue  # a zip archive, or a folder that is gone
        for entry in entries:
            match = _INFO_FOLDER.match(entry)
            if match:
                yield site, normalized(match["name"]), Path(site, entry)


def _top_levels(info: Path, name: str) -> list[str]:
    try:
        return (info / "top_level.txt").read_text(encoding="utf-8").split()
    except OSError:
        return [name.replace("-", "_")]


def _editable_trees(site: str, info: Path) -> Iterator[str]:
    """The source folders of an editable install; nothing for an ordinary one."""
    try:
        origin = json.loads((info / "direct_url.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    if not origin.get("dir_info", {}).get("editable"):
        return
    tops = _top_levels(info, "") if (info / "top_level.txt").is_file() else None
    for line in (info / "RECORD").read_text(encoding="utf-8").splitlines():
        file = Path(site, line.partition(",")[0])
        if file.suffix == ".pth":
            for folder in _path_lines(file):
                yield from (str(Path(folder, top)) for top in tops) if tops else (folder,)
        elif re.fullmatch(r"__editable___.*_finder\.py", file.name):
            yield from _finder_mapping(file)


def _path_lines(file: Path) -> list[str]:
    lines = (line.strip() for line in file.read_text(encoding="utf-8").splitlines())
    return [str(Path(file.parent, line)) for line in lines if line and not line.startswith(("#", "import"))]


def _finder_mapping(file: Path) -> Iterator[str]:
    """The paths in the ``MAPPING`` of setuptools' editable finder."""
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        target = node.target if isinstance(node, ast.AnnAssign) else None
        if isinstance(node, ast.Assign):
            target = node.targets[0] if isinstance(node.targets[0], ast.Name) else None
        value = getattr(node, "value", None)
        if isinstance(target, ast.Name) and target.id == "MAPPING" and isinstance(value, ast.Dict):
            yield from (str(place) for place in ast.literal_eval(value).values())
