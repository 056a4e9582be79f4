"""Metrics of all workers, whichever of them is asked.

Each worker writes its own files in the folder that their supervisor has made, named by the worker's number: the one
that takes the place of a dead one goes on counting in the same files. There, too, ``<number>.pid`` is a link that names
the process.
"""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import prometheus_client.values
from prometheus_client import CollectorRegistry, Metric, ProcessCollector
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from .links import METRICS

_folder: Path | None = None  # in a worker


def share(number: int) -> None:
    """Make all metrics that this process creates from now on those of the worker with this number."""
    global _folder  # noqa: PLW0603 - a process is a worker or not
    _folder = Path(os.environ[METRICS])
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_folder)
    prometheus_client.values.ValueClass = prometheus_client.values.MultiProcessValue(lambda: number)  # type: ignore[no-untyped-call]


def shared_registry() -> CollectorRegistry | None:
    """What all workers have counted, and what the system says of their processes; None in a process that is alone."""
    if _folder is None:
        return None
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    registry.register(WorkerProcesses(_folder))
    return registry


class WorkerProcesses(Collector):
    """``process_cpu_seconds_total``, ``process_resident_memory_bytes`` and the like, by worker."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterable[Metric]:
        found: dict[str, Metric] = {}
        for number, process in sorted(self._processes()):
            for each in ProcessCollector(registry=None, pid=functools.partial(str, process)).collect():
                metric = found.setdefault(each.name, Metric(each.name, each.documentation, each.type))
                for sample in each.samples:
                    metric.add_sample(sample.name, {"worker": number}, sample.value)
        return found.values()

    def _processes(self) -> Iterator[tuple[str, str]]:
        for link in self._folder.glob("*.pid"):
            with contextlib.suppress(FileNotFoundError):  # it has just ended
                yield link.stem, str(link.readlink())
