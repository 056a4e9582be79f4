"""Answers that come in parts: text, JSON lines, bytes, or server-sent events where the client asks for them."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any

import anyio
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from .encoding import encode, to_json
from .foreign import plain
from .signatures import adapter

_END = object()
_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}  # proxies must not hold parts back


def is_stream(value: Any) -> bool:
    return inspect.isgenerator(value) or inspect.isasyncgen(value) or isinstance(value, (Iterator, AsyncIterator))


class Parts:
    """The items of a sync or async iterator, the first one already taken: so it may still fail with a status.

    Sync iterators run off the event loop. Whatever ends the answer, the iterator is closed.
    """

    def __init__(self, source: Any, first: Any) -> None:
        self._source = source
        self.first = first

    @classmethod
    async def open(cls, source: Any, *, abandon_on_cancel: bool = False) -> Parts:
        """Wait for the first item; ``abandon_on_cancel`` leaves a sync iterator to its thread when cancelled."""
        return cls(source, await _next(source, abandon_on_cancel=abandon_on_cancel))

    @property
    def empty(self) -> bool:
        return self.first is _END

    async def __aiter__(self) -> AsyncIterator[Any]:
        item = self.first
        while item is not _END:
            yield item
            item = await _next(self._source)

    async def close(self) -> None:
        with anyio.CancelScope(shield=True):
            if hasattr(self._source, "aclose"):
                await self._source.aclose()
            elif hasattr(self._source, "close"):
                await anyio.to_thread.run_sync(self._source.close)


async def _next(source: Any, *, abandon_on_cancel: bool = False) -> Any:
    if isinstance(source, AsyncIterator):
        return await anext(source, _END)
    return await anyio.to_thread.run_sync(next, source, _END, abandon_on_cancel=abandon_on_cancel)


class StreamingAnswer(StreamingResponse):
    """A streaming response that closes its iterator when it ends, however it ends."""

    def __init__(self, parts: Parts, form: Callable[[Any], bytes], media_type: str, status_code: int) -> None:
        self._parts = parts
        content = self._content(form)
        super().__init__(content, status_code=status_code, headers=_HEADERS, media_type=media_type)

    async def _content(self, form: Callable[[Any], bytes]) -> AsyncIterator[bytes]:
        async for item in self._parts:
            yield form(item)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        except Exception as error:
            own = _ungrouped(error)
            if own is error:
                raise
            raise own from own.__cause__
        finally:
            await self._parts.close()


def _ungrouped(error: Exception) -> Exception:
    """The handler's own error, where the task group of an older Starlette has wrapped it."""
    inner: tuple[Exception, ...] = getattr(error, "exceptions", ())
    return _ungrouped(inner[0]) if len(inner) == 1 else error


def stream(parts: Parts, item_type: Any, headers: Mapping[str, str], status_code: int) -> StreamingAnswer:
    """The answer of a handler that gives its items one by one.

    ``item_type`` is the annotated type of the items (Any where there is none): checked and written by it, where
    pydantic can. It also says what an empty stream is; otherwise the first item does.
    """
    kind = item_type if parts.empty else type(parts.first)
    kind = kind if inspect.isclass(kind) else object
    events = _accepts_events(headers.get("accept", ""))
    if issubclass(kind, (bytes, bytearray)):
        return StreamingAnswer(parts, bytes, "application/octet-stream", status_code)
    if issubclass(kind, str):
        return StreamingAnswer(parts, *_TEXT_EVENTS if events else _TEXT, status_code=status_code)
    write = _writer(item_type)
    if events:
        return StreamingAnswer(parts, lambda item: _event(write(item)), "text/event-stream", status_code)
    return StreamingAnswer(parts, lambda item: write(item) + b"\n", "application/jsonl", status_code)


def _writer(item_type: Any) -> Callable[[Any], bytes]:
    checked = None if item_type is Any else adapter(item_type)
    if checked is None:
        return lambda item: to_json(encode(item))
    return lambda item: checked.dump_json(checked.validate_python(plain(item), from_attributes=True), by_alias=True)


def _text(item: Any) -> bytes:
    if not isinstance(item, str):
        message = f"A stream of text gave a {type(item).__qualname__}: yield text only, or never text first."
        raise TypeError(message)
    return item.encode()


def _event(data: bytes) -> bytes:
    lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    return b"".join(b"data: " + line + b"\n" for line in lines) + b"\n"


_TEXT = (_text, "text/plain; charset=utf-8")
_TEXT_EVENTS = (lambda item: _event(_text(item)), "text/event-stream")


def _accepts_events(accept: str) -> bool:
    return any(part.partition(";")[0].strip().lower() == "text/event-stream" for part in accept.split(","))
