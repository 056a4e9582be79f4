"""The package index of this machine, its credentials and certificates, as files that a build gets as secrets.

uv's own settings come first, pip's where uv has none; both tools are told the same, as the build uses both. What is
written here exists only while a build runs, in a folder that nobody else can read.
"""

from __future__ import annotations

import os
import re
import ssl
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from ..errors import BuildError
from ..index_files import pip_settings, uv_files, uv_settings

_LARGEST_SECRET = 500 * 1024  # BuildKit's own limit
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_BUNDLE_VARIABLES = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_SYSTEM_BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSettings:
    """Where packages come from. Addresses may hold credentials: never log them."""

    default: str = ""  # "" is PyPI
    extra: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    insecure_hosts: tuple[str, ...] = ()
    proxy: str = ""
    left_out: tuple[str, ...] = ()  # folders of this machine, which a build cannot see

    def pip_conf(self) -> str:
        """What pip reads. "" where there is nothing to say."""
        return "".join(
            ["[global]\n" if self != IndexSettings(left_out=self.left_out) else ""]
            + [f"index-url = {self.default}\n" if self.default else ""]
            + [f"{name} = {' '.join(values)}\n" for name, values in self._lists("trusted-host") if values]
            + [f"proxy = {self.proxy}\n" if self.proxy else ""]
        )

    def uv_toml(self) -> str:
        """What uv reads. Every version is pinned and hash-checked, so any index may give any package."""
        lines = ['index-strategy = "unsafe-best-match"'] if self.extra else []
        lines += [f"allow-insecure-host = {_toml(list(self.insecure_hosts))}"] if self.insecure_hosts else []
        lines += [f"find-links = {_toml(list(self.find_links))}"] if self.find_links else []
        for address in self.extra:
            lines += ["", "[[index]]", f"url = {_toml(address)}"]
        if self.default:
            lines += ["", "[[index]]", f"url = {_toml(self.default)}", "default = true"]
        return "\n".join([*lines, ""]) if lines else ""

    def _lists(self, insecure: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
        return ("extra-index-url", self.extra), ("find-links", self.find_links), (insecure, self.insecure_hosts)


def index_settings(environ: Mapping[str, str] | None = None) -> IndexSettings:
    """The settings of this user: uv's variables and files together, as uv takes them, else pip's."""
    environ = os.environ if environ is None else environ
    pip = pip_settings(environ)
    found = _together([_from_variables(environ), *_from_uv_files(environ)]) or _from_pip(pip)
    reachable = {name: tuple(filter(_is_remote, found.get(name, ()))) for name in ("extra", "find_links")}
    every = [*found.get("extra", ()), *found.get("find_links", ()), *found.get("default", ())]
    default = next(iter(found.get("default", ())), "")
    return IndexSettings(
        default=default if _is_remote(default) else "",
        insecure_hosts=(*environ.get("UV_INSECURE_HOST", "").split(), *pip.get("trusted-host", "").split()),
        proxy=pip.get("proxy", ""),
        left_out=tuple(address for address in every if not _is_remote(address)),
        **reachable,
    )


@contextmanager
def secret_files(settings: IndexSettings, environ: Mapping[str, str] | None = None) -> Iterator[dict[str, Path]]:
    """Id → file of every secret that this machine has for a build; gone when the block ends.

    Raises BuildError where a named certificate file is not there.
    """
    environ = os.environ if environ is None else environ
    texts = {"pip.conf": settings.pip_conf(), "uv.toml": settings.uv_toml(), "ca.pem": _certificates(environ)}
    with tempfile.TemporaryDirectory(prefix="nb2svc-secrets-") as folder:
        files = {name: Path(folder, name) for name, text in texts.items() if text}
        for name, path in files.items():
            path.touch(mode=0o600)
            path.write_text(texts[name], encoding="utf-8")
        if mirror := environ.get("NB2SVC_APT_SOURCES"):
            files["apt.sources"] = _there(Path(mirror))
        netrc = Path(environ.get("NETRC") or Path(environ.get("HOME") or Path.home(), ".netrc"))
        yield {**files, **({"netrc": netrc} if netrc.is_file() else {})}


def _there(mirror: Path) -> Path:
    if not mirror.is_file():
        raise BuildError(f"There is no file {mirror}.", hint="Correct NB2SVC_APT_SOURCES: it names Debian sources.")
    return mirror


# --- where the settings come from ---------------------------------------------------------------

_NAMES = ("default", "extra", "find_links")
_Found = dict[str, tuple[str, ...]]  # by these names; of ``default`` one or none


def _from_variables(environ: Mapping[str, str]) -> _Found:
    default = environ.get("UV_DEFAULT_INDEX") or environ.get("UV_INDEX_URL") or ""
    extra = (environ.get("UV_INDEX") or environ.get("UV_EXTRA_INDEX_URL") or "").split()
    links = [link for link in environ.get("UV_FIND_LINKS", "").split(",") if link]
    if not (default or extra or links):
        return {}
    named = [_with_credentials(address, environ) for address in (default, *extra)]
    return {"default": tuple(filter(None, named[:1])), "extra": tuple(named[1:]), "find_links": tuple(links)}


def _from_uv_files(environ: Mapping[str, str]) -> Iterator[_Found]:
    """Of each file of uv's, those that win first. Raises BuildError for one that cannot be read."""
    for path in uv_files(environ, Path.cwd()):
        _refuse_broken(path)
    yield from (_of_uv_settings(settings, environ) for settings in uv_settings(environ, Path.cwd()))


def _together(found: Iterable[_Found]) -> _Found:
    """As uv takes its settings: all further indexes, and the default one of the first that names one."""
    every = list(found)
    lists = {name: dict.fromkeys(address for one in every for address in one.get(name, ())) for name in _NAMES}
    merged = {name: tuple(addresses) for name, addresses in lists.items() if addresses}
    return {**merged, "default": merged["default"][:1]} if "default" in merged else merged


def _of_uv_settings(settings: Mapping[str, Any], environ: Mapping[str, str]) -> _Found:
    pip = {**settings, **settings.get("pip", {})}
    listed = settings.get("index", ())  # explicit ones as well: what is pinned by hash may come from anywhere
    addresses = {
        _with_credentials(f"{each['name']}={each['url']}" if "name" in each else each["url"], environ): each
        for each in listed
    }
    default = [address for address, each in addresses.items() if each.get("default")] or [pip.get("index-url", "")]
    extra = [address for address, each in addresses.items() if not each.get("default")]
    found = {
        "default": tuple(filter(None, default[:1])),
        "extra": (*extra, *pip.get("extra-index-url", ())),
        "find_links": tuple(pip.get("find-links", ())),
    }
    return found if any(found.values()) else {}


def _from_pip(pip: Mapping[str, str]) -> _Found:
    return {
        "default": tuple(pip.get("index-url", "").split()[:1]),
        "extra": tuple(pip.get("extra-index-url", "").split()),
        "find_links": tuple(pip.get("find-links", "").split()),
    }


def _with_credentials(address: str, environ: Mapping[str, str]) -> str:
    """The URL of ``NAME=URL``, with what ``UV_INDEX_<NAME>_USERNAME`` and ``_PASSWORD`` give."""
    name, equals, url = address.partition("=")
    if not equals or "://" in name:
        return address
    prefix = "UV_INDEX_" + re.sub(r"[^A-Z0-9]", "_", name.upper())
    user, password = environ.get(f"{prefix}_USERNAME", ""), environ.get(f"{prefix}_PASSWORD", "")
    if not (user or password) or "@" in urlsplit(url).netloc:
        return url
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{quote(user, safe='')}:{quote(password, safe='')}@{rest}"


def _refuse_broken(path: Path) -> None:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BuildError(
            f"{path} cannot be read.", hint="Correct it: uv reads the same file.", log=str(error)
        ) from error


def _is_remote(address: str) -> bool:
    return urlsplit(address).scheme in {"http", "https"}


def _toml(value: str | list[str]) -> str:
    import json

    return json.dumps(value)  # strings and lists of strings are the same in both


# --- certificates -------------------------------------------------------------------------------


def _certificates(environ: Mapping[str, str]) -> str:
    """The bundle that this machine trusts: the one a variable names, pip's, else the system's; "" without any."""
    named = next((environ[name] for name in _BUNDLE_VARIABLES if environ.get(name)), "") or pip_settings(environ).get(
        "cert", ""
    )
    if named and not Path(named).is_file():
        raise BuildError(
            f"There is no certificate file {named}.", hint=f"Correct {', '.join(_BUNDLE_VARIABLES)} or pip's cert."
        )
    system = [ssl.get_default_verify_paths().cafile or "", *_SYSTEM_BUNDLES]
    path = named or next((path for path in system if path and Path(path).is_file()), "")
    if not path:
        return ""
    text = Path(path).read_text(encoding="utf-8", errors="replace")
    return text if len(text.encode()) <= _LARGEST_SECRET else _compacted(text, path)


def _compacted(text: str, path: str) -> str:
    """The certificates alone, each once: bundles that were put together by hand often hold comments and doubles."""
    compact = "\n".join(dict.fromkeys(_CERTIFICATE.findall(text))) + "\n"
    if len(compact) > _LARGEST_SECRET:
        raise BuildError(
            f"The certificates in {path} are too many for a build secret (500 KiB).",
            hint="Let SSL_CERT_FILE name a file with those that the package index needs.",
        )
    return compact
