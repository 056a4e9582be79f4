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
import threading
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import TYPE_CHECKING

from . import settings as settings_module
from .errors import ServiceError, SettingsError
from .settings import Settings

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
        from .logs import configure

        configure(settings)
        signal.signal(signal.SIGTERM, _end_while_loading)
        return serve(_load(target), settings)
    except ServiceError as error:
        logger.error("%s", error, exc_info=error.__cause__)  # noqa: TRY400 - the cause is of use, our own frames are not
        if not logging.getLogger().handlers:
            print(error, file=sys.stderr)
        return 1


def serve(app: FastAPI, settings: Settings) -> int:
    """Run one app in this process until it is told to stop. Returns the exit code."""
    import uvicorn

    from .access import without_answered_errors

    config = uvicorn.Config(
        without_answered_errors(app),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,  # the app writes its own
        lifespan="on",
        server_header=False,
        timeout_graceful_shutdown=settings.grace_seconds,
        h11_max_incomplete_event_size=settings.max_header_bytes,  # else headers that never end were kept in memory
    )

    class Server(uvicorn.Server):
        """Ends well on a signal, where uvicorn would let the signal kill the process after all."""

        signaled: int = 0

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            if threading.current_thread() is not threading.main_thread():
                yield
                return
            before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGTERM, signal.SIGINT)}
            try:
                yield
            finally:
                for number, handler in before.items():
                    signal.signal(number, handler)

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
            if self.signaled:  # asked twice: now
                self.should_exit = self.force_exit = True
                return
            self.signaled = sig
            app.state.lifecycle.drain()
            drain = settings.drain_seconds if sig == signal.SIGTERM else 0
            _after(drain, lambda: setattr(self, "should_exit", True))
            _after(drain + settings.grace_seconds + 1, _abandon)

    server = Server(config)
    inherited = None if not settings.fd else [socket.socket(fileno=settings.fd)]
    with contextlib.suppress(SystemExit):  # uvicorn's when it cannot start; in some versions it just returns
        asyncio.run(server.serve(sockets=inherited))
    if not server.started:
        return 3
    return 128 + signal.SIGINT if server.signaled == signal.SIGINT else 0


def _end_while_loading(sig: int, frame: FrameType | None) -> None:  # noqa: ARG001
    raise SystemExit(0)  # the first process of a container would ignore the signal


def _after(seconds: float, act: Callable[[], None]) -> None:
    timer = threading.Timer(seconds, act)
    timer.daemon = True  # an end that comes sooner does not wait for it
    timer.start()


def _abandon() -> None:
    # uvicorn cancels what outlives the grace, but a handler's thread cannot be cancelled, and Python would wait for it
    logger.error("Handlers were still running after the grace; ending without them.")
    os._exit(1)


def _load(target: str) -> FastAPI:
    from . import ahead
    from .imports import listed_once
    from .manifest import Manifest
    from .tracing import trace

    ahead.begin()
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
