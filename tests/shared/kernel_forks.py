"""A process that has loaded what every kernel with nb2svc loads, and forks itself for each kernel that is asked for.

``python kernel_forks.py MODULES`` loads the modules of that JSON file, then takes lines of JSON on stdin,
``{"start": [folder, connection file]}`` or ``{"end": process}``, and answers each by a line with the process's number.
No kernel runs in this process, and it holds nothing of any notebook: a fork goes on where ``ipykernel_launcher`` has
its imports behind it.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

del sys.path[0]  # our own folder must not be importable for what a notebook imports

os.environ["JPY_PARENT_PID"] = str(os.getpid())  # ipykernel reads it when it is imported; kernels end with us

from ipykernel.kernelapp import launch_new_instance  # noqa: E402

from nb2svc.capture.live import answer  # noqa: E402
from nb2svc.capture.registry import Registry  # noqa: E402
from nb2svc.capture.spec import live_app  # noqa: E402
from nb2svc.export import plan  # noqa: E402
from nb2svc.export.leaks import refuse_secrets  # noqa: E402
from nb2svc.values import Closure, Definition, EndpointSpec, Lock, ServiceSpec, Where  # noqa: E402

LAUNCHER = importlib.util.find_spec("ipykernel_launcher").origin


def load(modules: list[str]) -> None:
    """In the order in which they were loaded elsewhere; what was no file there is none here."""
    for name in modules:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def warm_up() -> None:
    """Make what is made once a process: compiled templates, detectors of secrets, FastAPI's own models."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    app = live_app(Registry(), "warm")
    app.add_api_route("/warm", echo)
    answer(app, {"method": "GET", "path": "/warm?x=1"})
    where = Where(notebook="warm.ipynb", cell=1)
    function = Definition(name="f", kind="function", source="def f(x: int): return x", where=where)
    endpoint = EndpointSpec(name="f", handler="f", method="GET", path="/f", where=where)
    spec = ServiceSpec(name="warm", python=python, endpoints=(endpoint,), closure=Closure(definitions=(function,)))
    lock = Lock(python=python, platform="linux/amd64", distributions=(), requirements_in="\n", requirements_txt="\n")
    refuse_secrets(plan(spec, lock))


async def echo(x: int) -> int:  # not a plain function: that would leave a thread here
    return x


def serve() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    gc.collect()
    for line in sys.stdin:
        job = json.loads(line)
        process = end(job["end"]) if "end" in job else start(*job["start"])
        answers.write(f"{process}\n")
        answers.flush()


def start(folder: str, connection_file: str) -> int:
    return os.fork() or kernel(folder, connection_file)


def kernel(folder: str, connection_file: str) -> NoReturn:
    """What ``python -m ipykernel_launcher -f connection_file`` is, started in ``folder``."""
    os.setsid()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.chdir(folder)
    sys.argv = [LAUNCHER, "-f", connection_file]
    launch_new_instance()
    sys.exit()


def end(process: int) -> int:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process, signal.SIGKILL)
    os.waitpid(process, 0)
    return process


if __name__ == "__main__":
    load(json.loads(Path(sys.argv[1]).read_text("utf-8")))
    warm_up()
    serve()
