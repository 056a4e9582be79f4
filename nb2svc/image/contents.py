"""Files out of an image, without running it."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import EngineError
from .client import first_client, run

PROJECT_FOLDER = "/app"
MAX_BYTES = 256 << 20  # of what is read out of an image: examples and documents, never models


def extract(reference: str, paths: tuple[str, ...], target: Path) -> None:
    """Copy files and folders of the project inside an image to ``target``; what the image lacks is left out.

    Raises ``EngineError`` where the engine does not answer.
    """
    with _created(reference) as container:
        for path in paths:
            done = subprocess.run(
                [first_client(), "cp", f"{container}:{PROJECT_FOLDER}/{path}", "-"], capture_output=True, check=False
            )
            if done.returncode == 0:
                _unpack(done.stdout, target, reference)


def _unpack(archive: bytes, target: Path, reference: str) -> None:
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        if sum(member.size for member in files) > MAX_BYTES:
            raise EngineError(f"{reference} holds too much to be a project's examples.", hint="nb2svc test DIR")
        for member in files:
            place = (target / member.name).resolve()
            if member.isfile() and place.is_relative_to(target.resolve()):
                place.parent.mkdir(parents=True, exist_ok=True)
                content = files.extractfile(member)
                place.write_bytes(content.read() if content else b"")


@contextmanager
def _created(reference: str) -> Iterator[str]:
    """A container that never starts, for its files."""
    container = run("create", "--network", "none", reference).strip()
    try:
        yield container
    finally:
        run("rm", "--force", "--volumes", container)
