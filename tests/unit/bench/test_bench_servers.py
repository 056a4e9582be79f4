"""Servers as real processes: started on their processor, asked, weighed, stopped, and refused with their reason."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest
from answers import Checker, under
from environments import UnavailableError
from forms import plain
from servers import Launch, WrongAnswerError, ask, free_ports, started

pytestmark = pytest.mark.once

SERVER = """
import http.server, os, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)  # a worker, as many servers have
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        body = os.environ["ANSWER"].encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
(REQUEST,) = plain().requests([{"x": 1}])


def launch(folder, code=SERVER, answer='{"probabilities": [0.5]}'):
    (port,) = free_ports(1)
    return Launch(
        command=[sys.executable, "-c", code, str(port)],
        folder=folder,
        bin=Path(sys.executable).parent,
        environment={"ANSWER": answer},
        cpu=max(os.sched_getaffinity(0)),
        port=port,
        log=folder / "server.log",
        start_seconds=30,
    )


def checks():
    return Checker([np.array([0.5])], under("probabilities"))


def test_a_server_is_started_asked_weighed_and_stopped_with_its_children(tmp_path):
    wanted = launch(tmp_path)
    allowed = os.sched_getaffinity(0)
    with started(wanted, REQUEST, checks()) as running:
        assert running.first_answer > 0
        assert running.process.cpu_affinity() == [wanted.cpu]
        (child,) = running.process.children()
        assert running.memory() > running.process.memory_full_info().pss
        assert running.processor_seconds() > 0
        assert ask(wanted.port, REQUEST) == (200, b'{"probabilities": [0.5]}')
    assert os.sched_getaffinity(0) == allowed
    assert not psutil.pid_exists(running.process.pid)
    assert not child.is_running()


def test_a_server_that_ends_is_refused_with_the_end_of_its_log(tmp_path):
    broken = launch(tmp_path, code="raise SystemExit('no model here')")
    with (
        pytest.raises(UnavailableError, match="it ended with 1; its log ends: no model here"),
        started(broken, REQUEST, checks()),
    ):
        pass


def test_a_server_that_answers_wrongly_is_refused(tmp_path):
    with (
        pytest.raises(WrongAnswerError, match="request 0 got"),
        started(launch(tmp_path, answer='{"probabilities": [0.75]}'), REQUEST, checks()),
    ):
        pass
