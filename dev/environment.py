"""Make a virtual environment with everything that developing nb2svc takes: ``python dev/environment.py FOLDER``.

Installed by uv from requirements-dev.txt, hash-checked and byte-compiled once, so that each of the many processes
that the tests start does not compile the libraries again. Only the standard library is used here.
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements-dev.txt"


def locked(name: str) -> str:
    """One distribution of the lock with its hashes, as a requirements file."""
    lines = REQUIREMENTS.read_text().splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"{name}=="))
    end = next((number for number in range(start + 1, len(lines)) if not lines[number].startswith(" ")), len(lines))
    return "\n".join(lines[start:end]) + "\n"


def make(folder: Path) -> None:
    """Create ``folder`` and fill it. Raises ``subprocess.CalledProcessError`` where a step fails."""
    try:
        venv.create(folder, with_pip=True, clear=True)
    except subprocess.CalledProcessError:
        sys.exit("This Python cannot make virtual environments; on Debian and Ubuntu: apt install python3-venv")
    python = folder / "bin" / "python"
    bootstrap = folder / "uv.txt"
    bootstrap.write_text(locked("uv"))
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--require-hashes", "--no-deps", "-r", str(bootstrap)], check=True)
    install = [str(folder / "bin" / "uv"), "pip", "install", "--quiet", "--python", str(python), "--compile-bytecode"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run([*install, "--require-hashes", "-r", str(REQUIREMENTS)], check=True, env=environment)
    subprocess.run(
        [*install, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)], check=True, env=environment
    )


if __name__ == "__main__":
    if len(sys.argv) != 2:  # noqa: PLR2004
        sys.exit(__doc__)
    make(Path(sys.argv[1]).resolve())
