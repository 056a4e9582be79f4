"""Prometheus metrics of one app, in a registry of its own."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info
from prometheus_client.exposition import choose_encoder
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from .manifest import Manifest
from .sharing import shared_registry

_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "WEBSOCKET"})
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """Requests by endpoint (the path of its route, ``unmatched`` where there is none), method and status."""

    def __init__(self, manifest: Manifest) -> None:
        self.registry = CollectorRegistry()
        self.shown = shared_registry() or self.registry  # a worker shows what all workers have in theirs
        PlatformCollector(registry=self.shown)
        if self.shown is self.registry:
            ProcessCollector(registry=self.registry)
            GCCollector(registry=self.registry)
        labels = ("endpoint", "method")
        self._requests = Counter("http_requests", "Requests answered.", (*labels, "status"), registry=self.registry)
        self._duration = Histogram(
            "http_request_duration_seconds",
            "Seconds from the request to the last byte of its answer.",
            labels,
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.shed = Counter(
            "http_requests_shed",
            "Requests refused before the app worked on them, by reason: busy, headers, large, slow.",
            ("reason",),
            registry=self.registry,
        )
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}  # to find one by labels takes longer
        self.in_progress = Gauge(
            "http_requests_in_progress",
            "Requests being answered.",
            registry=self.registry,
            multiprocess_mode="livesum",
        )
        service = Info("service", "The service and the project it runs.", registry=self.shown)
        service.info({"name": manifest.name, "digest": manifest.digest, "nb2svc": manifest.nb2svc})

    def observe(self, endpoint: str, method: str, status: int, seconds: float) -> None:
        key = (endpoint, method if method in _METHODS else "other", status)
        requests, duration = self._children.get(key) or self._child(*key)
        requests.inc()
        duration.observe(seconds)

    def _child(self, endpoint: str, method: str, status: int) -> tuple[Counter, Histogram]:
        found = self._requests.labels(endpoint, method, str(status)), self._duration.labels(endpoint, method)
        self._children[endpoint, method, status] = found
        return found


def metrics_routes(metrics: Metrics) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    async def read(request: Request) -> Response:  # on the loop: all threads may be at work
        write, content_type = choose_encoder(request.headers.get("accept", ""))
        return Response(write(metrics.shown), headers={"Content-Type": content_type})

    router.get("/metrics")(read)
    return router
