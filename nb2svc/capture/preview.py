"""Live preview: the service from the kernel's own objects, on loopback, without a build."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING, Any

from ..errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI


class Preview:
    """A uvicorn server on a thread of the kernel. ``app`` gives the service as it is now, at each request."""

    def __init__(self, app: Callable[[], FastAPI], *, host: str = "127.0.0.1", port: int = 0) -> None:
        import uvicorn

        async def current(scope: Any, receive: Any, send: Any) -> None:
            await app()(scope, receive, send)

        self._socket = _listen(host, port)
        self.host, self.port = self._socket.getsockname()[:2]
        config = uvicorn.Config(current, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=2)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="nb2svc-preview", daemon=True
        )

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def start(self, deadline: float = 10.0) -> None:
        """Serve. Raises ``EngineError`` where the server does not come up."""
        self._thread.start()
        end = time.monotonic() + deadline
        while not self._server.started:
            if time.monotonic() > end or not self._thread.is_alive():
                self.stop()
                raise EngineError("the preview did not start", hint="try another port: %nb2svc serve --port 8001")
            time.sleep(0.01)

    def stop(self) -> None:
        """End the server and wait for it."""
        self._server.should_exit = True
        self._thread.join(5)
        self._socket.close()


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        hint = "leave --port out to take a free one"
        raise EngineError(f"port {port} of {host} cannot be used: {error.strerror}", hint=hint) from error
    return listener
