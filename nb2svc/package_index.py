"""The user's own package index: what uv reads itself passes through, what only pip reads is translated for it.

Settings, credentials and certificates reach uv through its environment (never its command line, which other users
of the machine can read) and go no further: nothing here is written to a lock.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from packaging.utils import canonicalize_name

from .index_files import pip_settings, truth, uv_files, uv_settings

# uv settings of the user's shell that would change which versions are chosen or how the answer is written.
NOT_OURS = (
    "UV_BUILD_CONSTRAINT", "UV_CONSTRAINT", "UV_CUSTOM_COMPILE_COMMAND", "UV_EXCLUDE", "UV_EXCLUDE_NEWER",
    "UV_FORK_STRATEGY", "UV_NO_BINARY", "UV_NO_BINARY_PACKAGE", "UV_NO_BUILD", "UV_OVERRIDE", "UV_PRERELEASE",
    "UV_PROJECT", "UV_PYTHON", "UV_REQUIRE_HASHES", "UV_RESOLUTION", "UV_SYSTEM_PYTHON", "UV_WORKING_DIR",
)  # fmt: skip
UNNAMED = "extra-index-url"  # stands for the name of an index that has none
INDEX_VARIABLES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS")
_NAMES_AN_INDEX = re.compile(
    r"^\s*(\[\[[\w.]*index\]\]|(default-)?index(-url)?\s*=|extra-index-url\s*=|find-links\s*=)", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class NamedIndex:
    """An index of uv's settings beside the default one. Its address may be private: it goes to uv, nowhere else."""

    name: str
    url: str
    explicit: bool = False  # asked only for the distributions whose source it is


@dataclass(frozen=True, slots=True)
class Index:
    """What uv is run with. ``names``: address, without credentials → how the user would call that index."""

    environment: dict[str, str]
    flags: tuple[str, ...] = ()
    find_links: tuple[Path, ...] = ()  # local folders of wheels, which uv is not told of: see ``lock``
    names: dict[str, str] = field(default_factory=dict)
    state: tuple[str, ...] = ()  # all that may change an answer, without credentials: part of a cache key
    default: str = ""  # the address that a file of uv's gives the default index, "" for none
    named: tuple[NamedIndex, ...] = ()
    sources: dict[str, str] = field(default_factory=dict)  # distribution → name of its index (``[tool.uv.sources]``)

    @property
    def install_environment(self) -> dict[str, str]:
        """For installing what is pinned and hash-checked: any index may give it, the explicit ones as well.

        uv is then run in another folder, where it would not find the files that name them.
        """
        given = self.environment.get("UV_INDEX", "").split()
        named = [one.url if one.name == UNNAMED else f"{one.name}={one.url}" for one in self.named]
        every = " ".join(dict.fromkeys([*given, *named]))
        added = {"UV_INDEX": every, "UV_INDEX_STRATEGY": "unsafe-best-match"} if every else {}
        if self.default and not any(self.environment.get(name) for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL")):
            added["UV_DEFAULT_INDEX"] = self.default
        return {**self.environment, **added}

    def name_of_address(self, address: str) -> str:
        """The name of the index at ``address``, as uv prints it; "" for the default one."""
        found = (one.name for one in self.named if _comparable(one.url) == _comparable(address))
        return next(found, "")

    def name_of(self, address: str) -> str:
        """``the index of pip's extra-index-url`` for an address in it: says which one without giving the address."""
        wanted = _comparable(address)
        if inside := [known for known in self.names if f"{wanted}/".startswith(f"{known}/")]:
            return self.names[max(inside, key=len)]
        # Files often lie beside the pages that list them.
        beside = {name for known, name in self.names.items() if urlsplit(known).netloc == urlsplit(wanted).netloc}
        return " or ".join(sorted(beside)) or "the default package index"


def user_index(environ: Mapping[str, str] | None = None, folder: Path | None = None) -> Index:
    """The index settings of this user (``environ`` defaults to the process's) in ``folder`` (the working one)."""
    environ = os.environ if environ is None else environ
    folder = folder or Path.cwd()
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in uv_files(environ, folder)]
    pip = pip_settings(environ)
    has_own = any(environ.get(name) for name in INDEX_VARIABLES) or any(map(_NAMES_AN_INDEX.search, texts))
    added = {**_certificates(environ, pip), **_network(environ, pip), **({} if has_own else _indexes(environ, pip))}
    merged = {name: value for name, value in environ.items() if name not in NOT_OURS}
    merged |= {**added, "UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1", "NO_COLOR": "1"}
    flags = ("--no-index",) if not has_own and truth(pip.get("no-index", "")) else ()
    links = {link: _local_folder(link, folder) for link in merged.pop("UV_FIND_LINKS", "").split(",") if link}
    if remote := ",".join(link for link, path in links.items() if path is None):
        merged["UV_FIND_LINKS"] = remote
    find_links = tuple(path for path in links.values() if path)
    settings = [*uv_settings(environ, folder)]
    named = (*_named(settings), *_unnamed(merged))
    return Index(
        default=_default(settings),
        named=named,
        sources=_sources(settings),
        environment=merged,
        flags=flags,
        find_links=find_links,
        names={**_names_of_files(named), **_names(merged, None if has_own else pip)},
        state=tuple(_state(merged, flags, texts, find_links)),
    )


