"""The cache folder, and in it one small file for each service that runs as a process of this machine.

So ``nb2svc stop`` finds what another ``nb2svc run`` has started.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from ..values import RunningService, from_json, to_json


def cache_folder(*parts: str) -> Path:
    """A folder of nb2svc's cache, ``$XDG_CACHE_HOME/nb2svc/…``, made where it is missing; for its owner only."""
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = root.joinpath("nb2svc", *parts)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A service with what tells its process from a later one of the same number."""

    service: RunningService
    process: int
    created: float  # of the process, seconds since the epoch


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Hold this while a service gets its name and its record: two that start at once must not get the same."""
    import fcntl

    with (cache_folder("services") / "lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def save(record: Record) -> None:
    """Write a record, whole or not at all."""
    folder = cache_folder("services")
    with tempfile.NamedTemporaryFile("w", dir=folder, suffix=".part", delete=False, encoding="utf-8") as file:
        file.write(to_json(record))
    Path(file.name).replace(_path(record.service.name))


def load(name: str) -> Record | None:
    """The record of that service; None where none of that name was started."""
    try:
        return from_json(Record, _path(name).read_bytes())
    except (OSError, ValueError):  # never written, or by another version
        return None


def load_all() -> list[Record]:
    """All records whose process still runs, the oldest first; those of dead processes are forgotten."""
    found = []
    for path in cache_folder("services").glob("*.json"):
        record = load(path.stem)
        if record and process_of(record):
            found.append(record)
        else:
            path.unlink(missing_ok=True)
    return sorted(found, key=lambda record: record.service.started)


def forget(name: str) -> None:
    _path(name).unlink(missing_ok=True)


def process_of(record: Record) -> psutil.Process | None:
    """The running process of a record; None where it has ended, whatever has its number now."""
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(record.process)
        same = abs(process.create_time() - record.created) < 1.0
        if same and process.status() != psutil.STATUS_ZOMBIE:
            return process
    return None


def _path(name: str) -> Path:
    return cache_folder("services") / f"{name}.json"
