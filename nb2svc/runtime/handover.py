"""Reloading a service that runs as one process: a successor takes over the socket, and this process then only
supervises it.

The process must stay, for it may be the first one of a container. It gives back its memory by starting anew as the
supervisor of one worker.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
from typing import NoReturn

from .accepting import inherited_socket
from .errors import SettingsError
from .links import STARTED, Worker
from .workers import metrics_folder

logger = logging.getLogger(__name__)

_ADOPTED = "NB2SVC_ADOPTED"  # in the environment of a process that starts anew: its child, and the link to it


def successor(listening: socket.socket) -> Worker | None:
    """A new process that is ready to serve the socket, too; None, with the reason in the log, where it cannot."""
    try:
        metrics_folder()
    except SettingsError as error:
        logger.error("No reload: %s", error)  # noqa: TRY400 - it has no cause that says more
        return None
    worker = Worker.start(1, listening)
    logger.info("Reloading: process %d takes the place of this one.", worker.pid)
    if worker.end.recv(1) == STARTED:
        worker.go()
        return worker
    _, status = os.waitpid(worker.pid, 0)
    worker.end.close()
    code = os.waitstatus_to_exitcode(status)
    logger.error("The new process ended with %d before it was ready: this one goes on.", code)
    return None


def become_supervisor(worker: Worker, listening: socket.socket) -> NoReturn:
    """Start this process anew, as the supervisor of ``worker``."""
    # what comes before the supervisor listens is kept for it
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
    for each in (listening, worker.end):
        each.set_inheritable(True)
    logging.shutdown()  # flushes
    environment = {
        **os.environ,
        "SERVICE_FD": str(listening.fileno()),
        _ADOPTED: f"{worker.number} {worker.pid} {worker.end.fileno()}",
    }
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)  # noqa: S606 - our own command


def adopted_worker() -> Worker | None:
    """The worker of a process that has started anew to supervise it."""
    given = os.environ.pop(_ADOPTED, "")
    if not given:
        return None
    number, pid, end = map(int, given.split())
    return Worker(number, pid, inherited_socket(end), is_ready=True)
