"""Requests as the servers want them, answers checked, and the load generator against a server of a few lines."""

from __future__ import annotations

import io
import json
import socket
import socketserver
import threading
from contextlib import contextmanager

import numpy as np
import pytest
from answers import Checker, SameBytes, npy, under
from environments import UnavailableError, pins, stack_of
from forms import NPY, named, npy_rows, open_inference, plain
from load import drive
from roster import BY_NAME, OURS, PEERS, SERVERS
from workloads import ROWS, WORKLOADS, distinct

pytestmark = pytest.mark.once

ROW = {"age": 41, "income": 2.5, "city": "Graz"}
FLOWER = {"length": 5.1, "width": 0.2}
MATRIX = [[1.0, 2.0], [3.0, 4.0]]


def sent(form, item, number=0):
    """Head and body of a request, the length checked."""
    head, _, body = form.requests([item] * (number + 1))[number].partition(b"\r\n\r\n")
    assert f"content-length: {len(body)}".encode() in head.split(b"\r\n")
    return head.decode(), body


def test_a_request_is_whole():
    head, body = sent(plain("/here"), ROW)
    assert head.startswith("POST /here HTTP/1.1\r\nhost: 127.0.0.1\r\n")
    assert json.loads(body) == ROW


@pytest.mark.parametrize(
    ("form", "item", "expected"),
    [
        (named("/p"), FLOWER, {"inputs": [[5.1, 0.2]]}),
        (named("/p", names=True), ROW, {"inputs": [ROW]}),
        (named("/p", "rows"), MATRIX, {"rows": MATRIX}),
    ],
)
def test_rows_stand_below_a_key(form, item, expected):
    assert json.loads(sent(form, item)[1]) == expected


def test_a_matrix_as_npy():
    head, body = sent(npy_rows("/p"), MATRIX)
    assert f"content-type: {NPY}" in head
    assert f"accept: {NPY}" in head
    assert np.load(io.BytesIO(body)).tolist() == MATRIX
    assert npy(body).tolist() == [1, 2, 3, 4]


def test_the_open_inference_protocol_has_a_tensor_for_numbers():
    asked = json.loads(sent(open_inference("m", "predict"), MATRIX, 3)[1])
    assert (asked["id"], asked["outputs"]) == ("3", [{"name": "predict"}])
    assert asked["inputs"] == [{"name": "rows", "shape": [2, 2], "datatype": "FP64", "data": [1, 2, 3, 4]}]


def test_the_open_inference_protocol_has_a_column_for_each_feature_where_there_are_words():
    asked = json.loads(sent(open_inference("m", "predict"), ROW)[1])
    assert asked["parameters"] == {"content_type": "pd"}
    assert [(each["name"], each["datatype"], each["data"]) for each in asked["inputs"]] == [
        ("age", "INT64", [41]), ("income", "FP64", [2.5]), ("city", "BYTES", ["Graz"])
    ]  # fmt: skip


# --- answers --------------------------------------------------------------------------------------


@pytest.fixture
def checker():
    return Checker([np.array([0.25, 0.75]), np.array([0.5, 0.5])], under("p"))


def test_the_models_own_answer_is_right_in_any_bytes(checker):
    assert checker.trouble(0, 200, b'{"p":[0.25,0.75]}') is None
    assert checker.trouble(0, 200, b'{"p": [[0.25, 0.7500000000001]]}') is None
    assert checker.trouble(0, 200, b'{"p":[0.25,0.75]}') is None


@pytest.mark.parametrize(
    ("number", "status", "body", "words"),
    [
        (0, 200, b'{"p":[0.5,0.5]}', "request 0 got the answer to request 1"),
        (0, 200, b'{"p":[0.25,0.76]}', "request 0 got"),
        (0, 200, b'{"p":[0.25]}', "1 numbers instead of 2"),
        (0, 200, b'{"q":1}', "KeyError"),
        (0, 200, b"oops", "no numbers"),
        (0, 200, b'{"p":[null,0.75]}', "request 0 got"),
        (0, 503, b'{"p":[0.25,0.75]}', "status 503"),
    ],
)
def test_any_other_answer_is_wrong(checker, number, status, body, words):
    assert words in checker.trouble(number, status, body)


def test_what_was_right_for_one_request_is_not_for_another(checker):
    assert checker.trouble(1, 200, b'{"p":[0.5,0.5]}') is None
    assert "answer to request 1" in checker.trouble(0, 200, b'{"p":[0.5,0.5]}')


def test_a_server_without_a_model_answers_the_same_to_all():
    assert SameBytes(b"x").trouble(3, 200, b"x") is None
    assert "request 3" in SameBytes(b"x").trouble(3, 200, b"y")


