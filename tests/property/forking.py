"""A server that answers each job in a fork of itself: as good as a fresh process, at the price of a fork.

Server and children hold nothing of any job: what a child does to its memory ends with it.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

SECONDS = 15  # for one job: a notebook that loops for ages must not stop a night's run
MEMORY = 4 << 30  # bytes of addresses: numbers and texts may grow beyond all bounds


def serve(work: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Answer every line of JSON on stdin by a line on stdout, until stdin ends. What the work prints is lost."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)
    if "NB2SVC_PROPERTY_DEBUG" not in os.environ:
        os.dup2(nowhere, 2)
    gc.collect()
    gc.freeze()  # a collection in a child would copy all of these pages
    for line in sys.stdin:
        answers.write(_in_a_fork(work, line) + "\n")
        answers.flush()


def _in_a_fork(work: Callable[[dict[str, Any]], dict[str, Any]], line: str) -> str:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(SECONDS)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        with os.fdopen(writing, "w", encoding="utf-8") as result:
            result.write(json.dumps(_outcome(work, json.loads(line))))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as result:
        text = result.read()
    _, status = os.waitpid(child, 0)
    return text or json.dumps({"died": os.waitstatus_to_exitcode(status)})


def _outcome(work: Callable[[dict[str, Any]], dict[str, Any]], job: dict[str, Any]) -> dict[str, Any]:
    try:
        return work(job)
    except BaseException:  # noqa: BLE001 - handed to the other side, which knows what to make of it
        return {"broke": traceback.format_exc()}


class Forking:
    """The other side: starts the server ``script`` and gives it jobs, one at a time.

    ``hash_seed`` fixes the order of sets of texts, so that a run can be repeated; two servers need two, or what
    depends on that order would never show.
    """

    def __init__(self, script: Path, *, hash_seed: int) -> None:
        environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed), "PYTHONDONTWRITEBYTECODE": "1"}
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            [sys.executable, "-s", str(script)], stdin=pipe, stdout=pipe, env=environment, text=True, encoding="utf-8"
        )

    def ask(self, job: dict[str, Any]) -> dict[str, Any]:
        """What the work made of ``job``; ``{"died": status}`` or ``{"broke": traceback}`` where it did not end well."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the server ended with status {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        self._process.communicate()
