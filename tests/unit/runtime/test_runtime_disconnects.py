"""Clients that go away in the middle of a stream, on a real server: the generator ends."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn
from fastapi import FastAPI

from nb2svc.runtime import Manifest, Settings, create_app, endpoint

pytestmark = pytest.mark.once


class Stream:
    """A handler's generator that says when it began to wait and when it ended."""

    def __init__(self) -> None:
        self.waits = threading.Event()
        self.ended = threading.Event()
        self.goes_on = threading.Event()

    def sync(self) -> Iterator[str]:
        try:
            yield "first"
            self.waits.set()
            while not self.goes_on.wait(0.01):
                yield "more"
        finally:
            self.ended.set()

    async def asynchronous(self):
        try:
            yield "first"
            self.waits.set()
            await asyncio.Event().wait()  # for something that never happens: no part will notice the client's absence
        finally:
            self.ended.set()


@contextlib.contextmanager
def served(app: FastAPI) -> Iterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=5))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(30)
        listener.close()


@pytest.mark.parametrize("accept", ["*/*", "text/event-stream"])
@pytest.mark.parametrize("kind", ["sync", "asynchronous"])
def test_a_client_that_goes_away_ends_the_generator(kind: str, accept: str) -> None:
    app, stream = create_app(Manifest(name="iris"), settings=Settings()), Stream()
    app.get("/it")(endpoint(getattr(stream, kind)))
    with served(app) as port:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
            client.sendall(f"GET /it HTTP/1.1\r\nHost: x\r\nAccept: {accept}\r\n\r\n".encode())
            received = b""
            while b"first" not in received:
                received += client.recv(1000)
            assert b"transfer-encoding: chunked" in received.lower()
            assert (b"data: first\n\n" in received) == (accept == "text/event-stream")
            assert stream.waits.wait(30)
            assert not stream.ended.is_set()
        assert stream.ended.wait(30)
