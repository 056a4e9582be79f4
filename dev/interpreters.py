"""The unit, kernel and property tiers on every other supported Python of this machine: ``python dev/interpreters.py``.

But for the tests that are marked ``once``, as no interpreter changes what they look at: what other programs answer
(uv, Docker, indexes), files, pages and figures, how work grows, and all but one of the tests of each kind of process.
What an interpreter does change runs on each: its syntax trees, bytecode and pickles, typing, asyncio, imports and the
command line; a service that is started, asked and stopped, and workers that are reloaded. ``--all`` runs the others,
too.
Interpreters are looked for on PATH and where pyenv and uv keep theirs. With ``NB2SVC_REQUIRE=interpreters`` it is an
error to find none.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from environment import REQUIREMENTS, ROOT

SUPPORTED = ("3.10", "3.11", "3.12", "3.13")
TIERS = ("tests/unit", "tests/kernel", "tests/property")


def candidates(version: str) -> Iterator[Path]:
    """Where a Python of that minor version may be, the most wanted first."""
    name = f"python{version}"
    folders = [Path(entry) for entry in os.environ.get("PATH", "").split(os.pathsep) if entry]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    managed = Path(os.environ.get("UV_PYTHON_INSTALL_DIR", Path.home() / ".local" / "share" / "uv" / "python"))
    folders += sorted(pyenv.glob(f"{version}.*/bin"), key=_natural, reverse=True)
    folders += sorted(managed.glob(f"cpython-{version}.*/bin"), key=_natural, reverse=True)
    yield from (folder / name for folder in folders if (folder / name).is_file())


def _natural(path: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", str(path))]


def works(python: Path, version: str) -> bool:
    """Whether it runs, is of that version, and can make a virtual environment (a shim or Debian's may not)."""
    test = "import ensurepip, ssl, sqlite3, sys; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([python, "-c", test], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and done.stdout.strip() == version


def environment_of(python: Path, version: str) -> Path:
    """Its virtual environment, made where it is missing or older than the lock."""
    folder = ROOT / f".venv-{version}"
    ready = folder / "ready"
    if not ready.exists() or ready.stat().st_mtime < REQUIREMENTS.stat().st_mtime:
        script = Path(__file__).with_name("environment.py")
        subprocess.run([python, script, folder], check=True)
        ready.touch()
    return folder


def main() -> int:
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    others = [version for version in SUPPORTED if version != own]
    found = {version: python for version in others for python in candidates(version) if works(python, version)}
    for version in others:
        if version not in found:
            print(f"Python {version}: not on this machine, so its tests do not run", flush=True)
    if not found and "interpreters" in os.environ.get("NB2SVC_REQUIRE", "").split(","):
        print("NB2SVC_REQUIRE asks for other interpreters, and there is none", flush=True)
        return 1
    failed = []
    for version, python in found.items():
        print(f"Python {version}: {python}", flush=True)
        folder = environment_of(python, version)
        command = [folder / "bin" / "python", "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider"]
        command += [*(() if "--all" in sys.argv[1:] else ("-m", "not once")), *TIERS]
        if subprocess.run(command, cwd=ROOT, check=False).returncode:
            failed.append(version)
    if failed:
        print(f"failed on Python {', '.join(failed)}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
