"""The likely cause of a failed build or push, from what BuildKit and the engine say."""

from __future__ import annotations

import re
from typing import NamedTuple


class Cause(NamedTuple):
    message: str
    hint: str


# The first pattern that is found decides: from the particular to the general.
_BUILD = (
    (
        r"(?i)cannot connect to the docker daemon",
        "no Docker engine answers",
        "Start Docker, or do without an image: nb2svc run FOLDER --engine process.",
    ),
    (
        r"locked for Python ([\d.]+), the base image has ([\d.]+)",
        r"the base image has Python \2, the project is locked for Python \1",
        r"Build with --base and an image that has Python \1.",
    ),
    (
        r"(?s)(?:HASHES? (?:FROM|DO NOT MATCH)|Hash mismatch for [`'\"]?([\w.-]+))",
        r"a package is not the file that the lock was made of \1",
        "Export the notebook again; if it stays so, the package index or a proxy alters files.",
    ),
    (
        r"no space left on device",
        "the engine's disk is full",
        "docker system prune (and docker builder prune) gives room; docker system df shows what takes it.",
    ),
    (
        r"(?i)(?:CERTIFICATE_VERIFY_FAILED|invalid peer certificate|UnknownIssuer|self.signed certificate)",
        "the build does not trust the certificate of the package index",
        "Name your company's certificate authority: SSL_CERT_FILE=/path/to/ca.pem; it reaches the build as a secret.",
    ),
    (
        r"(?i)(?:\b401\b|\b403\b|Unauthorized|Forbidden).*(?:index|simple|whl|http)",
        "the package index refused the credentials",
        "Put them in ~/.netrc or in the index's URL; they reach the build as secrets. Keyrings cannot be used there.",
    ),
    (
        r"(?:failed to (?:solve|resolve source)|load metadata).*(?:not found|failed to do request|denied)",
        "the base image cannot be pulled",
        "docker pull it to see why; --base takes an image of your own registry. It must have the same Python.",
    ),
    (
        r"(?i)(?:pull access denied|manifest unknown|registry-1\.docker\.io.*(?:no such host|timeout|refused))",
        "the base image cannot be pulled",
        "docker login or docker pull it to see why; --base takes an image of your own registry.",
    ),
    (
        r"(?i)exec format error",
        "this engine cannot run programs of that platform",
        "Leave --platform out, or install emulation: docker run --privileged --rm tonistiigi/binfmt --install all",
    ),
    (
        r"(?i)no solution found|no matching distribution|not found in the package registry|No matching wheel",
        "a distribution of the lock is in none of the package indexes that the build knows",
        "Indexes that are folders of this machine cannot be seen from a build. The log names the distribution.",
    ),
    (
        r"(?i)dns error|name resolution|could not resolve|connection refused|timed out|unreachable|failed to fetch",
        "the build has no way to the package index",
        "Check the network and HTTPS_PROXY; an index or proxy on localhost is another localhost in a build.",
    ),
    (r"(?i)\bKilled\b|signal: killed|OOM", "the build ran out of memory", "Give the engine more memory."),
)

_PUSH = (
    (
        r"(?i)unauthorized|authentication required|access.*denied|no basic auth",
        "the registry refused the credentials",
        "docker login {registry}, with an account that may push there.",
    ),
    (
        r"(?i)HTTP response to HTTPS client",
        "the registry speaks HTTP, not HTTPS",
        'Add "{registry}" to insecure-registries of the engine (daemon.json), if you trust the network.',
    ),
    (
        r"(?i)certificate",
        "the engine does not trust the registry's certificate",
        "Put its certificate authority in /etc/docker/certs.d/{registry}/ca.crt on the engine's machine.",
    ),
    (
        r"(?i)no such host|connection refused|i/o timeout|unreachable|deadline exceeded",
        "the registry {registry} does not answer",
        "Check its name and port, the network and the engine's proxy.",
    ),
    (r"(?i)no space left", "the registry's disk is full", "Ask who runs it."),
)


def of_build(log: str) -> Cause | None:
    """Why a build failed; None where nothing in its log is known."""
    for pattern, message, hint in _BUILD:
        if found := re.search(pattern, log):
            return Cause(_filled(found, message), _filled(found, hint))
    return None


def of_push(log: str, registry: str) -> Cause | None:
    """Why a push failed; None where nothing in its log is known."""
    for pattern, message, hint in _PUSH:
        if re.search(pattern, log):
            return Cause(message.format(registry=registry), hint.format(registry=registry))
    return None


def _filled(found: re.Match[str], template: str) -> str:
    groups = found.groups(default="")
    return re.sub(r"\\(\d)", lambda number: groups[int(number[1]) - 1] if groups else "", template).rstrip()
