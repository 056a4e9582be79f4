"""The sources of small services, and examples of them."""

from __future__ import annotations

from typing import Any

from nb2svc.values import Example

HEALTH = """
from fastapi import FastAPI, Response
from prometheus_client import CollectorRegistry, Counter, generate_latest

app = FastAPI(title="tiny", version="1")
registry = CollectorRegistry()
asked = Counter("asked", "Requests.", registry=registry)

@app.get("/livez", include_in_schema=False)
@app.get("/readyz", include_in_schema=False)
def health() -> dict[str, str]:
    return {"status": "ok"}

@app.get("/metrics", include_in_schema=False)
def metrics() -> Response:
    return Response(generate_latest(registry), media_type="text/plain; version=0.0.4; charset=utf-8")
"""

DOUBLE = (
    HEALTH
    + """
@app.post("/double")
def double(x: float) -> dict[str, float]:
    return {"y": 2 * x}
"""
)


def example(
    path: str = "/double?x=1.5",
    answer: Any = None,
    *,
    name: str = "double-1",
    method: str = "POST",
    response: dict[str, Any] | None = None,
    **request: Any,
) -> Example:
    recorded = {"status": 200, "content_type": "application/json", "json": {"y": 3.0} if answer is None else answer}
    return Example(
        name=name,
        endpoint=name.rpartition("-")[0],
        request={"method": method, "path": path, **request},
        response=recorded if response is None else response,
    )
