"""Ports, names, sizes and addresses."""

from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from nb2svc import pipeline
from nb2svc.engine.base import free_port, memory_bytes, reserved_port, unused_name, url_of
from nb2svc.engine.connection import connect, docker_endpoint, host_of
from nb2svc.engine.docker import _seconds
from nb2svc.engine.podman import podman_endpoint
from nb2svc.engine.ready import is_ready
from nb2svc.errors import EngineUnavailableError, UsageError

pytestmark = pytest.mark.once  # ports, names and addresses


@pytest.mark.parametrize(
    ("text", "size"),
    [("512m", 512 << 20), ("2g", 2 << 30), ("1.5G", 3 << 29), ("100", 100), ("64KiB", 65536), ("1gb", 1 << 30)],
)
def test_sizes(text, size):
    assert memory_bytes(text) == size


@pytest.mark.parametrize("text", ["", "m", "lots", "-1g", "0", "nan"])
def test_no_sizes(text):
    with pytest.raises(UsageError, match="no size"):
        memory_bytes(text)


def test_a_name_that_is_taken_is_numbered():
    assert unused_name("iris", set()) == "iris"
    assert unused_name("iris", {"iris", "iris-2"}) == "iris-3"


def test_a_port_that_is_taken():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        taken = holder.getsockname()[1]
        with pytest.raises(UsageError, match=f"Port {taken}"):
            free_port("127.0.0.1", taken)
        assert free_port("127.0.0.1", None) != taken


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),  # noqa: S104
        ("::", "http://[::1]:80"),
        ("ml.example", "http://ml.example:80"),
    ],
)
def test_where_a_client_finds_it(host, url):
    assert url_of(host, 80) == url


@pytest.mark.parametrize(
    ("endpoint", "host"),
    [
        ("unix:///var/run/docker.sock", ""),
        ("tcp://127.0.0.1:2375", ""),
        ("tcp://dind:2375", "dind"),
        ("ssh://me@far.example", "far.example"),
    ],
)
def test_an_engine_on_another_machine(endpoint, host):
    assert host_of(endpoint) == host


def test_the_users_choice_of_an_engine_is_followed(monkeypatch, tmp_path):
    monkeypatch.setenv("DOCKER_HOST", "tcp://dind:2375")
    assert docker_endpoint() == "tcp://dind:2375"
    monkeypatch.setenv("CONTAINER_HOST", "unix:///x.sock")
    assert podman_endpoint() == "unix:///x.sock"


def test_an_engine_that_is_not_there_says_where_it_was_looked_for(tmp_path):
    with pytest.raises(EngineUnavailableError, match="No Docker engine answers at unix://") as failed:
        connect(f"unix://{tmp_path}/none.sock")
    assert "--engine process" in failed.value.hint


def test_podman_without_its_socket_says_how_to_start_it(monkeypatch, tmp_path):
    monkeypatch.delenv("CONTAINER_HOST", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with pytest.raises(EngineUnavailableError, match="socket is not there") as failed:
        podman_endpoint()
    assert "systemctl --user start podman.socket" in failed.value.hint


def test_an_engines_time():
    assert _seconds("1970-01-01T00:00:01.500000001Z") == pytest.approx(1.5)
    assert _seconds("1970-01-01T00:00:02Z") == 2


@pytest.mark.parametrize("status", [200, 503])
def test_ready_is_what_readyz_says(status):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status if self.path == "/readyz" else 404)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            assert is_ready(f"http://127.0.0.1:{server.server_port}") is (status == 200)
        finally:
            server.shutdown()
            thread.join()


def test_nobody_there_is_not_ready():
    assert not is_ready("http://127.0.0.1:1")


def test_a_reserved_port_is_nobody_elses_and_refuses_until_it_listens():
    with reserved_port("127.0.0.1", None) as reserved:
        host, port = reserved.getsockname()
        with pytest.raises(UsageError):
            free_port(host, port)
        with socket.socket() as client, pytest.raises(ConnectionRefusedError):
            client.connect((host, port))
        reserved.listen()
        with socket.create_connection((host, port), timeout=5):
            pass


def test_a_folder_that_is_not_there_is_not_taken_for_a_missing_engine_alone(monkeypatch, tmp_path):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(EngineUnavailableError, match=r"There is no folder mistyped, .*No Docker engine") as failed:
        pipeline.run("mistyped")
    assert "give a folder's path" in failed.value.hint
