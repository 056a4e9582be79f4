"""Models that are fetched when the service starts, by fsspec, into a cache; there a file is in a folder by its digest.

Nothing enters the cache under its digest that does not have it. Several processes of a machine fetch once. Credentials
and endpoints are those of fsspec's backends: ``AWS_ACCESS_KEY_ID``, ``AWS_ENDPOINT_URL``, an instance's role, …
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fsspec.callbacks import Callback
from fsspec.core import url_to_fs

from .digests import file_digest, folder_digest
from .errors import ArtifactError
from .manifest import ArtifactEntry, Manifest

logger = logging.getLogger(__name__)

_ATTEMPTS = 5
_PAUSE = 1.0  # seconds before the second attempt; before each further one twice as many
_CONNECT_SECONDS = 10.0
_SILENT_SECONDS = 60.0  # that a server may say nothing
_TELL_SECONDS = 5.0  # between two lines about the progress
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


def fetched(entry: ArtifactEntry, root: Path, cache: Path | None) -> Path:
    """The file or folder in the cache that has the entry's digest, fetched where it is not there yet.

    ``root`` is the project, ``cache`` the folder of ``SERVICE_CACHE``. Raises ArtifactError.
    """
    try:
        folder = _own_folder() if cache is None else cache
        target = folder / entry.sha256 / Path(entry.path).name  # formats are known by their suffix, too
        target.parent.mkdir(parents=True, exist_ok=True)
        with _alone(folder / f"{entry.sha256}.lock"):
            if not (target.exists() and _digest(target) == entry.sha256):
                _fetch(entry, _files(entry, root), target)
    except OSError as error:
        message = f"{entry.path} ({entry.why}) cannot be put into the cache: {error}"
        raise ArtifactError(message, hint="Set SERVICE_CACHE to a folder that has room for it.") from None
    return target


def _own_folder() -> Path:
    """Of this user alone: who could write to it could change a file after it was checked."""
    folder = Path(tempfile.gettempdir(), f"service-models-{os.getuid()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        message = f"{folder} can be written to by others"
        raise OSError(message)
    return folder


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One process at a time; the others find what it fetched."""
    import fcntl

    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            logger.info("Waiting for another process that fetches the same file.")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _files(entry: ArtifactEntry, root: Path) -> dict[str, str]:
    """The files of a folder by their path in it, each with its digest; none where the entry is a file."""
    inside = f"{entry.path}/"
    files = Manifest.load(root).files.items()
    return {path.removeprefix(inside): sha256 for path, sha256 in files if path.startswith(inside)}


def _fetch(entry: ArtifactEntry, files: dict[str, str], target: Path) -> None:
    """Fetch beside ``target``, check, rename. Raises ArtifactError, and OSError of the cache."""
    beside = target.with_name(f"{target.name}.part")
    _remove(beside)  # of a process that was killed
    logger.info("Fetching %s from %s (%s).", entry.path, entry.location, _megabytes(entry.size))
    begin = time.monotonic()
    try:
        progress = _Progress(entry)
        for path in files:
            (beside / path).parent.mkdir(parents=True, exist_ok=True)
            _fetch_file(f"{entry.location}/{path}", beside / path, progress)
        if not files:
            _fetch_file(entry.location, beside, progress)
        if (found := _digest(beside)) != entry.sha256:
            raise _other(entry, f"got      SHA-256 {found}")
        _remove(target)
        beside.rename(target)
    finally:
        _remove(beside)
    logger.info("Fetched %s in %.1f s.", entry.path, time.monotonic() - begin)


def _fetch_file(url: str, target: Path, progress: _Progress) -> None:
    """One file. What may pass is tried again. Raises ArtifactError."""
    entry, done = progress.entry, progress.value
    for attempt in range(1, _ATTEMPTS + 1):
        progress.value = done
        try:
            system, path = url_to_fs(url, **_options(url))
            system.get_file(path, str(target), callback=progress)
            progress.came(done + target.stat().st_size, url)
        except ArtifactError:
            raise
        except Exception as error:
            if isinstance(error, OSError) and error.errno in _NO_ROOM:
                raise
            said = f"{type(error).__name__}: {error}".rstrip(": ")
            if attempt == _ATTEMPTS or not _may_pass(error):
                message = f"{entry.path} ({entry.why}) cannot be fetched from {url}: {said}"
                raise ArtifactError(message, hint=_hint(entry, error)) from None
            pause = _PAUSE * 2 ** (attempt - 1)
            logger.warning("Fetching %s failed (%s). Attempt %d in %.0f s.", url, said, attempt + 1, pause)
            time.sleep(pause)
        else:
            return


def _options(url: str) -> dict[str, Any]:
    """What fsspec's backend of HTTP has to be told: it would give up after five minutes, however much has come."""
    if not url.startswith(("http://", "https://")):
        return {}
    from aiohttp import ClientTimeout

    timeout = ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS, sock_read=_SILENT_SECONDS)
    return {"client_kwargs": {"timeout": timeout, "trust_env": True}}  # proxies are those of the environment


def _may_pass(error: Exception) -> bool:
    """Whether another attempt may end otherwise: not where the server says that there is nothing, or not for us."""
    status = getattr(error, "status", None)
    refused = isinstance(status, int) and 400 <= status < 500 and status not in (408, 425, 429)  # noqa: PLR2004
    return not (refused or isinstance(error, FileNotFoundError | PermissionError | ImportError | ValueError))


def _hint(entry: ArtifactEntry, error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return f"Upload {entry.path} of the project to {entry.location}, as the project's README says."
    return (
        "Check the address, the network, and the credentials in this environment; "
        f"or put the file where SERVICE_MODELS says ({Path(entry.path).name} in that folder)."
    )


class _Progress(Callback):  # type: ignore[misc]  # fsspec has no types
    """Tells of the progress in the log, and ends what gives more than the artifact has."""

    def __init__(self, entry: ArtifactEntry) -> None:
        super().__init__()
        self.entry = entry
        self._told = time.monotonic()

    def came(self, size: int, url: str) -> None:
        """So many bytes are here, with those of ``url``, which has ended. Raises ConnectionError where it ended early:
        of the files of a folder only the sum is known.
        """
        self.absolute_update(size)
        if url == self.entry.location and size < self.entry.size:
            message = f"the connection ended after {size} of {self.entry.size} bytes"
            raise ConnectionError(message)

    def call(self, hook_name: str | None = None, **kwargs: Any) -> None:  # noqa: ARG002 - fsspec's signature
        if self.value > self.entry.size:
            raise _other(self.entry, f"it has more than {self.entry.size} bytes")
        if time.monotonic() - self._told >= _TELL_SECONDS:
            self._told = time.monotonic()
            whole = _megabytes(self.entry.size)
            logger.info("Fetched %s of %s of %s.", _megabytes(self.value), whole, self.entry.path)


def _other(entry: ArtifactEntry, found: str) -> ArtifactError:
    message = (
        f"{entry.location} is not {entry.path} ({entry.why}) as it was exported, and was not loaded.\n"
        f"  expected SHA-256 {entry.sha256}\n"
        f"  {found}"
    )
    hint = f"Upload {entry.path} of this very project there, or start the version of the service that it belongs to."
    return ArtifactError(message, hint=hint)


def _digest(path: Path) -> str:
    return folder_digest(path) if path.is_dir() else file_digest(path)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
