"""The clean room's inside: import a project and answer its examples as a container would.

Run by path (``python -I -B clean_room_child.py``) in the notebook's interpreter. Standard library only: nothing
here may depend on what the service itself is allowed to import. The job comes as JSON on stdin; events go out as
JSON lines on the original stdout, which user code cannot reach: its own stdout is stderr here.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import errno
import importlib
import importlib.util
import io
import json
import os
import site
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from importlib.machinery import ModuleSpec
from types import FrameType, ModuleType
from typing import Any
from urllib.parse import unquote_to_bytes

Report = Callable[..., None]

MAX_TRACEBACK = 30_000  # characters, the last ones
SHUTDOWN_SECONDS = 5.0


# --- what may be imported -----------------------------------------------------------------------


class Admitted:
    """The files that the container will have: standard library, project, distributions of the lock."""

    def __init__(self, job: Mapping[str, Any]) -> None:
        self.project = _prefix(job["root"])
        self.stdlib = tuple(_prefix(folder) for folder in job["stdlib"])
        self.trees = tuple(job["trees"])
        self.metadata = frozenset(job["metadata"])
        self.files = {_prefix(folder): set[str]() for folder, _ in job["records"]}
        for folder, record in job["records"]:
            with open(record, encoding="utf-8") as file:  # noqa: PTH123 (pathlib costs its import)
                lines = file.read().splitlines()
            self.files[_prefix(folder)].update(_recorded(line) for line in lines)

    def admits(self, spec: ModuleSpec) -> bool:
        origin = spec.origin
        if origin is None:
            locations = list(spec.submodule_search_locations or ())
            return not locations or any(self._holds_admitted(location) for location in locations)
        if origin in {"built-in", "frozen"}:
            return True
        return origin.startswith(self.project) or self.is_stdlib(origin) or self.is_locked(origin)

    def is_stdlib(self, origin: str) -> bool:
        return any(
            origin.startswith(folder) and not origin[len(folder) :].startswith(("site-packages", "dist-packages"))
            for folder in self.stdlib
        )

    def is_locked(self, origin: str) -> bool:
        """Whether a distribution of the lock owns the file ``origin``."""
        for folder, files in self.files.items():
            if origin.startswith(folder) and origin[len(folder) :].replace(os.sep, "/") in files:
                return True
        return any(origin.startswith(tree) and origin[len(tree) :][:1] in {os.sep, "."} for tree in self.trees)

    def _holds_admitted(self, location: str) -> bool:
        """Whether anything admitted lies in this part of a namespace package."""
        inside = _prefix(location)
        if inside.startswith(self.project) or any(_prefix(tree).startswith(inside) for tree in self.trees):
            return True
        if any(inside.startswith(_prefix(tree)) for tree in self.trees):
            return True
        for folder, files in self.files.items():
            below = inside[len(folder) :].replace(os.sep, "/")
            if inside.startswith(folder) and any(file.startswith(below) for file in files):
                return True
        return False


def _prefix(folder: str) -> str:
    return folder.rstrip(os.sep) + os.sep


def _recorded(line: str) -> str:
    """The path of a line of RECORD, which is CSV: quoted where it holds a comma."""
    return line[1:].partition('"')[0] if line.startswith('"') else line.partition(",")[0]


class Guard:
    """The only finder on ``sys.meta_path``: asks the ordinary ones and hides what the container would not have.

    A hidden module is *not found*, exactly as in the container, so that ``try: import pandas`` and
    ``importlib.util.find_spec`` behave as they will there. ``hidden`` tells the other side which were asked for, and
    by which files; ``groups`` which groups of entry points were looked through.
    """

    def __init__(self, finders: Iterable[Any], admitted: Admitted) -> None:
        self.finders = tuple(finders)
        self.admitted = admitted
        self.hidden: dict[str, dict[str, None]] = {}  # module → files whose code asked for it, in order
        self.groups: dict[str, dict[str, None]] = {}  # group of entry points ("" for all of them) → the same

    def find_spec(self, name: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        for finder in self.finders:
            spec: ModuleSpec | None = finder.find_spec(name, path, target)
            if spec is None:
                continue
            if name.partition(".")[0] != "nb2svc" and self.admitted.admits(spec):
                return spec
            self.hidden.setdefault(name, {})[self.asker()] = None
            return None
        return None

    def find_distributions(self, context: Any = None) -> Iterable[Any]:
        """For ``importlib.metadata``: versions and entry points of the lock's distributions only."""
        from importlib.metadata import DistributionFinder, MetadataPathFinder

        context = context or DistributionFinder.Context()
        if context.name is None:
            self.note_group()
        for found in MetadataPathFinder.find_distributions(context):
            if str(getattr(found, "_path", "")) in self.admitted.metadata:
                yield found

    def note_group(self) -> None:
        """Plugins are found through all distributions: note which group of entry points is being looked through."""
        group = ""
        frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 (public in all but name)
        while frame is not None:
            if frame.f_code.co_name == "entry_points" and isinstance(frame.f_locals.get("params"), dict):
                group = str(frame.f_locals["params"].get("group", ""))
                break
            frame = frame.f_back
        self.groups.setdefault(group, {})[self.asker()] = None

    def asker(self) -> str:
        """The file of the project or of a distribution whose code runs now; "" where neither does."""
        frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 (public in all but name)
        while frame is not None:
            file = frame.f_code.co_filename
            if file.startswith(self.admitted.project) or self.admitted.is_locked(file):
                return file
            frame = frame.f_back
        return ""

    def invalidate_caches(self) -> None:
        for finder in self.finders:
            if hasattr(finder, "invalidate_caches"):
                finder.invalidate_caches()


