"""The kernel's own answers: live handlers and models behind the very runtime that the project will have."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..exchange import decode, encode

if TYPE_CHECKING:
    from fastapi import FastAPI


def answer(app: FastAPI, request: dict[str, Any]) -> dict[str, Any]:
    """Send one request (the form of ``Example.request``) to an app without a port; the form of ``Example.response``.

    An exception of the handler comes out as it is. Runs on a thread of its own, for the kernel's loop is busy with
    the cell; interrupting the cell interrupts the wait.
    """
    return _on_a_thread(lambda: asyncio.run(_send(app, request)))


async def _send(app: FastAPI, request: dict[str, Any]) -> dict[str, Any]:
    import httpx

    sent = encode(request)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url="http://notebook", timeout=None) as client:  # noqa: S113
        answer = await client.request(sent.method, sent.target, headers=list(sent.headers), content=sent.body)
    return decode(answer.status_code, answer.headers.get("content-type", ""), answer.content)


def _on_a_thread(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    outcome: dict[str, Any] = {}
    context = contextvars.copy_context()  # output of handlers goes to the cell that called them

    def run() -> None:
        try:
            outcome["value"] = context.run(work)
        except BaseException as error:  # noqa: BLE001 - handed to the waiting thread
            outcome["error"] = error

    thread = threading.Thread(target=run, name="nb2svc-example", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(0.1)  # short, so that an interrupt of the cell arrives
    if "error" in outcome:
        raise outcome["error"]
    value: dict[str, Any] = outcome["value"]
    return value
