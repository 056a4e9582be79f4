"""A virtual environment for each server, made by uv and kept by the digest of what is in it."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from nb2svc.engine.environments import find_python, find_uv

# What computes the answers: every server has it in the versions of the notebooks' locks.
MODEL_STACK = ("joblib", "numpy", "pandas", "scikit-learn", "scipy", "threadpoolctl")
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
_REASON_LINES = 6


class UnavailableError(Exception):
    """A server cannot be had on this machine; the message says why."""


def pins(requirements: str) -> dict[str, str]:
    """The exact versions of a requirements file, by name."""
    return dict(_PIN.findall(requirements))


def stack_of(locks: Sequence[Path]) -> dict[str, str]:
    """The versions of the model stack in this process, which the notebooks' locks must have too.

    Raises ValueError where a lock has another.
    """
    found = {name: metadata.version(name) for name in MODEL_STACK}
    for lock in locks:
        for name, version in pins(lock.read_text(encoding="utf-8")).items():
            if found.get(name, version) != version:
                raise ValueError(f"{lock} has {name} {version}, this environment {found[name]}")
    return found


def peer_environment(requirements: Path, stack: dict[str, str], folder: Path) -> Path:
    """The ``bin`` folder of an environment with a peer's pinned versions and the model stack of the notebooks.

    Raises UnavailableError where it cannot be installed here.
    """
    lines = [f"{name}=={version}" for name, version in sorted(stack.items())]
    text = requirements.read_text(encoding="utf-8") + "\n".join(lines) + "\n"
    return _environment(requirements.parent.name, text, folder, ())


def service_environment(project: Path, folder: Path) -> Path:
    """The ``bin`` folder of an environment with an exported project's lock, hash-checked, as its image has it.

    Raises UnavailableError where it cannot be installed here.
    """
    lock = (project / "requirements.txt").read_text(encoding="utf-8")
    return _environment(f"nb2svc-{project.name}", lock, folder, ("--require-hashes",))


def _environment(name: str, requirements: str, folder: Path, options: Sequence[str]) -> Path:
    python = find_python(f"{sys.version_info[0]}.{sys.version_info[1]}")
    digest = hashlib.sha256(f"{python}\n{requirements}".encode()).hexdigest()[:12]
    target = folder / f"{name}-{digest}"
    if not (target / "whole").exists():
        shutil.rmtree(target, ignore_errors=True)  # what an interrupted run left
        folder.mkdir(parents=True, exist_ok=True)
        _uv(name, "venv", "--no-project", "--python", str(python), str(target))
        wanted = target / "requirements.txt"
        wanted.write_text(requirements, encoding="utf-8")
        # Byte-compiled, as an image has it: else the first start of each would compile the libraries.
        install = ("pip", "install", "--compile-bytecode", "--python", str(target / "bin" / "python"))
        _uv(name, *install, *options, "-r", str(wanted))
        (target / "whole").touch()
    return target / "bin"


def _uv(name: str, *words: str) -> None:
    done = subprocess.run([find_uv(), "--quiet", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        last = " ".join(done.stderr.split("\n")[-_REASON_LINES:]).strip()
        raise UnavailableError(f"{name} cannot be installed: {last or 'uv said nothing'}")
