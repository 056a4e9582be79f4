"""What doctor finds on machines that lack one thing or another."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from nb2svc.engine import doctor
from nb2svc.engine.doctor import Finding

pytestmark = pytest.mark.once  # what a machine has


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """A machine without Docker, Podman, settings and logins."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.delenv("DOCKER_CONFIG", raising=False)
    (tmp_path / "bin").mkdir()
    return tmp_path


def found() -> dict[str, Finding]:
    return {finding.name: finding for finding in doctor()}


def test_everything_that_is_missing_comes_with_a_next_step(bare):
    findings = found()
    missing = {name for name, finding in findings.items() if finding.state == "missing"}
    assert {"docker client", "docker engine", "podman", "registries"} <= missing
    assert all(finding.hint for finding in findings.values() if finding.state != "ok")
    assert findings["uv"].state == "ok"
    assert findings[f"python {sys.version_info[0]}.{sys.version_info[1]}"].state == "ok"


def test_a_client_that_cannot_build_is_told_from_one_that_can(bare):
    for folder, version in (("bin", "28.2.2"), ("bin2", "20.10.24")):
        script = bare / folder / "docker"
        script.parent.mkdir(exist_ok=True)
        script.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo "Docker version {version}, build x"\n')
        script.chmod(0o755)
    os.environ["PATH"] = f"{bare}/bin:{bare}/bin2"
    clients = [finding for finding in doctor() if finding.name == "docker client"]
    assert [(client.state, client.detail.partition(": ")[2]) for client in clients] == [
        ("warn", "28.2.2, no BuildKit"),
        ("ok", "20.10.24, BuildKit built in"),
    ]
    assert not clients[0].hint  # nothing to do: the other builds
    os.environ["PATH"] = f"{bare}/bin"
    (only,) = [finding for finding in doctor() if finding.name == "docker client"]
    assert "docker-buildx-plugin" in only.hint


def test_settings_are_named_but_never_shown(bare, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "https://me:secret@index.example/simple")
    monkeypatch.setenv("SSL_CERT_FILE", str(bare / "none.pem"))
    findings = found()
    assert "PIP_INDEX_URL" in findings["package index"].detail
    assert "secret" not in repr(findings)
    assert findings["certificates"].state == "warn"


def test_logins_are_listed_by_registry(bare):
    (bare / ".docker").mkdir()
    (bare / ".docker/config.json").write_text('{"auths": {"registry.example": {"auth": "bWU6c2VjcmV0"}}}')
    registries = found()["registries"]
    assert (registries.state, registries.detail) == ("ok", "logged in to registry.example")


def test_a_broken_login_file_is_told(bare):
    (bare / ".docker").mkdir()
    (bare / ".docker/config.json").write_text("{")
    assert found()["registries"].state == "warn"


def test_loading_the_extension_does_not_load_the_engine():
    code = "import sys, nb2svc; print([name for name in sys.modules if name.partition('.')[0] in {'docker', 'psutil'}])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