def enter(job: Mapping[str, Any]) -> Guard:
    """Put this interpreter into the state of the container's: path, finders, modules."""
    for folder in job["sites"]:
        if folder not in sys.path:
            site.addsitedir(folder)  # the user's site, which -I leaves out
    admitted = Admitted(job)
    # Finders that .pth files brought (editable installs) stay where their distribution is in the lock.
    guard = Guard([finder for finder in sys.meta_path if _is_admitted(finder, admitted)], admitted)
    for name, module in list(sys.modules.items()):
        spec = getattr(module, "__spec__", None)
        if isinstance(spec, ModuleSpec) and not admitted.admits(spec):
            del sys.modules[name]  # a .pth file imported it
    sys.meta_path[:] = [guard]
    sys.path.insert(0, job["root"])
    sys.argv = ["service"]
    return guard


def _is_admitted(finder: Any, admitted: Admitted) -> bool:
    spec = getattr(sys.modules.get(finder.__module__), "__spec__", None)
    return spec is None or admitted.admits(spec)


def conceal(hidden: Iterable[str], shown: Iterable[str], report: Report) -> None:
    """Files below ``hidden`` and not below ``shown`` do not exist: the container will not have them either."""
    concealed = tuple(_prefix(folder) for folder in hidden)
    exempt = tuple(_prefix(path) for path in shown)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event != "open" or not isinstance(arguments[0], (str, bytes)):
            return
        path = os.path.abspath(os.fsdecode(arguments[0]))  # noqa: PTH100
        if path.startswith(concealed) and not _prefix(path).startswith(exempt):
            report("concealed", path=path)
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)

    if concealed:
        sys.addaudithook(hook)


def imported(admitted: Admitted) -> list[str]:
    """The third-party packages in use: top-level names, but for namespace packages the packages in them."""
    found = set()
    for module in list(sys.modules.values()):
        spec = getattr(module, "__spec__", None)
        if not isinstance(spec, ModuleSpec) or spec.origin is None:
            continue
        if admitted.is_stdlib(spec.origin) or not admitted.is_locked(spec.origin):
            continue
        parts = spec.name.split(".")  # extension modules may stand in sys.modules under a shorter name, too
        prefixes = [".".join(parts[: length + 1]) for length in range(len(parts))]
        found.add(next((prefix for prefix in prefixes if not _is_namespace(prefix)), spec.name))
    return sorted(found)


def _is_namespace(name: str) -> bool:
    module = sys.modules.get(name)
    return module is not None and getattr(module, "__file__", None) is None


