"""A process that has loaded what every service loads, and forks itself for each service that is started.

``python service_forks.py PROJECT CHANNEL``, by the interpreter of the project's environment, takes JSON from the socket
``CHANNEL`` and answers by a number. ``{"start": [folder, environment]}``, with two open files for output and port, is
answered by the process of ``python -m service``, ``{"wait": process}`` by its exit code, or 1000 while it runs. What is
loaded in this process are the libraries that the smallest project loads, and no project.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import socket
import sys
from types import ModuleType
from typing import NoReturn

del sys.path[0]  # our own folder must not be importable for a service

# What the server loads for its first connection.
SERVER = ("service.main", "service.runtime.serving", "uvicorn.lifespan.on", "uvicorn.protocols.http.httptools_impl")


def libraries(project: str) -> list[str]:
    """The modules that a service loads besides its own, in their order: found in a fork, so that none of it stays."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.chdir(project)
        sys.path.insert(0, project)
        for name in SERVER:
            importlib.import_module(name)
        own = ("service", "__main__")
        with os.fdopen(writing, "w") as names:
            json.dump([name for name in sys.modules if name.partition(".")[0] not in own], names)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as names:
        found: list[str] = json.load(names)
    os.waitpid(child, 0)
    return found


def serve(channel: socket.socket) -> None:
    while True:
        data, files, _, _ = socket.recv_fds(channel, 1 << 20, 2)
        if not data:
            return
        job = json.loads(data)
        answer = waited(job["wait"]) if "wait" in job else start(channel, *job["start"], *files)
        for file in files:
            os.close(file)
        channel.send(json.dumps(answer).encode())


def waited(process: int) -> int:
    ended, status = os.waitpid(process, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else 1000


def start(channel: socket.socket, folder: str, environment: dict[str, str], output: int, port: int) -> int:
    child = os.fork()
    if child == 0:
        channel.close()
        service(folder, environment, output, port)
    return child


def service(folder: str, environment: dict[str, str], output: int, port: int) -> NoReturn:
    """What ``python -m service`` is, started in ``folder``."""
    os.setsid()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.set_inheritable(port, True)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update({**environment, "SERVICE_FD": str(port)})
    sys.path.insert(0, folder)
    sys.argv[1:] = []
    sys.orig_argv[1:] = ["-m", "service"]  # how it starts its workers
    sys.modules["__main__"] = ModuleType("__main__")
    runpy._run_module_as_main("service")
    sys.exit()


if __name__ == "__main__":
    for library in libraries(sys.argv[1]):
        importlib.import_module(library)
    serve(socket.socket(fileno=int(sys.argv[2])))
