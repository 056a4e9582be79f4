"""What is refused: by the app alone, and where sockets matter by a server in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from fastapi import FastAPI, HTTPException, Request

from nb2svc.runtime import Manifest, Settings, create_app, endpoint
from nb2svc.runtime.slots import Slots


def service(**settings: Any) -> FastAPI:
    app = create_app(Manifest(name="iris"), settings=Settings(**settings))

    async def size(request: Request):
        return len(await request.body())

    def fields(body: dict[str, Any]):
        return len(body)

    app.post("/size")(endpoint(size))
    app.post("/json")(endpoint(fields))
    return app


def client_of(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service")


async def shed(client: httpx.AsyncClient) -> dict[str, float]:
    lines = (await client.get("/metrics")).text.splitlines()
    found = (line.split(" ") for line in lines if line.startswith("http_requests_shed_total{"))
    return {name.split('"')[1]: float(value) for name, value in found if float(value)}


async def until(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(30):
        while not condition():  # noqa: ASYNC110 - what it looks at knows no events
            await asyncio.sleep(0)


# --- bodies and headers -------------------------------------------------------------------------


async def parts(*sizes: int) -> AsyncIterator[bytes]:
    for size in sizes:
        yield b"x" * size


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"x" * 100, 200),
        (b"x" * 101, 413),
        ((60, 40), 200),
        ((60, 41), 413),
        ((), 200),
    ],
)
def test_a_long_body_is_refused_by_its_length_and_while_it_streams(content, status) -> None:
    async def main() -> None:
        async with client_of(service(max_body=100)) as client:
            body = content if isinstance(content, bytes) else parts(*content)
            answer = await client.post("/size", content=body)
            assert answer.status_code == status
            if status == 413:
                assert answer.json() == {"detail": "The body is too long."}
                assert answer.headers["connection"] == "close"
                assert await shed(client) == {"large": 1}

    asyncio.run(main())


def test_a_body_beyond_what_is_read_ahead_is_counted_as_the_app_reads_it() -> None:
    async def main() -> None:
        async with client_of(service(max_body=3 << 20)) as client:
            chunk = 1 << 19
            assert (await client.post("/size", content=parts(*[chunk] * 6))).json() == 3 << 20
            for path in ("/size", "/json"):
                answer = await client.post(path, content=parts(*[chunk] * 6, 1))
                assert (answer.status_code, answer.json()) == (413, {"detail": "The body is too long."})

    asyncio.run(main())


def test_the_rest_of_a_long_body_is_not_read() -> None:
    async def main() -> None:
        given = []

        app = service(max_body=100)
        sent: list[dict[str, Any]] = []
        scope = {"type": "http", "method": "POST", "path": "/size", "headers": [(b"transfer-encoding", b"chunked")]}

        async def receive() -> dict[str, Any]:
            given.append(1)
            return {"type": "http.request", "body": b"x" * 60, "more_body": True}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await app({**scope, "query_string": b"", "root_path": ""}, receive, send)
        assert (len(given), sent[0]["status"]) == (2, 413)

    asyncio.run(main())


def test_a_body_that_does_not_arrive_is_408() -> None:
    async def main() -> None:
        app = service(body_seconds=0.05)

        async def stalled() -> AsyncIterator[bytes]:
            yield b"x"
            await asyncio.sleep(60)

        async with client_of(app) as client:
            answer = await client.post("/size", content=stalled())
            assert (answer.status_code, answer.headers["connection"]) == (408, "close")
            assert await shed(client) == {"slow": 1}
            assert (await client.post("/size", content=b"xyz")).json() == 3

    asyncio.run(main())


def test_many_and_long_headers_are_431() -> None:
    async def main() -> None:
        async with client_of(service(max_headers=20, max_header_bytes=1000)) as client:
            many = await client.get("/nowhere", headers={f"x-{number}": "1" for number in range(20)})
            long = await client.get("/nowhere", headers={"x-long": "x" * 1000})
            assert (many.status_code, long.status_code) == (431, 431)
            assert await shed(client) == {"headers": 2}

    asyncio.run(main())


# --- concurrency --------------------------------------------------------------------------------


class Held:
    """An app whose handler waits to be let go, and counts."""

    def __init__(self, **settings: Any) -> None:
        self.app = service(**settings)
        self.go = asyncio.Event()
        self.at_work = self.most = self.done = 0

        async def held():
            self.at_work += 1
            self.most = max(self.most, self.at_work)
            try:
                await self.go.wait()
                self.done += 1
            finally:
                self.at_work -= 1
            return "done"

        async def stream():
            yield "first "
            await self.go.wait()
            yield "last"

        self.app.get("/held")(endpoint(held))
        self.app.post("/held")(endpoint(held))
        self.app.get("/stream")(endpoint(stream))


def test_more_than_may_work_and_wait_are_503_and_probes_are_answered() -> None:
    async def main() -> None:
        held = Held(max_concurrency=2, max_queue=3)
        async with client_of(held.app) as client:
            requests = [asyncio.create_task(client.get("/held")) for _ in range(8)]
            await until(lambda: sum(request.done() for request in requests) == 3)
            for probe in ("/livez", "/metrics", "/v2/health/live"):
                assert (await client.get(probe)).status_code == 200
            refused = [request.result() for request in requests if request.done()]
            held.go.set()
            answers = await asyncio.gather(*requests)
            assert sorted(answer.status_code for answer in answers) == [200] * 5 + [503] * 3
            assert (held.most, held.done) == (2, 5)
            assert refused[0].headers["retry-after"] == "1"
            assert "connection" not in refused[0].headers
            identifier = refused[0].headers["x-request-id"]
            assert refused[0].json() == {
                "detail": "The service is busy: try again in a moment.",
                "request_id": identifier,
            }
            assert await shed(client) == {"busy": 3}
            assert (await client.get("/held")).status_code == 200

    asyncio.run(main())


def test_a_refused_request_with_a_long_body_ends_its_connection() -> None:
    async def main() -> None:
        held = Held(max_concurrency=1, max_queue=0)
        async with client_of(held.app) as client:
            first = asyncio.create_task(client.get("/held"))
            await until(lambda: held.at_work == 1)
            answer = await client.post("/size", content=b"x" * 70_000)
            assert (answer.status_code, answer.headers["connection"]) == (503, "close")
            answer = await client.post("/size", content=b"x")
            assert (answer.status_code, "connection" in answer.headers) == (503, False)
            held.go.set()
            await first

    asyncio.run(main())


def test_a_stream_is_at_work_until_it_ends() -> None:
    async def main() -> None:
        held = Held(max_concurrency=1, max_queue=0)
        async with client_of(held.app) as client:
            stream = asyncio.create_task(client.get("/stream"))
            await until(lambda: held.app.state.metrics.in_progress._value.get() == 1)
            for _ in range(50):
                await asyncio.sleep(0)
            assert (await client.post("/size")).status_code == 503
            held.go.set()
            assert (await stream).text == "first last"
            assert (await client.post("/size")).status_code == 200

    asyncio.run(main())


def test_a_slow_body_takes_no_slot() -> None:
    async def main() -> None:
        arrived = asyncio.Event()

        async def slow() -> AsyncIterator[bytes]:
            yield b"x"
            await arrived.wait()
            yield b"y"

        async with client_of(service(max_concurrency=1, max_queue=1)) as client:
            slowly = asyncio.create_task(client.post("/size", content=slow()))
            await asyncio.sleep(0.01)
            assert (await client.post("/size", content=b"xyz")).json() == 3
            arrived.set()
            assert (await slowly).json() == 2

    asyncio.run(main())


@pytest.mark.parametrize("body", [None, b"x"])
def test_who_goes_away_while_waiting_costs_no_work(body) -> None:
    """As servers tell it: the request's task goes on, and its next message says that the client is gone."""

    async def main() -> None:
        held = Held(max_concurrency=1, max_queue=5)
        gone = asyncio.Event()
        messages = [{"type": "http.request", "body": body}] if body else []
        headers = [(b"content-length", b"1")] if body else []
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            if messages:
                return messages.pop()
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "POST", "path": "/held", "headers": headers, "query_string": b""}
        async with client_of(held.app) as client:
            first = asyncio.create_task(client.get("/held"))
            await until(lambda: held.at_work == 1)
            second = asyncio.create_task(held.app({**scope, "root_path": ""}, receive, send))
            await asyncio.sleep(0.01)
            gone.set()
            held.go.set()
            await first
            await second
            assert (held.done, sent) == (1, [])
            assert (await client.get("/held")).status_code == 200

    asyncio.run(main())


