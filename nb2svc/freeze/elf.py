"""What a shared object (ELF) asks of the machine that loads it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from elftools.elf.elffile import ELFFile

_SHARED_OBJECT = re.compile(r"\.so(\.[\w.]+)?$")
_SYMBOL_VERSION = re.compile(r"([A-Z]+)_(\d+(?:\.\d+)+)")
_MAGIC = b"\x7fELF"


@dataclass(frozen=True, slots=True)
class Binary:
    """The dynamic section of a shared object, as far as it matters here."""

    needed: tuple[str, ...] = ()  # ``DT_NEEDED``: the sonames that the loader looks for
    soname: str = ""
    search: tuple[str, ...] = ()  # folders of ``DT_RPATH`` and ``DT_RUNPATH``, ``$ORIGIN`` as written
    # The newest symbol versions that it needs, sorted: ``("GLIBC", (2, 28))``, ``("GLIBCXX", (3, 4, 30))``.
    symbols: tuple[tuple[str, tuple[int, ...]], ...] = ()


def is_shared_object(name: str) -> bool:
    """By its file name: ``_core.cpython-311-x86_64-linux-gnu.so``, ``libgomp.so.1``."""
    return bool(_SHARED_OBJECT.search(name))


def read(path: Path) -> Binary | None:
    """The dynamic section of a file; None where that is no ELF file, or has none, or cannot be read."""
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    try:
        with path.open("rb") as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                return None
            return _dynamic(ELFFile(file))
    except (OSError, ELFError, ValueError):
        return None  # gone, or cut off: whoever loads it will say so


def search_folders(path: str, binary: Binary) -> list[str]:
    """Where the loader looks for what ``path`` needs before it looks into the system."""
    origin = os.path.dirname(path)  # noqa: PTH120 - compared as text, thousands of times
    found = (folder.replace("${ORIGIN}", origin).replace("$ORIGIN", origin) for folder in binary.search)
    return [os.path.normpath(folder) for folder in found if folder]


def _dynamic(file: ELFFile) -> Binary | None:
    from elftools.elf.dynamic import DynamicSegment

    segment = next((one for one in file.iter_segments("PT_DYNAMIC") if isinstance(one, DynamicSegment)), None)
    if segment is None:
        return None
    found: dict[str, list[str]] = {"DT_NEEDED": [], "DT_SONAME": [], "DT_RPATH": [], "DT_RUNPATH": []}
    for tag in segment.iter_tags():
        kind = str(tag.entry.d_tag)
        if kind in found:
            found[kind].append(str(getattr(tag, kind.removeprefix("DT_").lower())))
    paths = [folder for kind in ("DT_RPATH", "DT_RUNPATH") for path in found[kind] for folder in path.split(":")]
    return Binary(
        needed=tuple(found["DT_NEEDED"]),
        soname=next(iter(found["DT_SONAME"]), ""),
        search=tuple(paths),
        symbols=_symbols(file),
    )


def _symbols(file: ELFFile) -> tuple[tuple[str, tuple[int, ...]], ...]:
    from elftools.elf.gnuversions import GNUVerNeedSection

    sections = (one for one in file.iter_sections("SHT_GNU_verneed") if isinstance(one, GNUVerNeedSection))
    newest: dict[str, tuple[int, ...]] = {}
    for section in sections:
        for _, needs in section.iter_versions():
            for found in filter(None, (_SYMBOL_VERSION.fullmatch(need.name or "") for need in needs)):
                version = tuple(map(int, found[2].split(".")))
                newest[found[1]] = max(newest.get(found[1], ()), version)
    return tuple(sorted(newest.items()))
