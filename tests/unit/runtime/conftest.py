from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from nb2svc.runtime import Manifest, Settings, create_app, endpoint

Call = Callable[..., httpx.Response]


@pytest.fixture
def app() -> FastAPI:
    return create_app(Manifest(name="iris"), settings=Settings())


@pytest.fixture
def call(app: FastAPI) -> Call:
    """Send one request to ``app``, or to the app given as ``to``; errors of handlers are raised."""

    def send(method: str, path: str, *, to: FastAPI = app, raising: bool = True, **options: Any) -> httpx.Response:
        async def exchange() -> httpx.Response:
            transport = httpx.ASGITransport(to, raise_app_exceptions=raising)
            async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
                return await client.request(method, path, **options)

        return asyncio.run(exchange())

    return send


@pytest.fixture
def ask(app: FastAPI, call: Call) -> Call:
    """Serve one handler at /it and send it one request."""

    def send(handler: Callable[..., Any], method: str = "POST", query: str = "", **options: Any) -> httpx.Response:
        kept = {name: options.pop(name) for name in ("body", "spread", "timeout", "batch") if name in options}
        status = options.pop("status", None)
        app.add_api_route("/it", endpoint(handler, **kept), methods=[method], status_code=status)
        return call(method, f"/it{query}", **options)

    return send