def test_cancelled_requests_give_their_places_back() -> None:
    async def main() -> None:
        held = Held(max_concurrency=2, max_queue=2)
        async with client_of(held.app) as client:
            requests = [asyncio.create_task(client.get("/held")) for _ in range(4)]
            await until(lambda: held.at_work == 2)
            for request in (requests[0], requests[2]):  # one at work, one that waits
                request.cancel()
            await asyncio.wait([requests[0], requests[2]])
            await until(lambda: held.at_work == 2)  # the other one that waited
            more = [asyncio.create_task(client.get("/held")) for _ in range(3)]
            await until(lambda: any(request.done() for request in more))
            held.go.set()
            answers = await asyncio.gather(requests[1], requests[3], *more)
            assert sorted(answer.status_code for answer in answers) == [200] * 4 + [503]

    asyncio.run(main())


def test_slots_survive_any_order_of_cancellations() -> None:
    """Also the one that comes in the moment in which the slot does."""

    async def main() -> None:
        slots = Slots(1, 10)

        async def use() -> None:
            await slots.take()
            try:
                await asyncio.sleep(0)
            finally:
                slots.give()

        for seed in range(200):
            tasks = [asyncio.create_task(use()) for _ in range(5)]
            for step in range(8):
                if seed >> step & 1:
                    tasks[(seed + step) % 5].cancel()
                await asyncio.sleep(0)
            await asyncio.wait(tasks)
            assert not await slots.take()  # it is free again, at once
            slots.give()

    asyncio.run(main())


