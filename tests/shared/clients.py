"""Clients of a running service that ask without a pause, whatever happens to it meanwhile."""

from __future__ import annotations

import http.client
import threading
import time


class Load:
    """Clients that ask the same again and again: half of them on connections that stay, half on new ones.

    They go on until :meth:`stop`, or until nobody listens any more. What else goes wrong is a failure.
    """

    def __init__(self, port: int, path: str, clients: int = 6, pause: float = 0.0) -> None:
        self.answers: list[tuple[int, bytes]] = []
        self.failures: list[str] = []
        self.refused = 0
        self._port = port
        self._path = path
        self._pause = pause  # seconds between two requests of a client
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(number % 2 == 0,)) for number in range(clients)]

    def __enter__(self) -> Load:  # noqa: PYI034 - Self is not in Python 3.10's typing
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _ask(self, stays: bool) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        headers = {} if stays else {"Connection": "close"}
        while not self._stopped.is_set():
            try:
                connection.request("GET", self._path, headers=headers)
                answer = connection.getresponse()
                self.answers.append((answer.status, answer.read()))
                time.sleep(self._pause)
            except ConnectionRefusedError:  # noqa: PERF203
                self.refused += 1
                return
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
                connection.close()
        connection.close()

    def wait_for_more(self, count: int = 50) -> None:
        """Answers than there are now."""
        until, deadline = len(self.answers) + count, time.monotonic() + 60
        while len(self.answers) < until:
            assert time.monotonic() < deadline, self.failures
            time.sleep(0.01)

    def wait_for_the_end(self) -> None:
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()

    def stop(self) -> None:
        self._stopped.set()
        self.wait_for_the_end()
