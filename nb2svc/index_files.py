"""The files and variables of uv and of pip that say where packages come from, as these tools read them."""

from __future__ import annotations

import configparser
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def uv_settings(environ: Mapping[str, str], folder: Path) -> Iterator[dict[str, Any]]:
    """The settings of uv's files that apply in ``folder``, those that win first. Broken files are uv's to complain."""
    own: list[dict[str, Any]] = []
    above: list[dict[str, Any]] = []
    for path in uv_files(environ, folder):
        try:
            settings = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if path.name == "pyproject.toml":
            settings = settings.get("tool", {}).get("uv", {})
        (above if folder.is_relative_to(path.parent) else own).append(settings)
    yield from above
    yield from reversed(own)


def uv_files(environ: Mapping[str, str], folder: Path) -> Iterator[Path]:
    """The configuration files of uv that apply in ``folder``."""
    if truth(environ.get("UV_NO_CONFIG", "")):
        return
    if named := environ.get("UV_CONFIG_FILE", ""):
        candidates = [Path(named)]
    else:
        home = Path(environ.get("HOME", "") or Path.home())
        configured = Path(environ.get("XDG_CONFIG_HOME", "") or home / ".config")
        system = [Path(name, "uv", "uv.toml") for name in environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(os.pathsep)]
        above = [parent / name for parent in (folder, *folder.parents) for name in ("uv.toml", "pyproject.toml")]
        candidates = [Path("/etc/uv/uv.toml"), *system, configured / "uv" / "uv.toml", *above]
    for path in candidates:
        if path.is_file() and os.access(path, os.R_OK) and (path.name == "uv.toml" or _has_uv_table(path)):
            yield path


def _has_uv_table(pyproject: Path) -> bool:
    return "tool.uv" in pyproject.read_text(encoding="utf-8", errors="replace")


def pip_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """The settings of pip that say where packages come from, by pip's own precedence; names as ``extra-index-url``."""
    found: dict[str, str] = {}
    for path in _pip_files(environ):
        parser = configparser.RawConfigParser()
        try:
            parser.read_string(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, configparser.Error):
            continue
        for section in ("global", "install"):
            if parser.has_section(section):
                found |= {name.replace("_", "-"): value.strip() for name, value in parser.items(section)}
    for name, value in environ.items():
        if name.startswith("PIP_") and value:
            found[name.removeprefix("PIP_").lower().replace("_", "-")] = value
    return found


def _pip_files(environ: Mapping[str, str]) -> Iterator[Path]:
    """The configuration files of pip, the weakest first."""
    named = environ.get("PIP_CONFIG_FILE", "")
    if named == os.devnull:
        return
    home = Path(environ.get("HOME", "") or Path.home())
    configured = Path(environ.get("XDG_CONFIG_HOME", "") or home / ".config")
    if sys.platform == "darwin":
        yield Path("/Library/Application Support/pip/pip.conf")
    for folder in reversed(environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(os.pathsep)):
        yield Path(folder, "pip", "pip.conf")
    yield Path("/etc/pip.conf")
    yield home / ".pip" / "pip.conf"
    if sys.platform == "darwin":
        yield home / "Library" / "Application Support" / "pip" / "pip.conf"
    yield configured / "pip" / "pip.conf"
    yield Path(sys.prefix, "pip.conf")
    if named:
        yield Path(named)


def truth(text: str) -> bool:
    """Whether a setting's value means yes, to uv and to pip."""
    return text.strip().lower() in {"1", "true", "yes", "on", "y", "t"}
