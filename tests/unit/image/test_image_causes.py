"""What BuildKit, pip, uv and the registries say when something fails, and the cause we read from it."""

import pytest

from nb2svc.image import causes

BUILD_LOGS = {
    "failed to dial gRPC: cannot connect to the Docker daemon. Is 'docker daemon' running on this host?: dial unix": (
        "no Docker engine answers"
    ),
    "requirements.txt is locked for Python 3.11, the base image has 3.9": "the base image has Python 3.9",
    "Failed to download `six==1.17.0`\n Hash mismatch for `six==1.17.0`": "not the file that the lock was made of",
    "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.": "not the file that the lock was made",
    "failed to copy files: userspace copy failed: write /x: no space left on device": "disk is full",
    "invalid peer certificate: UnknownIssuer": "does not trust the certificate",
    "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed": "does not trust the certificate",
    "HTTP status client error (401 Unauthorized) for url (https://r.example/simple/six/)": "refused the credentials",
    "ERROR: failed to solve: registry.invalid/x:1: failed to resolve source metadata: denied": "cannot be pulled",
    'failed to solve with frontend dockerfile.v0: failed to do request: Head "https://r.example/v2/": no such host': (
        "the base image cannot be pulled"
    ),
    "exec /bin/sh: exec format error": "cannot run programs of that platform",
    "No solution found when resolving dependencies": "in none of the package indexes",
    "error: Failed to fetch: `https://index.example/simple/six/`\n dns error": "no way to the package index",
    "process did not complete successfully: signal: killed": "out of memory",
}


@pytest.mark.parametrize("log", BUILD_LOGS)
def test_a_known_build_log(log):
    cause = causes.of_build(f"#1 [internal] load build definition\n#8 0.3 {log}\n")
    assert BUILD_LOGS[log] in cause.message
    assert cause.hint
    assert "\\" not in cause.message + cause.hint


def test_an_unknown_build_log():
    assert causes.of_build("#8 0.3 something new") is None


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        ("unauthorized: authentication required", "docker login r.example"),
        ("denied: requested access to the resource is denied", "docker login r.example"),
        ("http: server gave HTTP response to HTTPS client", "insecure-registries"),
        ("x509: certificate signed by unknown authority", "certs.d/r.example/ca.crt"),
        ("dial tcp: lookup r.example: no such host", "Check its name"),
    ],
)
def test_a_known_push_log(log, expected):
    assert expected in causes.of_push(log, "r.example").hint


def test_an_unknown_push_log():
    assert causes.of_push("EOF", "r.example") is None
