"""The application: the notebook's routes are added to it, everything around them is here."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar, copy_context
from pathlib import Path
from typing import Any

import anyio
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.utils import is_body_allowed_for_status_code
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from . import tracing
from .access import WARMING, AccessMiddleware
from .auth import AuthMiddleware, Keys
from .capturing import Capture, CaptureMiddleware
from .coalescing import Coalesced, Coalescer, current
from .connections import ConnectionMiddleware
from .documents import add_examples, add_refusals, recorded
from .encoding import JSONAnswer, encode
from .health import PROBES, Lifecycle, health_routes
from .limits import LimitsMiddleware
from .manifest import Manifest, project_root
from .meters import ModelMeters
from .metrics import Metrics, metrics_routes
from .models import ModelRouter
from .refusals import answer
from .routes import DirectMiddleware, DirectRoute
from .settings import Settings
from .threads import handlers
from .warming import warm


def create_app(
    manifest: Manifest | None = None,
    *,
    on_startup: Sequence[Callable[[], Any]] = (),
    settings: Settings | None = None,
) -> FastAPI:
    """A new application, independent of any other in the process.

    ``manifest`` is by default that of the project in which this runtime lies. ``on_startup`` functions, sync or
    async, run in order before the first request, then a project's models answer an example; /readyz says no until
    that is done. ``app.state`` holds ``manifest``, ``settings``, ``lifecycle`` and ``metrics``. Raises ManifestError
    or SettingsError.
    """
    examples = project_root() / "examples" if manifest is None else None
    manifest = Manifest.load() if manifest is None else manifest
    settings = Settings.load() if settings is None else settings
    lifecycle = Lifecycle()
    metrics = Metrics(manifest)
    meters = ModelMeters(metrics.registry)
    capture = Capture.of(settings, manifest, metrics)

    variables: dict[ContextVar[Any], Any] = {}

    @asynccontextmanager
    async def lifespan(app: _Service) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = handlers.size = settings.threads
        before = copy_context()
        for start in on_startup:
            result = start()  # in the main thread, where the notebook ran it
            if inspect.isawaitable(result):
                await result
        variables.update({one: value for one, value in copy_context().items() if before.get(one, before) is not value})
        variables[current] = Coalescer(app.coalesced, meters, settings.threads)
        if examples is not None:
            await warm(app, manifest, examples)
        if capture:
            capture.begin()
        lifecycle.started()
        yield
        lifecycle.drain()
        if capture:
            capture.end()

    app = _Service(
        title=manifest.name,
        description=manifest.description,
        lifespan=lifespan,
        default_response_class=JSONAnswer,
        exception_handlers={HTTPException: _http_error, RequestValidationError: _bad_request},
        openapi_url="/openapi.json" if settings.docs == "on" else None,  # without it there are no pages of it, either
        **tracing.options(_is_untraced),
    )
    app.router.route_class = DirectRoute
    app.examples = examples
    app.state.manifest = manifest
    app.state.settings = settings
    app.state.lifecycle = lifecycle
    app.state.metrics = metrics
    app.add_middleware(DirectMiddleware)
    app.add_middleware(_InStartupContext, variables=variables)
    if capture:
        app.add_middleware(CaptureMiddleware, capture=capture)
    _protect(app, settings, metrics)
    app.include_router(health_routes(lifecycle, manifest.name))
    app.include_router(metrics_routes(metrics))
    return app


def _protect(app: FastAPI, settings: Settings, metrics: Metrics) -> None:
    """The layers from the inner to the outer one: what is refused costs little, and is logged all the same."""
    app.add_middleware(LimitsMiddleware, settings=settings, metrics=metrics)
    if settings.api_keys or settings.api_keys_file:
        app.add_middleware(AuthMiddleware, keys=Keys.of(settings), public=settings.public)
    app.add_middleware(AccessMiddleware, metrics=metrics)
    app.add_middleware(ConnectionMiddleware, settings=settings, metrics=metrics)
    if settings.cors_origins:  # outermost, so that browsers may read errors, too
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=["X-Request-ID", "Retry-After"],
        )


def _is_untraced(scope: Scope) -> bool:
    return scope.get("path") in PROBES or WARMING in scope


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
    """An application whose OpenAPI document shows the recorded examples, and whose models' calls become one."""

    examples: Path | None = None  # the folder that holds them

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.coalesced: list[Coalesced] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not tracing.is_traced():
            scope["fastapi.telemetry"] = None  # else newer FastAPIs look through the environment at each request
        await super().__call__(scope, receive, send)

    def include_router(self, router: APIRouter, **options: Any) -> None:
        if isinstance(router, ModelRouter) and router.coalesced:
            self.coalesced.append(router.coalesced)
        super().include_router(router, **options)

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = super().openapi()
            add_refusals(self.openapi_schema)
            add_examples(self.openapi_schema, recorded(self.examples) if self.examples else ())
        return self.openapi_schema


async def _http_error(request: Request, error: HTTPException) -> Response:
    if not is_body_allowed_for_status_code(error.status_code):
        return Response(status_code=error.status_code, headers=error.headers)
    return answer(error, request.scope["path"])


async def _bad_request(request: Request, error: RequestValidationError) -> Response:  # noqa: ARG001
    """422 as FastAPI gives it; of a body that is no text, without the body."""
    try:
        return JSONAnswer({"detail": encode(error.errors())}, 422)
    except (TypeError, ValueError):
        problems = [{key: each[key] for key in ("type", "loc", "msg")} for each in error.errors()]
        return JSONAnswer({"detail": encode(problems)}, 422)
