"""The service's side: imports an exported project in a process that never saw its notebook, and asks it.

Neither nb2svc nor IPython is loaded here.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import json
import sys
from collections.abc import Callable
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, FileFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import forking

del sys.path[0]

import fastapi  # noqa: E402
import httpx  # noqa: E402

NB2SVC = Path(importlib.util.find_spec("nb2svc").submodule_search_locations[0])  # found, not imported
RUNTIME = NB2SVC / "runtime"
CODES: dict[bytes, CodeType] = {}  # the runtime's files are the same in each project: compiled once


class Compiled(SourceFileLoader):
    def source_to_code(self, data: Any, path: Any, *, _optimize: int = -1) -> Any:
        return CODES.get(bytes(data)) or super().source_to_code(data, path, _optimize=_optimize)


def loaded(path: Path) -> ModuleType:
    """A file of nb2svc's that stands by itself."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


clean_room = loaded(NB2SVC / "smoke" / "clean_room_child.py")


def warm_up() -> None:
    """Import once what the runtime imports, and forget the runtime itself."""
    sys.modules["service"] = ModuleType("service")
    sys.modules["service"].__path__ = [str(RUNTIME.parent)]
    for file in RUNTIME.glob("*.py"):
        CODES[file.read_bytes()] = compile(file.read_bytes(), f"service/runtime/{file.name}", "exec")
        importlib.import_module(f"service.runtime.{file.stem}".removesuffix(".__init__"))
    app = fastapi.FastAPI()
    app.add_api_route("/warm", lambda x: x)
    asyncio.run(answers(app, [{"method": "GET", "path": "/warm?x=1"}]))
    for name in [name for name in sys.modules if name.partition(".")[0] == "service"]:
        del sys.modules[name]
    sys.path_hooks.insert(0, FileFinder.path_hook((ExtensionFileLoader, EXTENSION_SUFFIXES), (Compiled, [".py"])))


def work(job: dict[str, Any]) -> dict[str, Any]:
    """The answers of the project ``job["project"]`` to ``job["requests"]``, in order; what the clean room sees first:
    definitions that are not what ``job["compared"]`` says, those that no longer are once it has started, and what
    pickles did not bring back.
    """
    sys.path_importer_cache.clear()
    sys.path.insert(0, job["project"])
    app = importlib.import_module("service.main").app
    modules = [str(NB2SVC / f"{name}.py") for name in ("fingerprint", "pickled", "ambient")]
    compared = clean_room.Compared({**job["compared"], "modules": modules})
    seen: dict[str, Any] = {"drift": compared.drift()}

    def started() -> None:
        seen.update(restarted=compared.drift(), returned=compared.returned(), ambient=compared.ambient())

    return {"answers": asyncio.run(answers(app, job["requests"], started)), **seen}


async def answers(
    app: Any, requests: list[dict[str, Any]], started: Callable[[], None] = lambda: None
) -> list[dict[str, Any]]:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=True)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://service") as client,
    ):
        started()
        return [await answered(client, request) for request in requests]


async def answered(client: httpx.AsyncClient, request: dict[str, Any]) -> dict[str, Any]:
    try:
        got = await client.request(request["method"], request["path"], json=request.get("json"))
    except Exception as error:  # noqa: BLE001 - that is the handler's answer, then
        return {"raises": f"{type(error).__name__}: {error}"}
    answer = {"status": got.status_code, "content_type": got.headers.get("content-type", "")}
    if answer["content_type"] == "application/json":
        return {**answer, "json": json.loads(got.content)}
    return {**answer, "text": got.text}


if __name__ == "__main__":
    warm_up()
    forking.serve(work)
