"""Whether the service lives, and whether it wants requests."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Response

from .encoding import JSONAnswer

Phase = Literal["starting", "ready", "draining"]

#: What orchestrators ask; never refused, and no line of the log at its usual level.
HEALTH = frozenset({"/livez", "/readyz", "/v2/health/live", "/v2/health/ready"})
PROBES = HEALTH | {"/metrics"}


class Lifecycle:
    """The phase of one app: starting until its startup functions are done and its models are warm, draining from
    SIGTERM on. A worker waits for the others besides, until it may go.
    """

    def __init__(self) -> None:
        self.phase: Phase = "starting"
        self._waits = False

    def wait(self) -> None:
        self._waits = True

    def go(self) -> None:
        self._waits = False
        self.started()

    def started(self) -> None:
        if self.phase == "starting" and not self._waits:
            self.phase = "ready"

    def drain(self) -> None:
        self.phase = "draining"


def health_routes(lifecycle: Lifecycle, name: str) -> APIRouter:
    """``/livez`` and ``/readyz``, and what the Open Inference Protocol asks of a server."""
    router = APIRouter(include_in_schema=False)

    async def livez() -> Response:
        return JSONAnswer({"status": "ok"})

    async def readyz() -> Response:
        return JSONAnswer({"status": lifecycle.phase}, 200 if lifecycle.phase == "ready" else 503)

    async def live() -> Response:
        return JSONAnswer({"live": True})

    async def ready() -> Response:
        is_ready = lifecycle.phase == "ready"
        return JSONAnswer({"ready": is_ready}, 200 if is_ready else 503)

    async def metadata() -> Response:
        return JSONAnswer({"name": name, "version": "", "extensions": ["binary_tensor_data"]})

    router.get("/livez")(livez)
    router.get("/readyz")(readyz)
    router.get("/v2/health/live")(live)
    router.get("/v2/health/ready")(ready)
    router.get("/v2")(metadata)
    return router
