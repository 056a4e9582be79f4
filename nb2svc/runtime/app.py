"""The application: the notebook's routes are added to it, everything around them is here."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar, copy_context
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.utils import is_body_allowed_for_status_code
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from .access import AccessMiddleware
from .documents import add_examples, recorded
from .encoding import JSONAnswer, encode
from .health import Lifecycle, health_routes
from .manifest import Manifest, project_root
from .metrics import Metrics, metrics_routes
from .settings import Settings


def create_app(
    manifest: Manifest | None = None,
    *,
    on_startup: Sequence[Callable[[], Any]] = (),
    settings: Settings | None = None,
) -> FastAPI:
    """A new application, independent of any other in the process.

    ``manifest`` is by default that of the project in which this runtime lies. ``on_startup`` functions, sync or
    async, run in order before the first request; /readyz says no until they are done. ``app.state`` holds
    ``manifest``, ``settings``, ``lifecycle`` and ``metrics``. Raises ManifestError or SettingsError.
    """
    examples = project_root() / "examples" if manifest is None else None
    manifest = Manifest.load() if manifest is None else manifest
    lifecycle = Lifecycle()
    metrics = Metrics(manifest)

    variables: dict[ContextVar[Any], Any] = {}

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:  # noqa: ARG001
        before = copy_context()
        for start in on_startup:
            result = start()  # in the main thread, where the notebook ran it
            if inspect.isawaitable(result):
                await result
        variables.update({one: value for one, value in copy_context().items() if before.get(one, before) is not value})
        lifecycle.started()
        yield
        lifecycle.drain()

    app = _Service(
        title=manifest.name,
        description=manifest.description,
        lifespan=lifespan,
        default_response_class=JSONAnswer,
        exception_handlers={HTTPException: _http_error, RequestValidationError: _bad_request},
    )
    app.examples = examples
    app.state.manifest = manifest
    app.state.settings = Settings.load() if settings is None else settings
    app.state.lifecycle = lifecycle
    app.state.metrics = metrics
    app.add_middleware(_InStartupContext, variables=variables)
    app.add_middleware(AccessMiddleware, metrics=metrics)
    app.include_router(health_routes(lifecycle, manifest.name))
    app.include_router(metrics_routes(metrics))
    return app


class _InStartupContext:
    """Gives each request the context variables that the startup functions set, such as NumPy's print options."""

    def __init__(self, app: ASGIApp, variables: dict[ContextVar[Any], Any]) -> None:
        self.app = app
        self.variables = variables

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        for variable, value in self.variables.items():
            variable.set(value)
        await self.app(scope, receive, send)


class _Service(FastAPI):
    """An application whose OpenAPI document shows the recorded examples."""

    examples: Path | None = None  # the folder that holds them

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = super().openapi()
            add_examples(self.openapi_schema, recorded(self.examples) if self.examples else ())
        return self.openapi_schema


async def _http_error(request: Request, error: HTTPException) -> Response:  # noqa: ARG001
    if not is_body_allowed_for_status_code(error.status_code):
        return Response(status_code=error.status_code, headers=error.headers)
    return JSONAnswer({"detail": encode(error.detail)}, error.status_code, headers=error.headers)


async def _bad_request(request: Request, error: RequestValidationError) -> Response:  # noqa: ARG001
    """422 as FastAPI gives it; of a body that is no text, without the body."""
    try:
        return JSONAnswer({"detail": encode(error.errors())}, 422)
    except (TypeError, ValueError):
        problems = [{key: each[key] for key in ("type", "loc", "msg")} for each in error.errors()]
        return JSONAnswer({"detail": encode(problems)}, 422)
