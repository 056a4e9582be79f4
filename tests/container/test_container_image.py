"""The image that the project's Dockerfile gives: what is in it, and what is not."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from nb2svc.errors import BuildError, UsageError
from nb2svc.events import Finished, LogLine, Step
from nb2svc.image import build, inspect, list_images
from nb2svc.image.client import run

SECRET = "pa55-of-the-package-index"


def in_image(image, *command):
    return subprocess.run(
        ["docker", "run", "--rm", "--read-only", "--network=none", image.reference, *command],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_record_says_what_the_engine_has(image, project):
    assert image.labels["io.nb2svc.name"] == project.name
    assert image.labels["io.nb2svc.digest"] == project.digest
    assert image.labels["org.opencontainers.image.base.name"] == "python:3.11-slim-bookworm"
    assert image.platform.startswith("linux/")
    assert 0 < image.base_size < image.size
    assert sum(layer.size for layer in image.layers) == image.size
    assert all(layer.digest.startswith("sha256:") for layer in image.layers)
    assert [layer.created_by.split()[1] for layer in image.layers if "/app/" in layer.created_by] == [
        "/app/examples",
        "/app/service",
        "/app/nb2svc.json",
    ]


def test_it_is_listed_and_found_again(image):
    assert image.id in {listed.id for listed in list_images()}
    assert inspect(image.id).size == image.size
    with pytest.raises(UsageError, match="no image nb2svc-test-none"):
        inspect("nb2svc-test-none")


def test_the_configuration_is_what_a_platform_team_expects(image):
    config = json.loads(run("image", "inspect", image.reference))[0]["Config"]
    assert config["User"] == "65532:65532"
    assert config["Cmd"] == ["python", "-m", "service"]
    assert config["StopSignal"] == "SIGTERM"
    assert config["Healthcheck"]["Test"][0] == "CMD"  # no shell
    assert list(config["ExposedPorts"]) == ["8000/tcp"]


def test_no_tool_of_the_build_is_left(image):
    found = in_image(
        image, "sh", "-c", "command -v uv gcc cc make git; ls -d /root/.cache /build /bytecode /tmp/uv.txt"
    )
    assert found.stdout == ""
    packages = in_image(
        image, "python", "-c", "import importlib.metadata as m; print(*[d.name for d in m.distributions()])"
    )
    names = set(packages.stdout.lower().split())
    assert {"fastapi", "uvicorn"} <= names
    assert not names & {"uv", "pip", "nb2svc", "ipython", "setuptools"}


def test_everything_is_byte_compiled_and_readable_by_any_user(image):
    code = (
        "import sys, service.main, importlib.util as u\n"
        "mine = [m for m in list(sys.modules.values()) if str(getattr(m, '__file__', '')).endswith('.py')]\n"
        "print([m.__name__ for m in mine if not __import__('os').path.exists(u.cache_from_source(m.__file__))])"
    )
    ran = in_image(image, "python", "-c", code)
    assert ran.stdout.strip().splitlines()[-1] == "[]", ran.stderr
    assert in_image(image, "find", "/app", "/opt/venv", "!", "-readable").stdout == ""


def test_the_package_tests_are_gone_but_what_others_import_of_them_is_not(image):
    assert in_image(image, "find", "/opt/venv", "-path", "*/tests/test_*.py").stdout == ""


def test_credentials_and_certificates_reach_no_layer(project, docker, token, monkeypatch, tmp_path):
    """A build with an index password, a netrc and a bundle of certificates, all searched for in the saved image."""
    bundle = tmp_path / "ca.pem"
    trusted = Path(os.environ.get("SSL_CERT_FILE") or "/etc/ssl/certs/ca-certificates.crt").read_text(encoding="utf-8")
    bundle.write_text(f"# {SECRET}\n{trusted}")
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine index.invalid login somebody password {SECRET}\n")
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    monkeypatch.setenv("NETRC", str(netrc))
    from pip._internal.models.index import PyPI  # the public index, which does not mind credentials

    monkeypatch.setenv("UV_DEFAULT_INDEX", PyPI.simple_url.replace("://", f"://somebody:{SECRET}@"))
    said = []
    image = build(project, tag=f"nb2svc-test-secrets:{token}", no_cache=True, emit=said.append)
    try:
        archive = tmp_path / "image.tar"
        run("save", "-o", str(archive), image.reference)
        assert SECRET not in repr(said)
        assert b"65532" in archive.read_bytes()  # the layers are not compressed, so the search below sees into them
        assert SECRET.encode() not in archive.read_bytes()
        assert b"index.invalid" not in archive.read_bytes()
        with tarfile.open(archive) as saved:
            assert any(name.endswith("layer.tar") or "blobs" in name for name in saved.getnames())
    finally:
        run("rmi", image.reference)


def test_a_build_says_what_it_does(image, project):
    said = []
    build(project, tag=image.reference, emit=said.append)
    steps = [event.text for event in said if isinstance(event, Step)]
    assert any(step.startswith("dependencies ") for step in steps)
    assert "--mount" not in "".join(steps)
    assert "above its base" in next(event.summary for event in said if isinstance(event, Finished))
    assert not any(isinstance(event, LogLine) and "sha256:" in event.line for event in said)


def test_a_base_of_another_python_is_refused_by_the_build(project, docker, token):
    """It would install, and answer otherwise: the lock is for one minor version."""
    script = 'case "$*" in *version_info*) echo 3.9;; *) exec python3 "$@";; esac'
    dockerfile = f"FROM python:3.11-slim-bookworm\nRUN printf '%s\\n' '#!/bin/sh' '{script}' >/usr/local/bin/python\n"
    base = f"nb2svc-test-base:{token}"
    subprocess.run(
        ["docker", "build", "-q", "-t", base, "-"],
        input=dockerfile, text=True, check=True, capture_output=True, env={**os.environ, "DOCKER_BUILDKIT": "0"},
    )  # fmt: skip
    try:
        with pytest.raises(BuildError) as failed:
            build(project, tag="nb2svc-test-other", base=base)
        assert "base image has Python 3.9, the project is locked for Python 3.11" in failed.value.message
    finally:
        run("rmi", base)


def test_a_base_that_cannot_be_pulled_says_so(project, docker):
    with pytest.raises(BuildError) as failed:
        build(project, tag="nb2svc-test-other", base="registry.invalid/none:1")
    assert "the base image cannot be pulled" in failed.value.message
    assert "registry.invalid" in failed.value.log


def test_a_changed_lock_is_refused_by_its_hashes(project, docker, tmp_path):
    copy = tmp_path / "prices"
    shutil.copytree(project.root, copy)
    requirements = copy / "requirements.txt"
    requirements.write_text(re.sub(r"sha256:[0-9a-f]{64}", "sha256:" + "0" * 64, requirements.read_text()))
    with pytest.raises(BuildError) as failed:
        build(replace(project, root=copy), tag="nb2svc-test-other")
    assert "not the file that the lock was made of" in failed.value.message
