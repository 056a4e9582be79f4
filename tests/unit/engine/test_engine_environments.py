"""Environments made from a lock by uv, and kept."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from nb2svc.engine import environments
from nb2svc.engine.environments import environment_of, find_python, find_uv
from nb2svc.errors import EngineError
from nb2svc.events import LogLine, Progress, Step

pytestmark = pytest.mark.once  # what uv makes


@pytest.fixture
def said():
    return []


@pytest.fixture
def progress(said):
    return Progress("run", said.append)


def steps(said):
    return [event.text for event in said if isinstance(event, Step)]


def test_a_wheel_of_the_project_is_installed_by_its_hash(project, progress, wheel):
    locked(project, wheel)
    python = environment_of(project, os.environ, progress)
    ran = subprocess.run(
        [python, "-c", "import tinywheel; print(tinywheel.ANSWER)"], capture_output=True, text=True, check=True
    )
    assert ran.stdout == "42\n"


def test_the_second_time_nothing_is_run(project, progress, said, monkeypatch):
    first = environment_of(project, os.environ, progress)
    monkeypatch.setattr(environments, "_run", lambda *_: pytest.fail("uv was run"))
    assert environment_of(project, {}, progress) == first
    assert steps(said)[-1] == "taking the environment from the cache"


def test_another_lock_is_another_environment(project, progress):
    first = environment_of(project, os.environ, progress)
    (project.root / "requirements.txt").write_text("# changed\n")
    assert environment_of(project, os.environ, progress) != first


def test_a_wrong_hash_is_refused_and_leaves_nothing(project, progress, said, wheel):
    locked(project, wheel, digest="0" * 64)
    with pytest.raises(EngineError) as failed:
        environment_of(project, os.environ, progress)
    assert "other files than the lock" in failed.value.hint
    assert "Hash mismatch" in failed.value.log
    assert any(isinstance(event, LogLine) for event in said)
    folders = [path for path in Path(os.environ["XDG_CACHE_HOME"], "nb2svc", "envs").iterdir() if path.is_dir()]
    assert folders == []


def test_two_at_once_make_one(project, said):
    made, runs = [], []
    original = environments._run

    def counting(command, *arguments):
        runs.append(command[1])
        original(command, *arguments)

    def make():
        made.append(environment_of(project, os.environ, Progress("run", said.append)))

    environments._run, threads = counting, [threading.Thread(target=make) for _ in range(3)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        environments._run = original
    assert len(made) == 3
    assert len(set(made)) == 1
    assert runs == ["venv", "pip"]


def test_this_interpreter_is_taken_without_its_virtual_environment():
    found = find_python(f"{sys.version_info[0]}.{sys.version_info[1]}")
    ran = subprocess.run(
        [found, "-c", "import sys; print(sys.prefix == sys.base_prefix)"], capture_output=True, text=True, check=True
    )
    assert ran.stdout == "True\n"


def test_an_interpreter_that_pyenv_has_is_found(tmp_path, monkeypatch):
    python = tmp_path / "versions/3.4.10/bin/python3.4"
    python.parent.mkdir(parents=True)
    python.touch()
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert find_python("3.4") == python


def test_a_python_that_the_machine_lacks(project, progress, monkeypatch, tmp_path):
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    with pytest.raises(EngineError, match=r"locked for Python 3\.4, and this machine has none") as failed:
        environment_of(replace(project, python="3.4"), os.environ, progress)
    assert "uv python install 3.4" in failed.value.hint


@pytest.mark.parametrize(
    ("log", "hint"),
    [
        ("error: Failed to fetch: `https://index.example/simple/six/`\n  Caused by: dns error", "does not answer"),
        ("invalid peer certificate: UnknownIssuer", "SSL_CERT_FILE"),
        ("HTTP status client error (401 Unauthorized)", "credentials"),
        ("No space left on device (os error 28)", "disk is full"),
        ("something new", "The lock is for linux/amd64"),
    ],
)
def test_the_likely_cause(project, log, hint):
    assert hint in environments._likely_cause(log, project)


def locked(project, wheel, digest=None):
    import hashlib

    folder = project.root / "wheels"
    folder.mkdir()
    (folder / wheel.name).write_bytes(wheel.read_bytes())
    digest = digest or hashlib.sha256(wheel.read_bytes()).hexdigest()
    text = f"--find-links wheels\ntinywheel==1.0 \\\n    --hash=sha256:{digest}\n"
    (project.root / "requirements.txt").write_text(text)


@pytest.fixture
def wheel(tmp_path):
    """A wheel of one module, written by hand."""
    import zipfile

    path = tmp_path / "tinywheel-1.0-py3-none-any.whl"
    files = {
        "tinywheel.py": "ANSWER = 42\n",
        "tinywheel-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: tinywheel\nVersion: 1.0\n",
        "tinywheel-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in [*files, "tinywheel-1.0.dist-info/RECORD"])
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in {**files, "tinywheel-1.0.dist-info/RECORD": record}.items():
            archive.writestr(name, text)
    return path


def test_uv_is_there():
    assert subprocess.run([find_uv(), "--version"], capture_output=True, check=True).stdout.startswith(b"uv ")
