"""The text of requirements files: uv's answer read into pins, and ours written from them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from packaging.utils import canonicalize_name, parse_wheel_filename

from nb2svc.errors import FreezeError

from ..package_index import Index, without_addresses

WHEELS = "wheels"  # the folder of local wheels, beside requirements.txt
_PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(\[[^]]*\])?(==(?P<version>[^\s;\\]+)| @ (?P<url>\S+))")
_HASH = re.compile(r"--hash=(sha256:[0-9a-f]{64})")
_FROM = re.compile(r"^\s+# from (\S+)$")
_VIA = re.compile(r"^\s+#\s+(via\b)?\s*(?P<name>[A-Za-z0-9._-]+)?\s*$")


@dataclass(frozen=True, slots=True)
class Pin:
    """One distribution of a resolution."""

    name: str  # normalized
    version: str
    hashes: tuple[str, ...] = ()  # ``sha256:<hex>``, sorted
    via: tuple[str, ...] = ()  # the distributions that require it, sorted
    local: bool = False  # a wheel on this machine, by its address
    index: str = ""  # the name of the index that gives it, "" for the default one

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Pin:
        return cls(**{**fields, "hashes": tuple(fields["hashes"]), "via": tuple(fields["via"])})


def parse(text: str, index: Index | None = None) -> tuple[Pin, ...]:
    """The pins of a requirements file as ``uv pip compile`` writes it, sorted by name. Raises FreezeError.

    ``index`` gives the names of the indexes that uv notes by their addresses.
    """
    return tuple(sorted((_pin(block, index) for block in _blocks(text)), key=lambda pin: pin.name))


def render(pins: Iterable[Pin], why: Mapping[str, str], *, wheels: bool = False) -> str:
    """``requirements.txt``: exact versions, hashes, and why each is there (``why`` of a root, else what needs it).

    ``wheels`` adds the folder of local wheels, relative to the file.
    """
    lines = [f"--find-links {WHEELS}\n"] if wheels else []
    for pin in sorted(pins, key=lambda pin: pin.name):
        hashes = "".join(f" \\\n    --hash={digest}" for digest in pin.hashes)
        reason = why.get(pin.name) or f"via {', '.join(pin.via)}"
        lines.append(f"{pin.name}=={pin.version}{hashes}\n    # {reason}\n")
    return _checked("".join(lines))


def render_roots(roots: Iterable[tuple[str, str, str]]) -> str:
    """``requirements.in`` from (requirement, version, why): ``scikit-learn==1.9.1  # imported by predict``."""
    return _checked("".join(f"{name}=={version}  # {why}\n" for name, version, why in sorted(roots)))


def _blocks(text: str) -> Iterator[list[str]]:
    block: list[str] = []
    for line in text.splitlines():
        if not line.strip() or line.startswith(("#", "-")):
            continue
        if not line[0].isspace():
            if block:
                yield block
            block = []
        block.append(line)
    if block:
        yield block


def _pin(block: list[str], index: Index | None) -> Pin:
    head = _PIN.match(block[0])
    if head is None:
        raise FreezeError(
            "uv answered with a requirement that nb2svc cannot read",
            hint="report this with the versions of nb2svc and uv",
            log=without_addresses(block[0]),
        )
    url = head["url"]
    vias = (found["name"] for line in block[1:] if (found := _VIA.match(line)))
    return Pin(
        name=canonicalize_name(head["name"]),
        version=head["version"] or str(parse_wheel_filename(Path(unquote(urlsplit(url).path)).name)[1]),
        hashes=tuple(sorted(set(_HASH.findall("\n".join(block))))),
        via=tuple(sorted({canonicalize_name(name) for name in vias if name})),
        local=bool(url),
        index=next((index.name_of_address(found[1]) for line in block[1:] if (found := _FROM.match(line))), "")
        if index
        else "",
    )


def _checked(text: str) -> str:
    """The last guard: an address in a lock could be a private one, or hold credentials."""
    if "://" in text:
        line = next(line for line in text.splitlines() if "://" in line)
        raise FreezeError(
            "the lock would hold an address", hint="report this: no lock may hold one", log=without_addresses(line)
        )
    return text
