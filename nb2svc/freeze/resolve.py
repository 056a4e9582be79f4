"""uv: the closure's exact versions, resolved and hashed for the target, from the user's own index."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from nb2svc.errors import FreezeError

from ..package_index import Index, without_addresses
from . import cache
from .requirements import Pin, parse
from .target import Target
from .wheelfile import Wheel

FORMAT = 2  # of a remembered resolution
LOG = 4000  # last characters of uv's own words in an error
_UNREACHABLE = re.compile(
    r"error sending request|failed to fetch|dns error|connection refused|timed out|network was disabled|"
    r"client error \(connect\)|request failed after|could not connect",
    re.IGNORECASE,
)
_BROKEN = re.compile(r"HTTP status server error \((\d{3} [^)]*)\)")
_REFUSED = re.compile(r"\b(401|403|407)\b|Unauthorized|Forbidden", re.IGNORECASE)
_NO_WHEEL = re.compile(r"\b([A-Za-z0-9][A-Za-z0-9._-]*)==(\S+) has no (?:usable )?wheels?\b")
_NO_VERSION = re.compile(r"there (?:is|are) no versions? of ([A-Za-z0-9._-]+?)(?:\[[^]]*\])?==(\S+)")
_NOT_FOUND = re.compile(
    r"Because ([A-Za-z0-9._-]+) was not found in the (?:package registry|provided package locations)"
)
_YANKED = re.compile(r"warning: `([A-Za-z0-9._-]+)==(\S+)` is yanked(?: \(reason: \"(.*?)\"\))?")
_AVAILABLE = re.compile(r"hint: (Wheels are available for .*?)(?: hint: |$)")


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of uv. ``pins`` constrain, name → version; ``wheels`` stand for their distributions."""

    roots: tuple[str, ...]  # ``uvicorn[standard]``
    pins: Mapping[str, str]
    wheels: tuple[Wheel, ...]
    target: Target
    uv_version: str

    def key(self, index: Index) -> str:
        """Of a remembered answer: everything that it depends on, and no credentials."""
        wheels = [[wheel.name, wheel.version, wheel.sha256] for wheel in self.wheels]
        target = [self.target.python_full_version, self.target.uv_platform]
        return cache.digest([FORMAT, self.roots, dict(self.pins), wheels, target, self.uv_version, index.state])


class UnavailableError(FreezeError):
    """The index does not have a distribution's version. ``name`` is normalized."""

    name = ""
    version = ""


class NoWheelError(UnavailableError):
    """The index has that version, but no wheel of it for the target."""


class YankedError(UnavailableError):
    """The index has that version, but its authors took it back."""


def resolve(request: Request, uv: str, index: Index) -> tuple[Pin, ...]:
    """The pins of ``request``, sorted by name; from memory where the same was asked before, which needs no network.

    Raises UnavailableError where the index lacks a version or its wheel, FreezeError for everything else.
    """
    key = request.key(index)
    known = cache.load("resolutions", key)
    if known is not None:
        return tuple(Pin.from_json(fields) for fields in known)
    run = _compile(request, uv, index)
    if run.returncode and _UNREACHABLE.search(run.stderr):
        offline = _compile(request, uv, index, "--offline")  # uv's own cache may still know all of it
        run = run if offline.returncode else offline
    if run.returncode:
        raise _failure(run.stderr, request, index)
    if yanked := _YANKED.search(run.stderr):
        raise _yanked(*yanked.groups())
    pins = parse(run.stdout, index)
    cache.store("resolutions", key, [pin.to_json() for pin in pins])
    return pins


def find_uv() -> str:
    """The uv that nb2svc was installed with. Raises FreezeError."""
    try:
        from uv import find_uv_bin

        return str(find_uv_bin())
    except (ImportError, FileNotFoundError) as error:
        raise FreezeError("uv is not installed beside nb2svc", hint="%pip install uv, then export again") from error


def nearest(name: str, version: str, target: Target, uv: str, index: Index) -> tuple[str, ...]:
    """The versions next to ``version``, below and above, that the target can install; () where there are none."""
    public = version.partition("+")[0]
    found = []
    for sign, which in (("<", "highest"), (">", "lowest-direct")):
        run = _run([f"{name}{sign}{public}"], [], target, uv, index, "--no-deps", "--resolution", which)
        pins = parse(run.stdout) if run.returncode == 0 else ()
        found += [pin.version for pin in pins if pin.name == name]
    return tuple(found)


def _compile(request: Request, uv: str, index: Index, *more: str) -> subprocess.CompletedProcess[str]:
    local = [f"{wheel.name} @ {wheel.path.as_uri()}" for wheel in request.wheels]
    pins = [f"{name}=={version}" for name, version in request.pins.items()]
    chosen = ("--resolution", "highest", "--prerelease", _prerelease(request.pins))
    return _run([*request.roots, *local], pins, request.target, uv, index, *chosen, *more)


def _run(
    wanted: list[str], constraints: list[str], target: Target, uv: str, index: Index, *more: str
) -> subprocess.CompletedProcess[str]:
    with tempfile.TemporaryDirectory(prefix="nb2svc-") as name:
        folder = Path(name)
        _write_lines(folder / "kernel.txt", constraints)
        source = _write_wanted(folder, wanted, constraints, index)
        return subprocess.run(
            [
                uv, "pip", "compile", str(source), "--constraints", str(folder / "kernel.txt"),
                "--python", sys.executable, "--python-version", target.python_full_version,
                "--python-platform", target.uv_platform, "--generate-hashes", "--only-binary", ":all:", "--no-header",
                "--emit-index-annotation",
                "--annotation-style", "split", "--color", "never", *index.flags, *more,
            ],
            env=index.environment, capture_output=True, text=True, errors="replace", check=False,
        )  # fmt: skip


