"""A site folder to install fabricated distributions into, a package index of our own, and specs to freeze."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from nb2svc.values import Closure, ServiceSpec

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(autouse=True)
def _modules_as_before() -> Iterator[None]:
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).find("/site") >= 0 and name.startswith("fab"):
            del sys.modules[name]


@dataclass
class Site:
    """A folder on ``sys.path`` with distributions in it, as an installer would leave them."""

    folder: Path

    def install(
        self,
        name: str,
        version: str = "1.0",
        *,
        files: dict[str, str | bytes] | None = None,
        requires: tuple[str, ...] = (),
        tag: str = "py3-none-any",
        direct_url: object = None,
        metadata: dict[str, str] | None = None,
        also_recorded: tuple[str, ...] = (),
    ) -> Path:
        """Write the distribution's files, dist-info and RECORD. Returns the dist-info."""
        info = self.folder / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        needs = "".join(f"Requires-Dist: {text}\n" for text in requires)
        texts = {
            **(files or {}),
            f"{info.name}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}\nA test.\n",
            f"{info.name}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n",
            f"{info.name}/INSTALLER": "pip\n",
            **{f"{info.name}/{path}": text for path, text in (metadata or {}).items()},
        }
        if direct_url is not None:
            texts[f"{info.name}/direct_url.json"] = json.dumps(direct_url)
        for path, text in texts.items():
            file = self.folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text if isinstance(text, bytes) else text.encode())
        rows = [[path, "", str(len(text))] for path, text in texts.items()]
        rows += [[path, "", ""] for path in (*also_recorded, f"{info.name}/RECORD")]
        with (info / "RECORD").open("w", newline="") as record:
            csv.writer(record).writerows(rows)
        return info


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return Site(folder)


@pytest.fixture
def only_this_site(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """The fabricated distributions alone: nothing of the runtime is asked for."""
    from nb2svc.runtime import manifest

    monkeypatch.setattr(manifest, "RUNTIME_DISTRIBUTIONS", {})
    for name in ("httptools", "uvloop"):  # taken where they are installed, as they are here
        monkeypatch.delitem(manifest.OPTIONAL_DISTRIBUTIONS, name)
    return site


def spec_of(*modules: str, **fields: object) -> ServiceSpec:
    closure = fields.pop("closure", Closure(modules=modules))
    return ServiceSpec(name="case", python=PYTHON, notebook="case.ipynb", closure=closure, **fields)


@pytest.fixture
def make_spec() -> Callable[..., ServiceSpec]:
    return spec_of


# --- a package index ----------------------------------------------------------------------------


def wheel_bytes(
    name: str,
    version: str,
    *,
    requires: tuple[str, ...] = (),
    tag: str = "py3-none-any",
    more: dict[str, bytes] | None = None,
) -> bytes:
    stem = f"{name.replace('-', '_')}-{version}"
    needs = "".join(f"Requires-Dist: {text}\n" for text in requires)
    files: dict[str, str | bytes] = {
        f"{name.replace('-', '_')}.py": f'__version__ = "{version}"\n',
        f"{stem}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}\n",
        f"{stem}.dist-info/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    files |= more or {}
    rows = "".join(f"{path},,\n" for path in (*files, f"{stem}.dist-info/RECORD"))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, text in {**files, f"{stem}.dist-info/RECORD": rows}.items():
            archive.writestr(zipfile.ZipInfo(path), text)
    return buffer.getvalue()


@dataclass
class PackageIndex:
    """A simple index (PEP 503) on this machine. ``password``: what it asks for, from any user."""

    port: int = 0
    files: dict[str, dict[str, bytes]] = field(default_factory=dict)
    hashed: bool = True
    password: str = ""
    broken: int = 0  # the status that it answers everything with
    yanked: dict[str, str] = field(default_factory=dict)  # file name → why
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/simple"

    def url_as(self, user: str, password: str) -> str:
        return f"http://{user}:{password}@127.0.0.1:{self.port}/simple"

    def add(
        self,
        name: str,
        version: str,
        *,
        requires: tuple[str, ...] = (),
        tag: str = "py3-none-any",
        more: dict[str, bytes] | None = None,
    ) -> bytes:
        content = wheel_bytes(name, version, requires=requires, tag=tag, more=more)
        self.files.setdefault(name, {})[f"{name.replace('-', '_')}-{version}-{tag}.whl"] = content
        return content

    def add_source(self, name: str, version: str) -> None:
        self.files.setdefault(name, {})[f"{name.replace('-', '_')}-{version}.tar.gz"] = b"no real archive"


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, index: PackageIndex, *arguments: object) -> None:
        self.index = index
        super().__init__(*arguments)

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        self.index.asked.append(self.path)
        if self.index.password and not self._authorized():
            self._answer(401, b"")
            return
        kind, *rest = self.path.strip("/").split("/")
        if kind == "simple" and len(rest) == 1 and rest[0] in self.index.files:
            self._answer(200, "".join(self._links(rest[0])).encode(), "text/html")
        elif kind == "files" and len(rest) == 2 and rest[1] in self.index.files.get(rest[0], {}):
            self._answer(200, self.index.files[rest[0]][rest[1]], "application/octet-stream")
        else:
            self._answer(404, b"")

    def _links(self, name: str) -> Iterator[str]:
        for filename, content in self.index.files[name].items():
            digest = f"#sha256={hashlib.sha256(content).hexdigest()}" if self.index.hashed else ""
            why = f' data-yanked="{self.index.yanked[filename]}"' if filename in self.index.yanked else ""
            yield f'<a{why} href="/files/{name}/{filename}{digest}">{filename}</a><br>\n'

    def _authorized(self) -> bool:
        given = base64.b64decode(self.headers.get("Authorization", "").removeprefix("Basic ")).decode()
        return given.partition(":")[2] == self.index.password

    def _answer(self, status: int, body: bytes, kind: str = "text/plain") -> None:
        status = self.index.broken or status
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


@contextmanager
def served() -> Iterator[PackageIndex]:
    """An empty index that answers."""
    index = PackageIndex()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, index))
    index.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield index
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def package_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PackageIndex]:
    """The only index that uv knows, with a cache of its own for uv."""
    for name in ("UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with served() as index:
        monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
        yield index


@pytest.fixture
def second_index(package_index: PackageIndex) -> Iterator[PackageIndex]:
    """Another one, which uv has to be told of."""
    with served() as index:
        yield index
