"""``python -m service``: serve the application until SIGTERM, then finish what was begun."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import importlib
import json
import logging
import os
import signal
import socket
import sys
import urllib.request
from collections.abc import Coroutine, Sequence
from types import FrameType
from typing import TYPE_CHECKING, Any

from . import settings as settings_module
from .accepting import BindError, bound
from .errors import ServiceError, SettingsError
from .handover import adopted_worker
from .links import Link
from .settings import Settings
from .workers import supervise

if TYPE_CHECKING:
    from fastapi import FastAPI

logger = logging.getLogger(__name__)


def main(target: str = "service.main:app", arguments: Sequence[str] | None = None) -> int:
    """Serve ``target`` (``module:attribute``), or print the help, or check the health. Returns the exit code.

    0 after SIGTERM, 130 after Ctrl-C, 1 where the app cannot be loaded or handlers outlive the grace, 3 where it
    cannot start (a taken port, a failing startup function).
    """
    options = _parser().parse_args(arguments)
    try:
        settings = Settings.load()
        if options.health:
            return _check_health(settings)
        return _run(target, settings)
    except ServiceError as error:
        logger.error("%s", error, exc_info=error.__cause__)  # noqa: TRY400 - the cause is of use, our own frames are not
        if not logging.getLogger().handlers:
            print(error, file=sys.stderr)
        return 3 if isinstance(error, BindError) else 1


def _run(target: str, settings: Settings) -> int:
    """As the only process, as a worker, or as the supervisor of workers."""
    from .logs import configure

    link, adopted = Link.inherited(), adopted_worker()
    configure(settings, link.number if link else None)
    signal.signal(signal.SIGTERM, _end_while_loading)
    listening = bound(settings)
    if adopted or (settings.workers > 1 and not link):
        return supervise(settings, listening, adopted)
    if link:
        from .sharing import share

        link.watch()
        share(link.number)
    return serve(_load(target, settings), settings, listening, link)


def serve(app: FastAPI, settings: Settings, listening: socket.socket | None = None, link: Link | None = None) -> int:
    """Run one app in this process until it is told to stop. Returns the exit code. Raises BindError."""
    import uvicorn

    from .access import without_answered_errors
    from .serving import Server
    from .threads import handlers

    config = uvicorn.Config(
        without_answered_errors(app),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,  # the app writes its own
        lifespan="on",
        server_header=False,
        timeout_graceful_shutdown=settings.grace_seconds,
        http=_protocol(settings),
        ws_max_size=settings.max_body,
        h11_max_incomplete_event_size=settings.max_header_bytes,  # else headers that never end were kept in memory
    )

    server = Server(config, app.state.lifecycle, settings, listening or bound(settings), link)
    with contextlib.suppress(SystemExit):  # uvicorn's when it cannot start; in some versions it just returns
        _on_a_loop(server.serve(sockets=[]))
    handlers.finish()  # those whose clients went away are not cut short, either
    return server.end() if server.started else 3


def _protocol(settings: Settings) -> type[asyncio.Protocol] | str:
    """What parses HTTP: C where there is httptools."""
    try:
        from .protocol import bounded
    except ImportError:
        return "h11"
    return bounded(settings)


def _on_a_loop(serving: Coroutine[Any, Any, None]) -> None:
    """That of uvloop where there is one."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(serving)
    else:
        uvloop.run(serving)


def _end_while_loading(sig: int, frame: FrameType | None) -> None:  # noqa: ARG001
    raise SystemExit(0)  # the first process of a container would ignore the signal


def _load(target: str, settings: Settings) -> FastAPI:
    from . import ahead
    from .imports import listed_once
    from .manifest import Manifest
    from .tracing import trace

    ahead.begin(folder=settings.models)
    manifest = Manifest.load()
    missing = [name for name in manifest.environment if name not in os.environ]
    if missing:
        message = f"The environment lacks {', '.join(missing)}."
        raise SettingsError(message, hint="Set them where the service runs: they hold what no image should.")
    module, _, attribute = target.partition(":")
    # What is imported and loaded now stays for good: not looking through it for garbage saves a sixth of the start,
    # and, frozen, it is left alone by every later collection too.
    gc.disable()
    try:
        with listed_once():
            trace(manifest)
            app: FastAPI = getattr(importlib.import_module(module), attribute)
    finally:
        gc.freeze()
        gc.enable()
    return app


def _check_health(settings: Settings) -> int:
    """0 where the service on this machine answers that it lives, else 1: for a container's HEALTHCHECK."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104
    try:
        with urllib.request.urlopen(f"http://{host}:{settings.port}/livez", timeout=2) as answer:
            return 0 if json.load(answer) == {"status": "ok"} else 1
    except OSError as error:
        print(error, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m service",
        description="Serve the notebook's endpoints. SIGTERM lets requests in flight finish, then ends with 0.",
        epilog=f"environment variables:\n{settings_module.describe()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--health", action="store_true", help="ask the running service whether it lives; exit 0 or 1")
    return parser
