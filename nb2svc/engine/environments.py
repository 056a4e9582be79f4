"""An isolated environment for a project, made by uv from its lock and kept by the lock's digest."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ..errors import EngineError, EngineUnavailableError
from ..events import Progress
from ..values import Project
from .records import cache_folder

_LOG_LINES = 40


def environment_of(project: Project, index: Mapping[str, str], progress: Progress) -> Path:
    """The interpreter of an environment that holds exactly the project's lock.

    ``index`` is the environment that uv runs with, so that it finds the user's package index. Nothing is asked of
    the network where the environment is cached. Raises EngineError where it cannot be made.
    """
    python = find_python(project.python)
    folder = cache_folder("envs") / _key(project, python)
    interpreter = folder / "bin" / "python"
    if interpreter.exists():
        progress.step("taking the environment from the cache")
        return interpreter
    with _only_one(folder.with_suffix(".lock"), progress):
        if not interpreter.exists():  # it may have been made while this process waited
            _make(project, python, folder, index, progress)
    return interpreter


def find_python(minor: str) -> Path:
    """A CPython of that minor version (``3.11``): this interpreter, or one that uv finds. Raises EngineError."""
    if minor == f"{sys.version_info[0]}.{sys.version_info[1]}":
        # The environment must not hang on this one, which may be a virtual environment that goes.
        base = Path(sys.base_prefix, "bin", f"python{minor}")
        if base.is_file():
            return base.resolve()
        return Path(getattr(sys, "_base_executable", "") or sys.executable).resolve()
    command = [find_uv(), "python", "find", "--no-project", "--no-python-downloads", "--system", minor]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    found = [Path(run.stdout.strip())] if run.returncode == 0 else _pyenv(minor)
    if not found:
        raise EngineError(
            f"The project is locked for Python {minor}, and this machine has none.",
            hint=f"uv python install {minor}, or run it in a container: --engine docker",
        )
    return found[-1]


def _pyenv(minor: str) -> list[Path]:
    """The interpreters that pyenv has installed but not put on PATH, which uv does not look for."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    return sorted(root.glob(f"versions/{minor}.*/bin/python{minor}"), key=lambda path: (len(str(path)), str(path)))


def find_uv() -> str:
    """The path of uv's executable. Raises EngineUnavailableError."""
    try:
        from uv import find_uv_bin

        return str(find_uv_bin())
    except (ImportError, FileNotFoundError):
        found = shutil.which("uv")
    if not found:
        raise EngineUnavailableError("uv is not installed here.", hint="pip install uv")
    return found


def _key(project: Project, python: Path) -> str:
    """Digest of all that decides what the environment holds: lock, local wheels, interpreter."""
    digest = hashlib.sha256(f"{python}\n{python.stat().st_mtime_ns}\n".encode())
    for path in [project.root / "requirements.txt", *sorted(project.root.glob("wheels/*.whl"))]:
        digest.update(f"{path.name}\n".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:32]


def _make(project: Project, python: Path, folder: Path, index: Mapping[str, str], progress: Progress) -> None:
    """Build beside, then rename: an interrupted build leaves no environment that looks whole."""
    uv = find_uv()
    environment = {"PATH": os.environ.get("PATH", os.defpath), **index, "UV_NO_PROGRESS": "1", "NO_COLOR": "1"}
    environment["UV_PYTHON_DOWNLOADS"] = "never"
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".making-") as made:
        target = Path(made) / "env"
        progress.step(f"making an environment with Python {project.python}")
        make = [uv, "venv", "--no-project", "--relocatable", "--python", str(python), str(target)]
        _run(make, project, environment, progress)
        progress.step("installing the lock, hash-checked")
        install = [uv, "pip", "install", "--require-hashes", "--python", str(target / "bin" / "python")]
        _run([*install, "-r", "requirements.txt"], project, environment, progress)
        (target / "nb2svc.json").write_text(json.dumps({"project": project.name, "python": str(python)}) + "\n")
        target.rename(folder)


def _run(command: list[str], project: Project, environment: Mapping[str, str], progress: Progress) -> None:
    """Run uv in the project's folder, its lines as progress. Raises EngineError with the last of them."""
    lines: list[str] = []
    with subprocess.Popen(
        command, cwd=project.root, env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
    ) as run:  # fmt: skip
        try:
            for line in run.stdout or ():
                lines.append(line.rstrip())
                progress.log(line)
        except BaseException:
            run.terminate()
            raise
    if run.returncode:
        log = "\n".join(lines[-_LOG_LINES:])
        raise EngineError("The environment of the lock cannot be made.", hint=_likely_cause(log, project), log=log)


_CAUSES = {
    r"Hash mismatch": "The index gives other files than the lock was made of: export the notebook again.",
    r"(?i)certificate|UnknownIssuer": "Name your company's certificate authority: SSL_CERT_FILE=/path/to/ca.pem",
    r"(?i)\b40[13]\b|unauthorized|forbidden": "The package index wants credentials: put them in ~/.netrc or its URL.",
    r"(?i)dns error|failed to (fetch|lookup|connect)|timed out|unreachable|connection refused": (
        "The package index does not answer: check the network, the proxy and the index's address."
    ),
    r"(?i)no space left": "The disk is full: uv cache prune, or remove old folders of ~/.cache/nb2svc/envs.",
}


def _likely_cause(log: str, project: Project) -> str:
    for pattern, hint in _CAUSES.items():
        if re.search(pattern, log):
            return hint
    return (
        f"The lock is for {project.platform}: where that is not this machine, run it in a container (--engine docker)."
    )


@contextmanager
def _only_one(path: Path, progress: Progress) -> Iterator[None]:
    """Hold a lock file, so that two processes do not make the same environment at once."""
    import fcntl

    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress.step("waiting for another process that makes this environment")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
