"""What a test needs of the machine: it is skipped with the reason, or fails where NB2SVC_REQUIRE names the need."""

from __future__ import annotations

import http.client
import os

import pytest

from nb2svc.engine.connection import connect
from nb2svc.errors import Nb2svcError
from nb2svc.image.client import find_builder

REGISTRY = os.environ.get("NB2SVC_TEST_REGISTRY", "127.0.0.1:5000")


def need(name: str, missing: str) -> None:
    """Go on where ``missing`` is "" (nothing is), else skip or fail."""
    if missing and name in os.environ.get("NB2SVC_REQUIRE", "").split(","):
        pytest.fail(f"NB2SVC_REQUIRE names {name}: {missing}")
    if missing:
        pytest.skip(f"{name}: {missing}")


def docker_missing() -> str:
    try:
        connect()
        find_builder()
    except Nb2svcError as error:
        return error.message
    return ""


def registry_missing() -> str:
    host, _, port = REGISTRY.partition(":")
    connection = http.client.HTTPConnection(host, int(port or 80), timeout=5)
    try:
        connection.request("GET", "/v2/")
        status = connection.getresponse().status
    except OSError as error:
        return f"{REGISTRY} does not answer ({error})"
    finally:
        connection.close()
    return "" if status == http.client.OK else f"{REGISTRY} answers {status}"
