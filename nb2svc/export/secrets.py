"""No secret leaves the notebook: what is written is searched for credentials first, offline.

Three kinds of evidence: the formats of providers' keys (detect-secrets), a literal bound to a secret-looking name,
and a long random-looking literal in code. And one certainty: the value of a secret-looking environment variable.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, Literal

Evidence = Literal["code", "data", "config", "text"]
"""What may be found in a file: in ``code`` all three kinds, in ``data`` (JSON, pickles) and ``config`` (where values
need no quotes) formats and names, in ``text`` formats only (a hash, an identifier or a token of a vocabulary is
random-looking and no secret)."""

MIN_RANDOM = 20  # characters: shorter random-looking literals are colours, abbreviations, words of other languages
MIN_VALUE = 8  # characters of a secret's value: shorter ones occur by chance
_BASE64_ENTROPY, _HEX_ENTROPY = 4.5, 3.0  # bits a character, detect-secrets' own limits
_MAX_LINE = 20_000  # characters: what is longer is data, and regular expressions take their time over it

_SECRET_NAME = re.compile(
    r"(?:^|_)(?:api_?key|apikey|access_?key|auth_?key|secret(?:_?key)?|private_?key|token|passw(?:or)?d|passphrase|pwd"
    r"|credentials?)(?:_|$)",
    re.IGNORECASE,
)
# Headers that carry credentials, beside those whose name says so; their value follows a scheme such as ``Bearer``.
_CREDENTIAL_HEADERS = frozenset({"authorization", "proxy_authorization", "cookie", "set_cookie"})
_SCHEME = re.compile(r"(?:Bearer|Basic|Token|Digest|ApiKey)\s+", re.IGNORECASE)
_NO_VALUE = frozenset({"true", "false", "null", "none", "yes", "no", "~"})
# detect-secrets' keyword expressions know ``password = "…"`` but no annotation between name and sign
_ANNOTATION = re.compile(r"(\w+)\s*:\s*[\w.\[\]| ]+=(?!=)")


@dataclass(frozen=True, slots=True)
class Finding:
    """A likely secret: what it looks like, in which line (from 1), and the value itself, never to be shown."""

    kind: str
    line: int
    value: str


def find_in_text(text: str, evidence: Evidence) -> Iterator[Finding]:
    """Likely secrets of ``text``, each value once a line. Lines marked ``pragma: allowlist secret`` are left out."""
    for number, line in enumerate(text.splitlines(), start=1):
        if len(line) <= _MAX_LINE and line.strip() and not _is_allowed(line):
            yield from (Finding(kind, number, value) for value, kind in _in_line(line, evidence).items())


def find_in_strings(strings: Iterable[str]) -> Iterator[Finding]:
    """Likely secrets among the strings of a pickle, in their order: what follows a secret-looking key is its value."""
    previous = ""
    for number, string in enumerate(strings, start=1):
        if 0 < len(string) <= _MAX_LINE:
            found = {**_under_key(previous, string), **_by_format(string)}
            yield from (Finding(kind, number, value) for value, kind in found.items())
        previous = string


def find_in_document(document: Any, path: str = "") -> Iterator[tuple[str, Finding]]:
    """Likely secrets in parsed JSON, each with the path to it: ``request.headers.x-api-key``."""
    if isinstance(document, dict):
        for key, value in document.items():
            inside = f"{path}.{key}" if path else str(key)
            if isinstance(value, str) and 0 < len(value) <= _MAX_LINE:
                found = {**_under_key(str(key), value), **_by_format(value)}
                yield from ((inside, Finding(kind, 0, text)) for text, kind in found.items())
            else:
                yield from find_in_document(value, inside)
    elif isinstance(document, list):
        for index, value in enumerate(document):
            if isinstance(value, str) and 0 < len(value) <= _MAX_LINE:
                yield from ((f"{path}[{index}]", Finding(kind, 0, text)) for text, kind in _by_format(value).items())
            else:
                yield from find_in_document(value, f"{path}[{index}]")


def secret_values(environment: Mapping[str, str], known: Mapping[str, str] | None = None) -> dict[str, str]:
    """Value → name of what is surely secret and cannot occur by chance.

    That is ``known`` (name → value), and the variables of ``environment`` whose name says so.
    """
    named = {name: value for name, value in environment.items() if _SECRET_NAME.search(name) and not _is_path(value)}
    return {value: name for name, value in sorted({**named, **(known or {})}.items()) if len(value) >= MIN_VALUE}


def find_values(content: bytes, values: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """(name, line) of each of the secret ``values`` (value → name) that stands in ``content``."""
    for value, name in values.items():
        forms = (value.encode(), value.encode("utf-32-le"))  # the second: in arrays of text
        position = next((found for form in forms if (found := content.find(form)) >= 0), -1)
        if position >= 0:
            yield name, content.count(b"\n", 0, position) + 1


def _under_key(key: str, value: str) -> dict[str, str]:
    """A value that its key says is a secret, if it can be one."""
    name = key.lower().replace("-", "_")
    if name in _CREDENTIAL_HEADERS:
        value = _SCHEME.sub("", value)
        return {value: "Credentials in a header"} if len(value) >= MIN_VALUE else {}
    if not _SECRET_NAME.search(name) or "\n" in value:
        return {}
    return {**_by_name(f'"{name}": "{value}"'), **_by_randomness(f'"{value}"')}


def _in_line(line: str, evidence: Evidence) -> dict[str, str]:
    found = _by_format(line)
    if evidence in {"code", "data"}:
        found |= _by_name(line)
    if evidence == "config":
        found |= _by_setting(line)
    if evidence == "code":
        found |= _by_name(_ANNOTATION.sub(r"\1 =", line)) | _by_randomness(line)
    return found


def _by_format(line: str) -> dict[str, str]:
    return {value: kind for kind, search in _detectors().formats for value in search(line) if _plausible(value)}


def _by_name(line: str) -> dict[str, str]:
    kind, search = _detectors().names
    return {value: kind for value in search(line) if _plausible(value) and not _SECRET_NAME.fullmatch(value)}


def _by_setting(line: str) -> dict[str, str]:
    """``password = hunter2`` and ``password: hunter2``, without quotes."""
    kind, search = _detectors().settings
    found = (value.strip().strip("\"'") for value in search(line) if not line.lstrip().startswith(("#", ";")))
    return {
        value: kind
        for value in found
        if value.lower() not in _NO_VALUE and not value.replace(".", "").isdigit() and _plausible(value)
    }


def _by_randomness(line: str) -> dict[str, str]:
    return {
        value: kind
        for kind, search, entropy, limit in _detectors().random
        for value in search(line)
        if len(value) >= MIN_RANDOM and entropy(value) > limit and not _is_run(value) and _plausible(value)
    }


def _plausible(value: str) -> bool:
    return not any(unlikely(value) for unlikely in _detectors().unlikely)


def _is_run(value: str) -> bool:
    """An alphabet (``abc…xyz0…9``) has every character once, and each is mostly the one after its neighbour."""
    steps = [ord(after) - ord(before) for before, after in pairwise(value)]
    return steps.count(1) * 2 > len(steps)


def _is_allowed(line: str) -> bool:
    return re.search(r"pragma: ?(?:allow|white)list[ -]secret", line) is not None


def _is_path(value: str) -> bool:
    return value.startswith(("/", "./", "~")) or re.match(r"[A-Za-z]:\\", value) is not None


@dataclass(frozen=True)
class _Detectors:
    formats: tuple[tuple[str, Callable[[str], Iterable[str]]], ...]
    names: tuple[str, Callable[[str], Iterable[str]]]
    settings: tuple[str, Callable[[str], Iterable[str]]]
    random: tuple[tuple[str, Callable[[str], Iterable[str]], Callable[[str], float], float], ...]
    unlikely: tuple[Callable[[str], bool], ...]


@cache
def _detectors() -> _Detectors:
    """detect-secrets' expressions, without its settings, its files and its verification over the network."""
    from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
    from detect_secrets.filters import heuristic
    from detect_secrets.plugins.base import RegexBasedDetector
    from detect_secrets.plugins.high_entropy_strings import Base64HighEntropyString, HexHighEntropyString
    from detect_secrets.plugins.ip_public import IPPublicDetector
    from detect_secrets.plugins.keyword import CONFIG_DENYLIST_REGEX_TO_GROUP, KeywordDetector

    classes: Iterable[Any] = get_mapping_from_secret_type_to_class().values()
    plugins = [
        plugin() for plugin in classes if issubclass(plugin, RegexBasedDetector) and plugin is not IPPublicDetector
    ]
    base64, hexadecimal = Base64HighEntropyString(_BASE64_ENTROPY), HexHighEntropyString(_HEX_ENTROPY)
    return _Detectors(
        formats=tuple((plugin.secret_type, plugin.analyze_string) for plugin in plugins),
        names=(KeywordDetector.secret_type, KeywordDetector().analyze_string),
        settings=(
            KeywordDetector.secret_type,
            lambda line: KeywordDetector().analyze_string(line, CONFIG_DENYLIST_REGEX_TO_GROUP),
        ),
        random=tuple(
            (plugin.secret_type, plugin.analyze_string, plugin.calculate_shannon_entropy, plugin.entropy_limit)
            for plugin in (base64, hexadecimal)
        ),
        unlikely=(
            heuristic.is_sequential_string,
            heuristic.is_potential_uuid,
            heuristic.is_templated_secret,
            heuristic.is_prefixed_with_dollar_sign,
            heuristic.is_not_alphanumeric_string,
        ),
    )