def test_sync_handlers_have_a_thread_for_each_request_at_work() -> None:
    async def main() -> None:
        app = service(max_concurrency=50)
        all_in = threading.Barrier(50)
        app.get("/together")(endpoint(lambda: all_in.wait(30) >= 0))
        async with app.router.lifespan_context(app), client_of(app) as client:
            answers = await asyncio.gather(*(client.get("/together") for _ in range(50)))
            assert {answer.text for answer in answers} == {"true"}

    asyncio.run(main())


# --- errors -------------------------------------------------------------------------------------


def test_errors_of_the_service_have_the_request_id_and_those_of_handlers_are_theirs() -> None:
    async def main() -> None:
        app = service()

        def own():
            raise HTTPException(503, "the database is away")

        async def late():
            await asyncio.sleep(60)

        app.get("/own")(endpoint(own))
        app.get("/late")(endpoint(late, timeout=0.01))
        app.get("/broken")(endpoint(lambda: 1 / 0))
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://service"
        ) as client:
            headers = {"x-request-id": "r1"}
            answers = {path: await client.get(path, headers=headers) for path in ("/own", "/late", "/broken", "/none")}
        assert {answer.headers["x-request-id"] for answer in answers.values()} == {"r1"}
        assert answers["/own"].json() == {"detail": "the database is away"}
        assert answers["/late"].json()["request_id"] == "r1"
        assert answers["/broken"].json() == {"detail": "Internal Server Error", "request_id": "r1"}
        assert answers["/none"].json() == {"detail": "Not Found"}

    asyncio.run(main())


# --- a real server ------------------------------------------------------------------------------

SERVER = """
import socket, sys, time
from pathlib import Path
from fastapi import Request
from nb2svc.runtime import Manifest, Settings, create_app, endpoint
from nb2svc.runtime.server import serve

app = create_app(Manifest(name="iris"))

def burn(seconds: float = 0.0):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        sum(range(100))
    return "burnt"

def held():
    while not Path(sys.argv[1]).exists():
        time.sleep(0.01)
    return "done"

async def size(request: Request):
    return len(await request.body())

app.get("/burn")(endpoint(burn))
app.get("/held")(endpoint(held))
app.post("/size")(endpoint(size))
sys.exit(serve(app, Settings.load()))
"""


