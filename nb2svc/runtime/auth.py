"""API keys: who may ask, where keys are set."""

from __future__ import annotations

import hashlib
import hmac
import logging
import time
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from .access import KEY, WARMING
from .errors import SettingsError
from .health import HEALTH
from .refusals import Refused, refuse
from .settings import Settings

logger = logging.getLogger(__name__)

_SECONDS = 1.0  # between two looks at the file
_MISSING = "An API key is needed, as Authorization: Bearer KEY or X-API-Key: KEY."
_WRONG = "This API key is not known."


class Keys:
    """The keys that are valid now, as SHA-256 digests; in memory, too, they are nowhere in clear."""

    def __init__(self, given: Iterable[str] = (), file: Path | None = None) -> None:
        """Raises SettingsError where the file cannot be read."""
        self._given = [_digest(key.encode()) for key in given]
        self._file = file
        self._state: tuple[int, ...] = ()
        self._in_file: list[bytes] = []
        self._next_look = 0.0
        try:
            self._read()
        except (OSError, UnicodeDecodeError) as error:
            message = f"The file of API keys, {file}, cannot be read: {error}."
            raise SettingsError(message, hint="Put one key a line there, or unset SERVICE_API_KEYS_FILE.") from error

    @classmethod
    def of(cls, settings: Settings) -> Keys:
        return cls([key.get_secret_value() for key in settings.api_keys], settings.api_keys_file)

    def find(self, presented: bytes) -> str:
        """The short id of a valid key (the first 8 hex digits of its digest), or ``""``.

        The time this takes says nothing about the keys: digests are compared, and always all of them.
        """
        self._look()
        digest = _digest(presented)
        matches = [hmac.compare_digest(digest, each) for each in (*self._given, *self._in_file)]
        return digest.hex()[:8] if any(matches) else ""

    def _look(self) -> None:
        now = time.monotonic()
        if self._file is None or now < self._next_look:
            return
        try:
            self._read()
        except (OSError, UnicodeDecodeError) as error:  # as when it is being replaced: clients shall not notice
            logger.error("The file of API keys cannot be read; those read last stay valid: %s", error)  # noqa: TRY400
        self._next_look = now + _SECONDS

    def _read(self) -> None:
        if self._file is None:
            return
        found = self._file.stat()  # before its content: what changes meanwhile is seen at the next look
        state = (found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino)
        if state == self._state:
            return
        lines = (line.strip() for line in self._file.read_text("utf-8").splitlines())
        self._in_file = [_digest(line.encode()) for line in lines if line and not line.startswith("#")]
        if self._state:
            logger.info("The file of API keys changed: %d keys.", len(self._in_file))
        self._state = state


class AuthMiddleware:
    """Lets requests with a valid key pass, and those of public paths."""

    def __init__(self, app: ASGIApp, keys: Keys, public: Collection[str] = ()) -> None:
        self._app = app
        self._keys = keys
        self._public = HEALTH | set(public)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or scope["path"] in self._public or WARMING in scope:
            await self._app(scope, receive, send)
            return
        presented = list(_presented(scope["headers"]))
        for key in presented:
            if identifier := self._keys.find(key):
                scope[KEY] = identifier
                await self._app(scope, receive, send)
                return
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})  # before it is accepted: the client gets 403
            return
        challenge = 'Bearer error="invalid_token"' if presented else "Bearer"
        refused = Refused(401, _WRONG if presented else _MISSING, headers={"WWW-Authenticate": challenge})
        await refuse(refused, scope, receive, send)


def _presented(headers: list[tuple[bytes, bytes]]) -> Iterator[bytes]:
    for name, value in headers:
        if name == b"x-api-key":
            yield value.strip()
        elif name == b"authorization":
            scheme, _, key = value.partition(b" ")
            if scheme.lower() == b"bearer":
                yield key.strip()


def _digest(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()
