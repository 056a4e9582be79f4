"""WebSocket endpoints on a real server, with a real client."""

from __future__ import annotations

import json
import logging
import re
import threading

import pytest
from fastapi import HTTPException, WebSocket
from test_runtime_disconnects import served
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from nb2svc.runtime import Manifest, Settings, create_app


async def echo(socket: WebSocket) -> None:
    await socket.accept()
    while True:
        await socket.send_json({"got": await socket.receive_text()})


async def counted(socket: WebSocket, start: int = 1) -> None:
    await socket.accept()
    for number in range(start, start + 3):
        await socket.send_text(str(number))
    await socket.close(4000, "done")


async def failing(socket: WebSocket) -> None:
    await socket.accept()
    message = "for the log only"
    raise ValueError(message)


async def failing_early(socket: WebSocket) -> None:
    message = "for the log only"
    raise ValueError(message)


async def refusing(socket: WebSocket) -> None:
    raise HTTPException(409, "not now")


def serving(**options):
    app = create_app(Manifest(name="iris"), settings=Settings(**options))
    for handler in (echo, counted, failing, failing_early, refusing):
        app.add_api_websocket_route(f"/{handler.__name__}", handler)
    return app, served(app)


def refused(address: str, **options) -> tuple[int, dict]:
    with pytest.raises(InvalidStatus) as raised, connect(address, **options):
        pass
    body = raised.value.response.body
    return raised.value.response.status_code, json.loads(body) if body else {}


@pytest.fixture
def lines(caplog):
    """Waits for lines of the access log, which are written when a connection has ended."""
    caplog.set_level(logging.INFO, "nb2svc.runtime")
    arrived = threading.Condition()

    class Notice(logging.Handler):
        def emit(self, _: logging.LogRecord) -> None:
            with arrived:
                arrived.notify_all()

    def found() -> list[dict]:
        return [record.fields for record in caplog.records if hasattr(record, "fields")]

    def wait(count: int) -> list[dict]:
        with arrived:
            assert arrived.wait_for(lambda: len(found()) >= count, 30), caplog.text
        return found()

    notice = Notice()
    logging.getLogger("nb2svc.runtime").addHandler(notice)
    yield wait
    logging.getLogger("nb2svc.runtime").removeHandler(notice)


def test_messages_go_both_ways_and_are_logged_and_counted(lines) -> None:
    app, server = serving()
    with server as port:
        with connect(f"ws://127.0.0.1:{port}/echo") as client:
            assert re.fullmatch(r"[0-9a-f]{32}", client.response.headers["x-request-id"])
            for text in ("one", "two"):
                client.send(text)
                assert json.loads(client.recv(30)) == {"got": text}
            assert app.state.metrics.registry.get_sample_value("websocket_connections") == 1
        with connect(f"ws://127.0.0.1:{port}/counted?start=5") as client:
            assert [client.recv(30) for _ in range(3)] == ["5", "6", "7"]
            with pytest.raises(ConnectionClosed) as closed:
                client.recv(30)
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4000, "done")
        found = {line["path"]: line for line in lines(2)}
    assert {path: (line["status"], line["messages"]) for path, line in found.items()} == {
        "/echo": (101, 2),
        "/counted": (101, 3),
    }
    labels = {"endpoint": "/echo", "method": "WEBSOCKET", "status": "101"}
    assert app.state.metrics.registry.get_sample_value("http_requests_total", labels) == 1
    assert app.state.metrics.registry.get_sample_value("websocket_connections") == 0


def test_a_failure_is_told_without_its_words(lines, caplog) -> None:
    _, server = serving()
    with server as port:
        with connect(f"ws://127.0.0.1:{port}/failing") as client, pytest.raises(ConnectionClosed) as closed:
            client.recv(30)
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1011, "")
        status, body = refused(f"ws://127.0.0.1:{port}/failing_early")
        assert (status, body["detail"]) == (500, "Internal Server Error")
        assert refused(f"ws://127.0.0.1:{port}/refusing") == (409, {"detail": "not now"})
        assert refused(f"ws://127.0.0.1:{port}/nowhere")[0] == 403
        assert refused(f"ws://127.0.0.1:{port}/counted?start=x")[0] == 403
        assert [line["status"] for line in lines(5)] == [101, 500, 409, 403, 403]
    assert caplog.text.count("ValueError: for the log only") >= 2


def test_a_connection_needs_a_key_where_requests_do(lines) -> None:
    _, server = serving(api_keys=("secret",), public=("/counted",))
    with server as port:
        assert refused(f"ws://127.0.0.1:{port}/echo")[0] == 403
        assert refused(f"ws://127.0.0.1:{port}/echo", additional_headers={"X-API-Key": "wrong"})[0] == 403
        with connect(f"ws://127.0.0.1:{port}/echo", additional_headers={"Authorization": "Bearer secret"}) as client:
            client.send("in")
            assert client.recv(30)
        with connect(f"ws://127.0.0.1:{port}/counted") as client:
            assert client.recv(30) == "1"
        assert sorted(line.get("key", "") for line in lines(4)) == ["", "", "", "2bb80d53"]


def test_connections_are_bounded() -> None:
    _, server = serving(max_websockets=1)
    with server as port, connect(f"ws://127.0.0.1:{port}/echo") as client:
        client.send("in")
        assert client.recv(30)
        status, body = refused(f"ws://127.0.0.1:{port}/echo")
        assert (status, body["detail"][:34]) == (503, "The service has as many connection")


@pytest.mark.parametrize(
    ("origins", "origin", "expected"),
    [
        ((), "http://127.0.0.1:{port}", True),
        ((), "https://elsewhere.example", False),
        ((), "null", False),
        (("https://elsewhere.example",), "https://elsewhere.example", True),
        (("https://elsewhere.example",), "https://third.example", False),
        (("*",), "https://third.example", True),
    ],
)
def test_pages_of_other_origins_may_not_connect(origins, origin: str, expected: bool) -> None:
    _, server = serving(cors_origins=origins)
    with server as port:
        address, headers = f"ws://127.0.0.1:{port}/counted", {"Origin": origin.format(port=port)}
        if expected:
            with connect(address, additional_headers=headers) as client:
                assert client.recv(30) == "1"
        else:
            assert refused(address, additional_headers=headers) == (
                403,
                {"detail": "Pages of this origin may not connect."},
            )
