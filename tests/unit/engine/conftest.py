from __future__ import annotations

import sys

import pytest

from nb2svc.runtime.manifest import Manifest
from nb2svc.values import Project

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"

# A service without a single distribution, so that its environment is made in a moment and without a network.
SERVICE = """
import http.server, json, os, signal, socket, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        answer = {"environment": dict(os.environ), "cwd": os.getcwd(), "path": sys.path, "prefix": sys.prefix}
        self.send_response(200 if self.path != "/readyz" or not os.environ.get("NEVER_READY") else 503)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, format, *arguments):
        print(format % arguments, flush=True)

print("started", flush=True)
if os.environ.get("BROKEN"):
    raise RuntimeError("cannot start")
if os.environ.get("DEAF"):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
else:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
server = http.server.ThreadingHTTPServer(("", 0), Handler, bind_and_activate=False)
server.socket.close()
server.socket = socket.socket(fileno=int(os.environ["SERVICE_FD"]))
server.server_activate()
server.serve_forever()
"""


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    """No test sees the services and environments of the user, nor of another test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "tiny"
    (root / "service").mkdir(parents=True)
    (root / "service" / "__init__.py").touch()
    (root / "service" / "__main__.py").write_text(SERVICE)
    (root / "requirements.txt").write_text("# nothing but the standard library\n")
    manifest = Manifest(name="tiny", python=PYTHON, environment=("DECLARED",))
    (root / "nb2svc.json").write_text(manifest.model_dump_json())
    return Project(root=root, name="tiny", digest="0" * 64, python=PYTHON, platform="linux/amd64")