# --- whether the definitions are the notebook's -------------------------------------------------


class Compared:
    """What the kernel says of its definitions and settings, against what they are here.

    ``modules`` are the files of nb2svc that write the texts, which stand by themselves, in the order of their imports.
    """

    def __init__(self, job: Mapping[str, Any]) -> None:
        package = sys.modules["_compared"] = ModuleType("_compared")
        for path in job["modules"]:
            name = os.path.basename(path).removesuffix(".py")  # noqa: PTH119 (pathlib costs its import)
            spec = importlib.util.spec_from_file_location(f"_compared.{name}", path)
            assert spec is not None  # noqa: S101 (a path that ends in .py has one)
            assert spec.loader is not None  # noqa: S101
            module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            setattr(package, name, module)
        self.texts: Any = package
        self.job = job

    def drift(self) -> dict[str, list[tuple[str, str, str]]]:
        """Definitions of ``service.notebook`` that are not what they are in the kernel: what, there, here."""
        texts = self.texts.fingerprint

        def differing(value: Any, find: Any, there: Mapping[str, str]) -> Any:
            return texts.differences(there, texts.fingerprint(value, find))

        return self._differing(self.job["fingerprints"], differing)

    def returned(self) -> dict[str, list[tuple[str, str, str]]]:
        """The same for what objects hold that say themselves what a pickle has of them."""

        def differing(value: Any, find: Any, there: Mapping[str, str]) -> list[tuple[str, str, str]]:
            here = self.texts.pickled.held(value, find, self.job["helpers"], also=there)
            return [(what, text, here.get(what, "")) for what, text in there.items() if here.get(what) != text]

        return self._differing(self.job["held"], differing)

    def ambient(self) -> list[tuple[str, str, str]]:
        """Settings, of modules that both sides have loaded, that are not those of the kernel: what, there, here."""
        here = self.texts.ambient.ambient({"time"}, self.job["ambient"])
        return [(what, text, here[what]) for what, text in self.job["ambient"].items() if here.get(what, text) != text]

    def _differing(
        self, expected: Mapping[str, Mapping[str, str]], differing: Callable[..., Any]
    ) -> dict[str, list[tuple[str, str, str]]]:
        notebook = sys.modules.get("service.notebook")
        if notebook is None or notebook.__file__ is None:
            return {}
        with open(notebook.__file__, encoding="utf-8") as file:  # noqa: PTH123 (pathlib costs its import)
            find = self.texts.fingerprint.in_file(file.read())
        found = {name: differing(getattr(notebook, name, None), find, texts) for name, texts in expected.items()}
        return {name: one for name, one in found.items() if one}


# --- a client of the application ----------------------------------------------------------------


