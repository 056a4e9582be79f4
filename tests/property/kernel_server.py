"""The kernel's side: runs a notebook in a real IPython with nb2svc loaded, exports it, and asks the live handlers."""

from __future__ import annotations

import contextlib
import inspect
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import forking

sys.path[0] = ""  # as in a kernel; our own folder must not be importable for what a notebook imports

import importlib  # noqa: E402
import pkgutil  # noqa: E402

import httpx  # noqa: E402, F401 - so that no child has to
import ipykernel.compiler  # noqa: E402
import traitlets  # noqa: E402
from IPython.core.displaypub import CapturingDisplayPublisher  # noqa: E402
from IPython.core.interactiveshell import InteractiveShell  # noqa: E402
from traitlets.config import Config  # noqa: E402

import nb2svc  # noqa: E402
from nb2svc.capture.live import answer  # noqa: E402
from nb2svc.capture.registry import Registry  # noqa: E402
from nb2svc.capture.spec import live_app  # noqa: E402
from nb2svc.errors import Nb2svcError  # noqa: E402
from nb2svc.events import ignore  # noqa: E402
from nb2svc.export import Finish, plan  # noqa: E402
from nb2svc.export.stage import stage  # noqa: E402
from nb2svc.values import Closure, Definition, EndpointSpec, Lock, ServiceSpec, Where  # noqa: E402

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
LOCK = Lock(python=PYTHON, platform="linux/amd64", distributions=(), requirements_in="\n", requirements_txt="\n")

for package in ("capture", "export", "runtime", "ui"):
    for found in pkgutil.iter_modules([str(Path(nb2svc.__file__).parent / package)]):
        if not found.name.startswith("__"):
            importlib.import_module(f"nb2svc.{package}.{found.name}")


class Shell(InteractiveShell):
    """A terminal-less IPython that names its cells' code as ipykernel does: by their text."""

    compiler_class = traitlets.Type(ipykernel.compiler.XCachingCompiler)
    display_pub_class = traitlets.Type(CapturingDisplayPublisher)

    def showtraceback(self, *args: Any, **kwargs: Any) -> None:
        """Nobody reads it here, and that of an endless recursion takes seconds to write."""


def shell_with_nb2svc() -> Shell:
    config = Config()
    config.HistoryManager.enabled = False  # its thread would not survive a fork; ours keeps a log of its own
    shell: Shell = Shell.instance(config=config)
    shell.InteractiveTB.structured_traceback = lambda *_, **__: []
    shell.run_line_magic("load_ext", "nb2svc")
    return shell


def work(job: dict[str, Any]) -> dict[str, Any]:
    """Run ``job["cells"]``, export to ``job["project"]`` and answer ``job["inputs"]``."""
    os.chdir(job["folder"])
    shell = Shell.instance()
    cells = [run_cell(shell, cell) for cell in job["cells"]]
    result: dict[str, Any] = {"cells": cells}
    service = nb2svc.service
    try:
        spec = exported(service, Path(job["project"]))
    except Nb2svcError as error:
        return {**result, "refused": said(error)}
    app = live_app(service._current(), service.name)
    requests = [request for value in job["inputs"] for request in requests_for(service, value)]
    return {
        **result,
        "examples": [[one.request, one.response] for one in spec.examples],
        "compared": {
            "helpers": [one.name for one in spec.closure.helpers],
            "fingerprints": {one.name: one.fingerprint for one in spec.closure.definitions if one.fingerprint},
            "ambient": spec.ambient,
            "held": {one.name: one.held for one in spec.closure.definitions if one.held},
        },
        "warnings": [one.message for one in spec.warnings],
        "asked": [[request, asked(app, request)] for request in requests],
    }


def run_cell(shell: Shell, cell: dict[str, Any]) -> dict[str, Any]:
    known = inspect.signature(shell.run_cell).parameters
    meta = {"cell_meta": {"deletedCells": cell["deleted"]}} if "cell_meta" in known else {}
    done = shell.run_cell(cell["source"], store_history=True, cell_id=cell["id"], **meta)
    error = done.error_before_exec or done.error_in_exec
    if error is None:
        return {}
    if isinstance(error, Nb2svcError):
        return {"refused": said(error)}
    return {"raised": f"{type(error).__name__}: {error}", "bug": is_ours(error)}


def is_ours(error: BaseException) -> bool:
    """Whether nb2svc itself failed, not what the cell did."""
    frame = error.__traceback__
    while frame is not None:
        if frame.tb_frame.f_globals.get("__name__", "").startswith("nb2svc."):
            return True
        frame = frame.tb_next
    return False


def said(error: Nb2svcError) -> list[str]:
    return [problem.message for problem in error.problems] or [error.message]


def exported(service: Any, project: Path) -> Any:
    """The spec, and its project in the folder ``project``: all that an export does but the lock and the clean room."""
    with service._staged(project, ignore, ()) as captured:
        planned = plan(captured.spec, LOCK)
        project.mkdir()
        stage(planned, project, lambda _: Finish({}))
        return captured.spec


def requests_for(service: Any, value: Any) -> Iterator[dict[str, Any]]:
    """The request of each endpoint's example with another ``x``, and of each model with it as the row."""
    for model in service._current().models:
        yield {"method": "POST", "path": f"/models/{model.public}/predict", "json": {"inputs": [value]}}
    for endpoint in service._current().endpoints:
        request = endpoint.requests[0]
        if "json" in request:
            yield {**request, "json": {**request["json"], "x": value}}
        else:
            yield {**request, "path": f"{endpoint.path}?x={value}"}


def asked(app: Any, request: dict[str, Any]) -> dict[str, Any]:
    try:
        return answer(app, request)
    except Exception as error:  # noqa: BLE001 - that is the handler's answer, then
        return {"raises": f"{type(error).__name__}: {error}"}


def warm_up() -> None:
    """Whatever is loaded or compiled at its first use: templates, the HTTP client, FastAPI's dependencies."""
    where = Where(notebook="warm.ipynb", cell=1)
    app = live_app(Registry(), "warm")
    app.add_api_route("/warm", lambda x: x)
    answer(app, {"method": "GET", "path": "/warm?x=1"})
    plan(
        ServiceSpec(
            name="warm",
            python=PYTHON,
            endpoints=(EndpointSpec(name="f", handler="f", method="GET", path="/f", where=where),),
            closure=Closure(
                definitions=(Definition(name="f", kind="function", source="def f(x: int): return x", where=where),)
            ),
        ),
        LOCK,
    )


if __name__ == "__main__":
    with contextlib.redirect_stdout(None):
        shell_with_nb2svc()
    warm_up()
    forking.serve(work)