# --- the load generator -----------------------------------------------------------------------------


class Connection(socketserver.StreamRequestHandler):
    """``server.answer(body)`` gives an answer's bytes, or None to hang up."""

    disable_nagle_algorithm = True

    def handle(self):
        while head := self.head():
            length = int(head.partition("content-length: ")[2].split("\r\n")[0])
            told = self.server.answer(self.rfile.read(length))
            if told is None:
                return
            for start in range(0, len(told), 40):  # an answer may come in pieces
                self.wfile.write(told[start : start + 40])
            if b"connection: close" in told.lower():
                return

    def head(self):
        lines = list(iter(lambda: self.rfile.readline().decode(), "\r\n")) if self.rfile.peek(1) else []
        return "".join(lines)


@contextmanager
def serving(answer):
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Connection) as server:
        server.answer = answer
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def echo(body, *headers):
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


REQUESTS = plain().requests([{"probabilities": [number / 8]} for number in range(8)])
EXPECTED = [np.array([number / 8]) for number in range(8)]


def load(port, connections=3):
    return drive(
        port, REQUESTS, Checker(EXPECTED, under("probabilities")), connections=connections, seconds=0.1, warm=0.02
    )


def test_every_answer_is_counted_and_checked():
    with serving(echo) as port:
        sample = load(port)
    assert sample.wrong == sample.lost == 0
    assert 0 < len(sample.latencies) <= sample.answered
    assert sample.seconds > 0.09
    assert min(sample.latencies) > 0


def test_a_server_that_closes_each_connection_is_connected_to_anew():
    with serving(lambda body: echo(body, "Connection: close")) as port:
        sample = load(port)
    assert sample.wrong == sample.lost == 0
    assert sample.answered > 3


def test_swapped_answers_are_seen():
    with serving(lambda body: echo(b'{"probabilities":[0.125]}')) as port:
        sample = load(port)
    assert sample.wrong
    assert "got the answer to request 1" in sample.trouble


def test_lost_answers_are_seen():
    with serving(lambda body: None if b"0.125" in body else echo(body)) as port:
        sample = load(port, connections=1)
    assert sample.lost
    assert not sample.wrong
    assert "before its answer came" in sample.trouble


def test_nobody_who_listens_is_a_loss():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        sample = load(taken.getsockname()[1], connections=1)
    assert sample.lost == 1
    assert sample.trouble.startswith("no connection")


# --- workloads, roster, environments ----------------------------------------------------------------


def test_rows_are_chosen_by_answers_of_their_own():
    answers = np.repeat(np.arange(ROWS + 5)[:, None], 2, axis=0)
    chosen = distinct(answers)
    assert len(chosen) == ROWS
    assert len(np.unique(answers[chosen])) == ROWS
    with pytest.raises(ValueError, match="only 3 rows"):
        distinct(answers[:6])


@pytest.mark.parametrize("server", SERVERS, ids=lambda server: server.name)
def test_every_server_takes_every_workload(server):
    assert set(server.targets) == {each.name for each in WORKLOADS}
    if server.name != OURS:
        pinned = pins((server.folder / "requirements.txt").read_text())
        wanted = (server.folder / "requirements.in").read_text().split()
        assert {name.partition("[")[0].partition("<")[0] for name in wanted} <= set(pinned)


def test_every_folder_of_a_peer_is_in_the_roster():
    assert {path.name for path in PEERS.iterdir() if path.is_dir()} == set(BY_NAME) - {OURS}


def test_pins_are_read_from_a_lock_with_hashes():
    text = "numpy==2.1 ; python_version >= '3.11' \\\n    --hash=sha256:00\nuvicorn==0.5\n# other==1\n"
    assert pins(text) == {"numpy": "2.1", "uvicorn": "0.5"}


def test_a_lock_with_another_model_stack_is_refused(tmp_path):
    lock = tmp_path / "requirements.txt"
    lock.write_text(f"numpy=={np.__version__}\nuvicorn==0.1\n")
    assert stack_of([lock])["numpy"] == np.__version__
    lock.write_text("numpy==0.1\n")
    with pytest.raises(ValueError, match=r"has numpy 0\.1"):
        stack_of([lock])


def test_what_cannot_be_installed_says_why(tmp_path, monkeypatch):
    from environments import peer_environment

    peer = tmp_path / "peer"
    peer.mkdir()
    (peer / "requirements.txt").write_text("./nowhere.whl\n")
    with pytest.raises(UnavailableError, match=r"peer cannot be installed: .*nowhere"):
        peer_environment(peer / "requirements.txt", {}, tmp_path / "envs")