class Lifespan:
    """The application's startup and shutdown, by the ASGI lifespan protocol."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.state: dict[str, Any] = {}
        self._to_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._from_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def startup(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
        self._task = asyncio.ensure_future(self.app(scope, self._to_app.get, self._from_app.put))
        message = await self._exchange("lifespan.startup")
        if message["type"] == "lifespan.startup.failed":
            await self._task  # raises what failed
            raise RuntimeError(message.get("message") or "the application's startup failed")

    async def shutdown(self) -> None:
        await asyncio.wait_for(self._exchange("lifespan.shutdown"), SHUTDOWN_SECONDS)

    async def _exchange(self, kind: str) -> dict[str, Any]:
        await self._to_app.put({"type": kind})
        answer = asyncio.ensure_future(self._from_app.get())
        await asyncio.wait({answer, self._task}, return_when=asyncio.FIRST_COMPLETED)
        if answer.done():
            return answer.result()
        answer.cancel()
        self._task.result()  # raises what the application raised
        return {"type": f"{kind}.complete"}


async def request(app: Any, example: Mapping[str, Any], state: Mapping[str, Any]) -> dict[str, Any]:
    """Send one request to the application; ``{"status", "content_type", "body"}``, with ``error`` where it raised."""
    raw_path, _, query = example["target"].partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": example["method"],
        "scheme": "http",
        "path": unquote_to_bytes(raw_path).decode("utf-8", "replace"),
        "raw_path": raw_path.encode("ascii"),
        "query_string": query.encode("ascii"),
        "root_path": "",
        "headers": [(b"host", b"service"), *((k.lower().encode(), v.encode("latin-1")) for k, v in example["headers"])],
        "client": ("127.0.0.1", 1),
        "server": ("service", 80),
        "state": dict(state),
    }
    incoming = [{"type": "http.request", "body": base64.b64decode(example["body"]), "more_body": False}]
    answer: dict[str, Any] = {"status": 0, "content_type": "", "body": b""}
    complete = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if incoming:
            return incoming.pop()
        await complete.wait()
        return {"type": "http.disconnect"}

    async def send(message: Mapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answer["status"] = message["status"]
            headers = {bytes(name).lower(): bytes(value) for name, value in message.get("headers", ())}
            answer["content_type"] = headers.get(b"content-type", b"").decode("latin-1")
        elif message["type"] == "http.response.body":
            answer["body"] += message.get("body", b"")
            if not message.get("more_body", False):
                complete.set()

    try:
        await app(scope, receive, send)
    except Exception as error:  # noqa: BLE001 (whatever the handler raises is the finding)
        answer["error"] = described(error)
    answer["body"] = base64.b64encode(answer["body"]).decode("ascii")
    return answer


# --- the run ------------------------------------------------------------------------------------


def described(error: BaseException) -> dict[str, str]:
    """An exception as the other side needs it, without the frames of this file."""
    frame = error.__traceback__
    while frame is not None and frame.tb_frame.f_code.co_filename == __file__:
        frame = frame.tb_next
    lines = traceback.format_exception(type(error), error, frame)
    return {"summary": lines[-1].strip(), "traceback": "".join(lines)[-MAX_TRACEBACK:]}


async def answer_examples(app: Any, job: Mapping[str, Any], compared: Compared, report: Report) -> None:
    lifespan = Lifespan(app)
    begin = time.perf_counter()
    await lifespan.startup()
    seconds = time.perf_counter() - begin
    report("started", seconds=seconds, drift=compared.drift(), returned=compared.returned(), ambient=compared.ambient())
    begin = time.perf_counter()
    document = app.openapi()
    report("openapi", document=document, seconds=time.perf_counter() - begin)
    for example in job["examples"]:
        report("asking", name=example["name"])
        begin = time.perf_counter()
        answer = await request(app, example, lifespan.state)
        report("answered", name=example["name"], seconds=time.perf_counter() - begin, **answer)
    report("asked")
    with contextlib.suppress(Exception):  # the answers are what counts here
        await lifespan.shutdown()


def run(job: Mapping[str, Any], report: Report) -> None:
    guard = enter(job)
    conceal(job["hidden"], job["shown"], report)
    try:
        begin = time.perf_counter()
        with contextlib.suppress(ModuleNotFoundError):  # a project may be served by something else
            importlib.import_module("service.runtime.ahead").begin()  # as the server does
        app = importlib.import_module("service.main").app
        seconds = time.perf_counter() - begin
        compared = Compared(job["compared"])
        report("imported", seconds=seconds, drift=compared.drift())
        asyncio.run(answer_examples(app, job, compared, report))
    except BaseException as error:  # noqa: BLE001 (SystemExit of user code is a finding, too)
        report("failed", **described(error))
    sys.stdout.flush()
    sys.stderr.flush()
    report("end", modules=imported(guard.admitted), hidden=_listed(guard.hidden), groups=_listed(guard.groups))


def _listed(asked: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    return {name: list(files) for name, files in asked.items()}


def main() -> None:
    job = json.loads(sys.stdin.buffer.read())
    events = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # lines keep their order in the log
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123
        os.dup2(nothing.fileno(), 0)

    lock = threading.Lock()  # handlers run in threads, and ``conceal`` reports from them

    def report(kind: str, **values: Any) -> None:
        line = json.dumps({"event": kind, **values}) + "\n"
        with lock:
            events.write(line)
            events.flush()

    run(job, report)
    os._exit(0)  # threads that the service left running would keep us


if __name__ == "__main__":
    main()
