"""A package index of a test's own: small wheels made on the spot, served over HTTP from this machine."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

LABEL = "label.txt"


def wheel_bytes(
    name: str,
    version: str,
    *,
    requires: tuple[str, ...] = (),
    tag: str = "py3-none-any",
    more: Mapping[str, str | bytes] | None = None,
) -> bytes:
    stem = f"{name.replace('-', '_')}-{version}"
    needs = "".join(f"Requires-Dist: {text}\n" for text in requires)
    needs += "".join(f"Provides-Extra: {extra}\n" for extra in re.findall(r"extra == '(\w+)'", needs))
    files: dict[str, str | bytes] = {
        f"{name.replace('-', '_')}.py": f'__version__ = "{version}"\n',
        f"{stem}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}\n",
        f"{stem}.dist-info/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    files.update(more or {})
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
    label: str = ""  # in each wheel: another label makes other wheels of the same contents

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
        more: Mapping[str, str | bytes] | None = None,
    ) -> bytes:
        own = {f"{name.replace('-', '_')}-{version}.dist-info/{LABEL}": self.label} if self.label else {}
        content = wheel_bytes(name, version, requires=requires, tag=tag, more={**(more or {}), **own})
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
        kind, *rest = unquote(self.path).strip("/").split("/")
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