def without_addresses(text: str) -> str:
    """``text`` with every URL (and whatever credentials it holds) replaced by ``<address>``."""
    return re.sub(r"[a-zA-Z][a-zA-Z0-9+.-]*://[^\s`'\"<>()]+", "<address>", text)


# --- uv's own names ---------------------------------------------------------------------------------


def _named(settings: Iterable[Mapping[str, Any]]) -> list[NamedIndex]:
    """The indexes of uv's files beside the default one, those without a name by the setting's."""
    found: dict[str, NamedIndex] = {}
    for table in settings:
        for each in table.get("index", ()):
            if isinstance(each, dict) and "url" in each and not each.get("default"):
                url = str(each["url"])
                one = NamedIndex(str(each.get("name", UNNAMED)), url, explicit=bool(each.get("explicit")))
                found.setdefault(url if one.name == UNNAMED else one.name, one)
        for url in map(str, _with_pip(table).get("extra-index-url", ())):
            found.setdefault(url, NamedIndex(UNNAMED, url))
    return list(found.values())


def _default(settings: Iterable[Mapping[str, Any]]) -> str:
    """The address of the default index by uv's files; "" where they leave it as it is."""
    for table in settings:
        for each in table.get("index", ()):
            if isinstance(each, dict) and "url" in each and each.get("default"):
                return f"{each['name']}={each['url']}" if "name" in each else str(each["url"])
        if url := _with_pip(table).get("index-url"):
            return str(url)
    return ""


def _with_pip(table: Mapping[str, Any]) -> Mapping[str, Any]:
    """The settings of uv, with those that it takes for ``uv pip`` alone."""
    return {**table, **table.get("pip", {})}


def _unnamed(environ: Mapping[str, str]) -> Iterator[NamedIndex]:
    """The further indexes of variables, and of pip, by a name where they have one, else by the setting's."""
    for address in (environ.get("UV_INDEX") or environ.get("UV_EXTRA_INDEX_URL") or "").split():
        name, equals, url = address.partition("=")
        if equals and "://" not in name:
            yield NamedIndex(name, url)
        else:
            yield NamedIndex(UNNAMED, address)


