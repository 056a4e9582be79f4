"""HTTP with every wait and every size bounded: a service under test may hang, stream without end or die."""

from __future__ import annotations

import time
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Final

from ..exchange import EncodedRequest
from ..wording import size_text

if TYPE_CHECKING:
    import httpx
    from typing_extensions import Self

ANSWER_SECONDS: Final = 30.0  # for one answer, from the first byte sent to the last one received
MAX_ANSWER_BYTES: Final = 256 * 2**20


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, raw. ``seconds`` from the first byte sent to the last one received."""

    status: int
    content_type: str
    body: bytes
    seconds: float


class NoAnswerError(Exception):
    """There was no answer, or no end to it; the message says why.

    ``late``: the service took the request, and time ran out.
    """

    def __init__(self, message: str, *, late: bool = False) -> None:
        super().__init__(message)
        self.late = late


class ServiceClient:
    """A client of one service.

    Each request has a connection of its own, unless ``keep_alive``: servers close a connection after an error, and
    the next request must not suffer for it.
    """

    def __init__(self, url: str, *, answer_seconds: float = ANSWER_SECONDS, keep_alive: bool = False) -> None:
        import httpx

        self.answer_seconds = answer_seconds
        limits = httpx.Limits(max_keepalive_connections=1 if keep_alive else 0)
        # No proxy of the environment may stand between us and the service.
        self._client = httpx.Client(base_url=url, trust_env=False, limits=limits)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, path: str, *, limit: float | None = None) -> Answer:
        """``GET path``; ``limit`` (seconds) instead of the client's own. Raises ``NoAnswerError``."""
        return self.send(EncodedRequest("GET", path, (), b""), limit=limit)

    def send(self, request: EncodedRequest, *, limit: float | None = None) -> Answer:
        """Send ``request`` and take the whole answer. Raises ``NoAnswerError``."""
        import httpx

        limit = self.answer_seconds if limit is None else limit
        begin = time.perf_counter()
        try:
            with self._client.stream(
                request.method,
                request.target,
                headers=list(request.headers),
                content=request.body or None,
                timeout=limit,
            ) as response:
                body = _read(response, begin + limit)
        except httpx.TimeoutException as error:
            raise NoAnswerError(f"no answer within {limit:.3g} s", late=True) from error
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL) as error:
            raise NoAnswerError(f"no answer: {error or type(error).__name__}") from error
        kind = response.headers.get("content-type", "")
        return Answer(response.status_code, kind, body, time.perf_counter() - begin)


def _read(response: httpx.Response, end: float) -> bytes:
    """The whole body, as long as it ends in time and stays within ``MAX_ANSWER_BYTES``."""
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise NoAnswerError(f"the answer is larger than {size_text(MAX_ANSWER_BYTES)}")
        if time.perf_counter() > end:
            raise NoAnswerError(f"the answer did not end in time; {size_text(len(body))} had come", late=True)
    return bytes(body)