def _write_wanted(folder: Path, wanted: list[str], constraints: list[str], index: Index) -> Path:
    """The requirements as a file: of a project where some have an index of their own, as uv knows that no other way."""
    names = {canonicalize_name(re.split(r"[^\w.-]", line, maxsplit=1)[0]): line for line in (*wanted, *constraints)}
    used = {name: index.sources[name] for name in names if name in index.sources}
    indexes = [one for one in index.named if one.name in used.values()]
    if not indexes:
        _write_lines(folder / "requirements.in", wanted)
        return folder / "requirements.in"
    known = {one.name for one in indexes}
    sources = {name: each for name, each in used.items() if each in known}
    lines = ["[project]", 'name = "nb2svc-lock"', 'version = "0"']
    lines += [f"dependencies = {json.dumps([*wanted, *sources])}", "[tool.uv.sources]"]
    lines += [f"{json.dumps(name)} = {{ index = {json.dumps(each)} }}" for name, each in sources.items()]
    for one in indexes:
        lines += ["[[tool.uv.index]]", f"name = {json.dumps(one.name)}", f"url = {json.dumps(one.url)}"]
        lines += [f"explicit = {json.dumps(one.explicit)}"]
    _write_lines(folder / "pyproject.toml", lines)
    return folder / "pyproject.toml"


def _write_lines(path: Path, lines: list[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _prerelease(pins: Mapping[str, str]) -> str:
    return "allow" if any(map(_is_prerelease, pins.values())) else "if-necessary"


def _is_prerelease(version: str) -> bool:
    try:
        return Version(version).is_prerelease
    except InvalidVersion:
        return False


# --- what went wrong ----------------------------------------------------------------------------


def _failure(stderr: str, request: Request, index: Index) -> FreezeError:
    """What uv said, as an error that says what to do. No address or credential of an index enters it."""
    words = " ".join(stderr.split())
    log = without_addresses(stderr.strip())[-LOG:]
    if _REFUSED.search(words):
        return FreezeError(
            f"{_index_name(words, index)} refused the credentials it was given, or was given none",
            hint="log in to it as pip or uv would (a .netrc entry, keyring, UV_INDEX_<NAME>_PASSWORD), then export",
            log=log,
        )
    if "certificate" in words:
        return FreezeError(
            f"the certificate of {_index_name(words, index)} is not trusted here",
            hint="name your company's CA bundle in SSL_CERT_FILE, or set UV_SYSTEM_CERTS=1; then export again",
            log=log,
        )
    if found := _BROKEN.search(words):
        return FreezeError(
            f"{_index_name(words, index)} answered with an error: {found[1]}",
            hint="try again later, or tell those who run it; what was resolved here before needs no index",
            log=log,
        )
    if _UNREACHABLE.search(words):
        return FreezeError(
            f"{_index_name(words, index)} cannot be reached, and this closure was not resolved here before",
            hint="check the network, a proxy (HTTPS_PROXY), or the index settings of pip or uv; then export again",
            log=log,
        )
    return _no_solution(words, log, request)


def _no_solution(words: str, log: str, request: Request) -> FreezeError:
    place = f"{request.target.platform} with Python {request.target.python}"
    if found := _NO_WHEEL.search(words):
        name, version = found[1], found[2].rstrip(",.")
        available = _AVAILABLE.search(words)
        return _unavailable(
            NoWheelError,
            name,
            version,
            f"{name} {version}, which the kernel has, has no wheel for {place}",
            hint=f"install a version of {name} that has one, restart the kernel and run the notebook again; "
            "or publish a wheel of it in your own index",
            log=available[1] if available else log,
        )
    if found := _NO_VERSION.search(words):
        name, version = found[1], found[2].rstrip(",.")
        message = f"no index has {name} {version}, which the kernel has"
        return _unavailable(UnavailableError, name, version, message, hint=_where_from(version), log=log)
    if found := _NOT_FOUND.search(words):
        message = f"no index has {found[1]}, which the kernel has"
        return _unavailable(UnavailableError, found[1], "", message, hint=_where_from(""), log=log)
    return FreezeError(
        f"the kernel's versions cannot be resolved together for {place}",
        hint="`pip check` in the notebook shows the same conflict: resolve it, restart the kernel and export again",
        log=log,
    )


def _yanked(name: str, version: str, reason: str | None) -> UnavailableError:
    said = f": {without_addresses(reason)}" if reason else ""
    message = f"{name} {version}, which the kernel has, was yanked from the index by its authors{said}"
    hint = f"install another version of {name}, restart the kernel, run the notebook again and export"
    return _unavailable(YankedError, name, version, message, hint=hint, log="")


def _unavailable(
    kind: type[UnavailableError], name: str, version: str, message: str, *, hint: str, log: str
) -> UnavailableError:
    error = kind(message, hint=hint, log=log)
    error.name = canonicalize_name(name)
    error.version = version
    return error


def _where_from(version: str) -> str:
    label = version.partition("+")[2]
    if label:
        return f"its label +{label} says that it came from an index of its own: name that in UV_INDEX and export again"
    return "name the index that it was installed from in UV_INDEX or in pip's extra-index-url, and export again"


def _index_name(words: str, index: Index) -> str:
    address = re.search(r"https?://[^\s`)>]+", words)
    return index.name_of(address[0] if address else "")
