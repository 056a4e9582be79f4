"""Several processes that serve one socket, and the process that keeps them running.

Each worker is an interpreter of its own with all models; the large arrays lie in mapped files, which all share. The
supervisor imports neither the application nor a web framework: it binds the socket, starts the workers, replaces the
one that dies, and passes on what it is told. SIGHUP makes a new generation: its first worker must have started before
any older one ends, then they change one by one.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from .accepting import refuse_newcomers, url
from .errors import SettingsError
from .links import METRICS, STARTED, Worker, may_reload
from .settings import Settings

logger = logging.getLogger(__name__)

_CALM_SECONDS = 60.0  # without a death: the next one is replaced at once again
_LONGEST_PAUSE = 30.0  # seconds between two attempts
_BEYOND_GRACE = 5.0  # seconds: a worker that has not ended by itself then is killed


class Supervisor:
    """Keeps ``settings.workers`` processes at work until it is told to stop."""

    def __init__(self, settings: Settings, listening: socket.socket, metrics: Path, adopted: Worker | None) -> None:
        self._settings = settings
        self._listening = listening
        self._metrics = metrics
        self._workers: dict[int, Worker] = {}  # by process id
        self._generation = 0
        self._proven = 0  # the last generation of which a worker has started
        self._complete = adopted is not None  # all workers were ready once
        self._signal = 0
        self._kill_at = 0.0
        self._exit_code = 0
        self._pause = 0.0  # seconds before the next start, growing with each death
        self._not_before = self._last_death = -_CALM_SECONDS
        if adopted is not None:
            self._add(adopted)

    def run(self) -> int:
        """Returns the exit code: that of the command when it runs alone."""
        with _wakeups() as wakeups:
            self._reap()
            while self._workers or not self._signal:
                if not self._signal:
                    self._fill()
                self._wait(wakeups)
                self._reap()
        return 128 + signal.SIGINT if self._signal == signal.SIGINT else self._exit_code

    # --- what should be ------------------------------------------------------------------------

    def _fill(self) -> None:
        """Start what is missing, and one of the new generation for one of an older."""
        now = time.monotonic()
        staying = [worker for worker in self._workers.values() if not worker.is_ending]
        wanted = self._settings.workers - len(staying)
        if not wanted and all(worker.is_ready for worker in staying):
            wanted = int(any(worker.generation != self._generation for worker in staying))
        if wanted > 0 and now >= self._not_before:
            for _ in range(wanted):
                self._start()

    def _start(self) -> None:
        used = {worker.number for worker in self._workers.values()}
        number = next(each for each in range(1, len(used) + 2) if each not in used)
        self._add(Worker.start(number, self._listening, self._generation))

    def _add(self, worker: Worker) -> None:
        self._workers[worker.pid] = worker
        self._link_of(worker.number).symlink_to(str(worker.pid))  # at once whole, unlike a file

    def _started(self, worker: Worker) -> None:
        logger.info("Worker %d (process %d) is ready.", worker.number, worker.pid)
        self._proven = max(self._proven, worker.generation)
        staying = [each for each in self._workers.values() if not each.is_ending]
        if self._complete:
            worker.go()
            old = [each for each in staying if each.generation != worker.generation and each.is_ready]
            if len(staying) > self._settings.workers and old:
                self._end(old[0], signal.SIGTERM)
            return
        worker.is_ready = True
        if len(staying) == self._settings.workers and all(each.is_ready for each in staying):
            self._complete = True  # /readyz says no until here
            logger.info("All %d workers are ready on %s", len(staying), url(self._listening))
            for each in staying:
                each.go()

    # --- what happens --------------------------------------------------------------------------

    def _wait(self, wakeups: socket.socket) -> None:
        now = time.monotonic()
        until = self._kill_at if self._signal else self._not_before
        poll = select.poll()
        ends = {worker.end.fileno(): worker for worker in self._workers.values() if worker.end.fileno() >= 0}
        for number in (wakeups.fileno(), *ends):
            poll.register(number, select.POLLIN)
        events = poll.poll(max(0, until - now) * 1000 if until > now else None)
        if self._signal and not events:
            for worker in self._workers.values():
                worker.signal(signal.SIGKILL)
        for number, _ in events:
            if number in ends:
                self._hear(ends[number])
            else:
                self._obey(wakeups.recv(64))

    def _hear(self, worker: Worker) -> None:
        try:
            said = worker.end.recv(1)
        except OSError:
            said = b""
        if said != STARTED:
            worker.end.close()  # it ends: the system will say how
        elif not worker.is_ending:
            self._started(worker)

    def _obey(self, signals: bytes) -> None:
        for number in signals:
            if number in (signal.SIGTERM, signal.SIGINT):
                self._stop(number)
            elif number == signal.SIGHUP and not self._signal:
                self._generation += 1
                self._not_before = time.monotonic()
                logger.info("Reloading: new workers take the place of those at work.")

    def _stop(self, number: int) -> None:
        """End all; told again, at once."""
        drain = self._settings.drain_seconds if number == signal.SIGTERM else 0
        if not drain and not self._signal:
            refuse_newcomers(self._listening)
        self._listening.close()  # the workers' own is the last one: who comes later is refused, not left waiting
        self._kill_at = time.monotonic() + drain + self._settings.grace_seconds + _BEYOND_GRACE
        for worker in self._workers.values():
            if self._signal or not worker.is_ending:
                self._end(worker, number if worker.is_ready else signal.SIGTERM)
        self._signal = self._signal or number

    @staticmethod
    def _end(worker: Worker, number: int) -> None:
        worker.is_ending = True
        worker.signal(number)

    def _reap(self) -> None:
        """Learn who has ended; as the first process of a container, of strangers, too."""
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if not pid:
                    return
                if worker := self._workers.pop(pid, None):
                    self._died(worker, os.waitstatus_to_exitcode(status))

    def _died(self, worker: Worker, code: int) -> None:
        worker.end.close()
        self._link_of(worker.number).unlink(missing_ok=True)
        for file in self._metrics.glob(f"gauge_live*_{worker.number}.db"):  # what it had in progress; its counts stay
            file.unlink()
        self._judge(worker, code)

    def _judge(self, worker: Worker, code: int) -> None:
        said = f"was killed by signal {-code}" if code < 0 else f"ended with {code}"
        exit_code = code if code >= 0 else 128 - code
        others = any(each.is_ready for each in self._workers.values())
        if worker.is_ending:
            as_told = code in (0, 128 + signal.SIGINT, -signal.SIGTERM)  # by the signal itself: it had hardly begun
            if self._signal and not as_told:
                self._exit_code = self._exit_code or exit_code
        elif self._complete and worker.generation > self._proven:
            self._generation = self._proven
            logger.error("The new worker %s before it was ready: those at work go on.", said)
        elif worker.is_ready or (self._complete and others):
            name = f"Worker {worker.number} (process {worker.pid})"
            logger.error("%s %s: the next one starts in %.0f s.", name, said, self._back_off())
        else:
            logger.error("Worker %d %s before it was ready.", worker.number, said)
            self._exit_code = exit_code
            self._stop(signal.SIGTERM)

    def _back_off(self) -> float:
        """The first death is made up for at once; those that follow soon, after ever longer. Returns the seconds."""
        now = time.monotonic()
        is_first = now - self._last_death > _CALM_SECONDS
        self._pause = 0.0 if is_first else min(max(2 * self._pause, 1.0), _LONGEST_PAUSE)
        self._last_death, self._not_before = now, now + self._pause
        return self._pause

    def _link_of(self, number: int) -> Path:
        return self._metrics / f"{number}.pid"


def supervise(settings: Settings, listening: socket.socket, adopted: Worker | None = None) -> int:
    """Run workers until told to stop. Returns the exit code. Raises SettingsError."""
    folder = metrics_folder() if adopted is None else Path(os.environ[METRICS])
    try:
        return Supervisor(settings, listening, folder, adopted).run()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def metrics_folder() -> Path:
    """A new private folder for the metrics of workers, which will inherit its name. Raises SettingsError."""
    try:
        os.environ[METRICS] = tempfile.mkdtemp(prefix="service-metrics-")
    except OSError as error:
        message = f"Workers need a temporary folder for their metrics: {error}."
        raise SettingsError(message, hint="Mount one (--tmpfs /tmp), or set SERVICE_WORKERS=1.") from error
    return Path(os.environ[METRICS])


@contextlib.contextmanager
def _wakeups() -> Iterator[socket.socket]:
    """A socket from which the numbers of signals are read, as they come."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.setblocking(False)
        signal.set_wakeup_fd(theirs.fileno())
        heard = {signal.SIGTERM, signal.SIGINT, signal.SIGCHLD} | ({signal.SIGHUP} if may_reload() else set())
        for number in heard:
            signal.signal(number, lambda *_: None)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, heard)
        try:
            yield ours
        finally:
            signal.set_wakeup_fd(-1)
