"""A project's own Dockerfile against the one most guides show: build time, bytes above the base, start.

python bench/image/compare.py PROJECT [--rounds N] [--cold]

Both images hold the same project and lock. The rounds alternate, so that whatever else the machine does falls on
both; figures are medians. Builds run without layer cache; the package downloads that our cache mounts keep are
dropped before each build with --cold (of every project on this engine).
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from nb2svc.export import load_project
from nb2svc.image import build, inspect
from nb2svc.image.client import find_builder, run
from nb2svc.image.index import index_settings, secret_files
from nb2svc.values import Project

COMMON = Path(__file__).with_name("common.Dockerfile")
# As the guides that put several workers into the container start it.
TWO_WORKERS = "common with two workers"
UVICORN = ("python", "-m", "uvicorn", "service.main:app", "--host", "0.0.0.0", "--port", "8000", "--workers", "2")  # noqa: S104
# What no service with these libraries can go below: their imports from our image's bytecode, then the bare HTTP server.
FLOOR = "the libraries' imports alone"
LOADED = (
    "import service.main, sys; print(*(name for name in sys.modules if not name.startswith(('service', '__main__'))))"
)
BARE = """
import gc; gc.disable()
import importlib, http.server
for name in {names!r}.split():
    try: importlib.import_module(name)
    except Exception: pass
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self): self.send_response(200); self.end_headers()
http.server.HTTPServer(("", 8000), Ready).serve_forever()
"""
OURS_TAG, COMMON_TAG = "nb2svc-bench-ours:latest", "nb2svc-bench-common:latest"


def main() -> None:
    arguments = _arguments()
    project = load_project(arguments.project)
    builders = {
        COMMON_TAG: lambda: _build_common(project),
        OURS_TAG: lambda: build(project, tag=OURS_TAG, no_cache=True),
    }
    built = _alternate(arguments.rounds, {tag: _timed(each, arguments.cold) for tag, each in builders.items()})
    starts = {tag: lambda tag=tag: _start_seconds(tag) for tag in builders}
    bare = ("python", "-c", BARE.format(names=run("run", "--rm", OURS_TAG, "python", "-c", LOADED)))
    others = {
        TWO_WORKERS: lambda: _start_seconds(COMMON_TAG, *UVICORN),
        FLOOR: lambda: _start_seconds(OURS_TAG, *bare),
    }
    started = _alternate(arguments.rounds, {**starts, **others})
    base = inspect(OURS_TAG).base_size or 0
    above = {tag: float(inspect(tag).size - base) for tag in builders}
    _print("build without layer cache", "s", built)
    _print("start to the first ready answer", "s", started)
    _print("the same, common with two workers", "s", {**started, COMMON_TAG: started[TWO_WORKERS]})
    floor = started[FLOOR]
    print(f"the libraries' imports alone, from our image: {floor:.2f} s, {floor / started[COMMON_TAG]:.2f}")
    _print("bytes above the base", "MB", {tag: size / 1e6 for tag, size in above.items()})
    run("rmi", "--force", *builders)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("project", help="folder of an exported project")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cold", action="store_true", help="drop the kept downloads before each build")
    return parser.parse_args()


def _alternate(rounds: int, measures: dict[str, Callable[[], float]]) -> dict[str, float]:
    """The median of each measure over rounds that take turns."""
    found: dict[str, list[float]] = {name: [] for name in measures}
    for number in range(rounds):
        for name, measure in measures.items():
            found[name].append(measure())
            print(f"  round {number + 1} of {rounds}: {name} {found[name][-1]:.2f} s", flush=True)
    return {name: statistics.median(values) for name, values in found.items()}


def _timed(action: Callable[[], object], cold: bool) -> Callable[[], float]:
    def measure() -> float:
        if cold:
            run("builder", "prune", "--force", "--filter", "type=exec.cachemount")
        begin = time.perf_counter()
        action()
        return time.perf_counter() - begin

    return measure


def _build_common(project: Project) -> None:
    tool = find_builder()
    with secret_files(index_settings()) as secrets:
        command = [*tool.command, "--no-cache", "--quiet", "--tag", COMMON_TAG, "--file", str(COMMON)]
        command += ["--secret", f"id=ca.pem,src={secrets['ca.pem']}"] if "ca.pem" in secrets else []
        environment = {**os.environ, **tool.environment}
        subprocess.run([*command, "."], cwd=project.root, env=environment, check=True, capture_output=True)


def _start_seconds(tag: str, *command: str) -> float:
    """From ``docker run`` (of ``command``, or the image's own) to the first 200 of /readyz."""
    begin = time.perf_counter()
    with _container(tag, *command) as port:
        while not _ready(port):
            time.sleep(0.01)
        return time.perf_counter() - begin


@contextmanager
def _container(tag: str, *command: str) -> Iterator[int]:
    name = run("run", "--detach", "--publish", "127.0.0.1::8000", tag, *command).strip()
    try:
        (found,) = json.loads(run("inspect", name))
        yield int(found["NetworkSettings"]["Ports"]["8000/tcp"][0]["HostPort"])
    finally:
        run("rm", "--force", name)


def _ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _print(what: str, unit: str, found: dict[str, float]) -> None:
    common, ours = found[COMMON_TAG], found[OURS_TAG]
    print(f"{what}: common {common:.2f} {unit}, ours {ours:.2f} {unit}, ratio {ours / common:.2f}")


if __name__ == "__main__":
    main()