@contextlib.contextmanager
def serving(folder: Path, **settings: str) -> Iterator[int]:
    """The port of a server."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SERVICE_")}
    with socket.create_server(("127.0.0.1", 0)) as listening:
        number = listening.fileno()
        process = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(folder / "release")],
            env=kept | {f"SERVICE_{name}": value for name, value in settings.items()} | {"SERVICE_FD": str(number)},
            pass_fds=(number,),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
        )
        port = listening.getsockname()[1]
    try:
        assert httpx.get(f"http://127.0.0.1:{port}/livez", timeout=60).status_code == 200  # the socket waits for it
        yield port
    finally:
        process.kill()
        process.wait()


def exchange(port: int, *parts: bytes) -> bytes:
    """Send the parts as far as the server takes them; all that it answers until it ends the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        with contextlib.suppress(ConnectionError):
            for part in parts:
                connection.sendall(part)
        answer = b""
        with contextlib.suppress(ConnectionError):
            while received := connection.recv(65536):
                answer += received
        return answer


@pytest.fixture(scope="module")
def port(tmp_path_factory) -> Iterator[int]:
    settings = {"MAX_BODY": "1MiB", "BODY_SECONDS": "1", "HEADER_SECONDS": "1", "MAX_HEADER_BYTES": "16384"}
    with serving(tmp_path_factory.mktemp("server"), **settings) as port:
        yield port


POST = b"POST /size HTTP/1.1\r\nHost: service\r\n"


@pytest.mark.once
@pytest.mark.parametrize(
    ("parts", "status"),
    [
        ([POST + b"Content-Length: 1048577\r\n\r\n"], b"413"),
        ([POST + b"Transfer-Encoding: chunked\r\n\r\n", *[b"10000\r\n" + b"x" * 0x10000 + b"\r\n"] * 40], b"413"),
        ([POST + b"Content-Length: 5\r\n\r\nabc"], b"408"),
        ([POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"], b"408"),
        ([POST, *[b"x-name: " + b"x" * 1000 + b"\r\n"] * 40], b"400"),
        ([POST, b"x-name: ", *[b"x" * 10_000] * 40], b"400"),
        ([b"GET /" + b"x" * 100_000], b"400"),
        ([POST + b"x-name: 1"], b"408"),
        ([b"POS"], b"408"),
        ([POST + b"x-name: 1\r\n" * 101 + b"Content-Length: 9999999\r\n\r\n"], b"431"),
    ],
)
def test_what_does_not_fit_is_answered_and_the_connection_ends(port, parts, status) -> None:
    assert exchange(port, *parts).startswith(b"HTTP/1.1 " + status)


@pytest.mark.once
def test_headers_of_a_later_request_are_bounded_too(port) -> None:
    answer = exchange(port, POST + b"Content-Length: 5\r\n\r\nabcdePOST /size HTTP/1.1\r\nx-name: ")
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"HTTP/1.1 408" in answer


@pytest.mark.once
def test_a_connection_on_which_nothing_arrives_is_closed(port) -> None:
    assert exchange(port) == b""


@pytest.mark.once
def test_under_load_the_rest_is_refused_at_once_and_probes_are_answered(tmp_path) -> None:
    with serving(tmp_path, MAX_CONCURRENCY="2", MAX_QUEUE="2") as port, httpx.Client(timeout=60) as client:
        url = f"http://127.0.0.1:{port}"
        statuses: list[int] = []
        threads = [
            threading.Thread(target=lambda: statuses.append(httpx.get(f"{url}/held", timeout=60).status_code))
            for _ in range(6)
        ]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + 30
        while len(statuses) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        answer = client.post(f"{url}/size", content=b"x")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        for probe in ("/livez", "/readyz", "/metrics"):
            assert client.get(url + probe).status_code == 200
        (tmp_path / "release").touch()
        for thread in threads:
            thread.join(60)
        assert sorted(statuses) == [200] * 4 + [503] * 2
        assert json.loads(client.post(f"{url}/size", content=b"xyz").content) == 3