def _sources(settings: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for table in settings:
        sources = table.get("sources", {})
        for name, source in sources.items() if isinstance(sources, dict) else ():
            for each in source if isinstance(source, list) else [source]:
                if isinstance(each, dict) and "index" in each:
                    found.setdefault(canonicalize_name(name), str(each["index"]))
    return found


def _comparable(address: str) -> str:
    """Without credentials, which uv masks, and without a final slash."""
    return _without_credentials(address).rstrip("/")


# --- what uv is told ----------------------------------------------------------------------------


def _indexes(environ: Mapping[str, str], pip: Mapping[str, str]) -> dict[str, str]:
    extra, links = pip.get("extra-index-url", "").split(), pip.get("find-links", "").split()
    added = {
        "UV_DEFAULT_INDEX": pip.get("index-url", ""),
        "UV_INDEX": " ".join(extra),
        "UV_FIND_LINKS": ",".join(os.path.expanduser(link) for link in links),  # noqa: PTH111 - may be a URL
    }
    if extra and "UV_INDEX_STRATEGY" not in environ:
        # pip takes a version from any of its indexes, and so it was installed; every version here is pinned.
        added["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return {name: value for name, value in added.items() if value}


def _certificates(environ: Mapping[str, str], pip: Mapping[str, str]) -> dict[str, str]:
    added = {}
    if client := pip.get("client-cert", ""):
        added["SSL_CLIENT_CERT"] = client
    named = pip.get("cert") or environ.get("REQUESTS_CA_BUNDLE") or environ.get("CURL_CA_BUNDLE") or ""
    own = ("SSL_CERT_FILE", "SSL_CERT_DIR", "UV_NATIVE_TLS", "UV_SYSTEM_CERTS")
    if named and not any(environ.get(name) for name in own):
        added["SSL_CERT_DIR" if Path(named).is_dir() else "SSL_CERT_FILE"] = named
    return {name: value for name, value in added.items() if not environ.get(name)}


def _network(environ: Mapping[str, str], pip: Mapping[str, str]) -> dict[str, str]:
    added = {
        "ALL_PROXY": pip.get("proxy", ""),
        "UV_INSECURE_HOST": " ".join(pip.get("trusted-host", "").split()),
        "UV_HTTP_TIMEOUT": pip.get("default-timeout", "") or pip.get("timeout", ""),
        "UV_KEYRING_PROVIDER": "subprocess" if pip.get("keyring-provider") == "subprocess" else "",
    }
    return {name: value for name, value in added.items() if value and not environ.get(name)}


def _local_folder(link: str, folder: Path) -> Path | None:
    path = folder / unquote(link.strip().removeprefix("file://"))
    return path if path.is_dir() else None


def _names(environ: Mapping[str, str], pip: Mapping[str, str] | None) -> dict[str, str]:
    if pip is not None:
        settings = {f"the index of pip's {name}": pip.get(name, "") for name in ("extra-index-url", "index-url")}
    else:
        settings = {f"the index of {name}": environ.get(name, "") for name in INDEX_VARIABLES}
    return {
        _comparable(address.partition("=")[2] if "=" in address.partition("://")[0] else address): name
        for name, value in settings.items()
        for address in re.split(r"[\s,]+", value)
        if address
    }


def _names_of_files(named: Iterable[NamedIndex]) -> dict[str, str]:
    return {_comparable(one.url): f"the index {one.name}" for one in named}


def _state(environ: Mapping[str, str], flags: Iterable[str], texts: Iterable[str], links: Iterable[Path]) -> list[str]:
    chosen = ("UV_INDEX_STRATEGY", "UV_TORCH_BACKEND", "UV_NO_CONFIG", *INDEX_VARIABLES)
    variables = [f"{name}={_without_credentials(environ[name])}" for name in chosen if environ.get(name)]
    wheels = [
        f"{path.name} {path.stat().st_size} {path.stat().st_mtime_ns}"
        for folder in links
        for path in sorted(folder.glob("*.whl"))
    ]
    return [*variables, *flags, *(_without_credentials(text) for text in texts), *wheels]


def _without_credentials(text: str) -> str:
    return re.sub(r"://[^/\s@]*@", "://", text)
