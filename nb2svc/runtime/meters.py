"""Prometheus metrics of the models: how many rows a call has, how long callers wait for it, how long it takes."""

from __future__ import annotations

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Histogram

_ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_LABELS = ("model", "method")


class ModelMeters:
    """By model (its public name) and method."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._rows = Histogram(
            "model_batch_rows", "Rows of a call of a model.", _LABELS, buckets=_ROWS, registry=registry
        )
        self._waits = Histogram(
            "model_queue_seconds",
            "Seconds that a request waits for its call to begin.",
            _LABELS,
            buckets=_SECONDS,
            registry=registry,
        )
        self._seconds = Histogram(
            "model_call_seconds", "Seconds of a call of a model.", _LABELS, buckets=_SECONDS, registry=registry
        )
        self._errors = Counter("model_errors", "Calls of a model that failed.", _LABELS, registry=registry)

    def of(self, model: str, method: str) -> Meter:
        labels = (model, method)
        return Meter(
            self._rows.labels(*labels),
            self._waits.labels(*labels),
            self._seconds.labels(*labels),
            self._errors.labels(*labels),
        )


class Meter:
    """What happens to one method."""

    def __init__(self, rows: Histogram, waits: Histogram, seconds: Histogram, errors: Counter) -> None:
        self._rows = rows
        self._waits = waits
        self._seconds = seconds
        self._errors = errors

    def started(self, rows: int, waits: Sequence[float]) -> None:
        """A call begins, for which its callers waited so many seconds each."""
        self._rows.observe(rows)
        for seconds in waits:
            self._waits.observe(seconds)

    def ended(self, seconds: float, *, failed: bool) -> None:
        self._seconds.observe(seconds)
        if failed:
            self._errors.inc()
