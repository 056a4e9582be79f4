"""README.md: its commands do what they say."""

import base64
import json
import shlex
import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from nb2svc.export import Finish, plan, write
from nb2svc.export.curl import curl
from nb2svc.export.readme import readme
from nb2svc.values import ArtifactFile, Example

pytestmark = pytest.mark.once  # a page and its commands


@pytest.fixture
def received():
    """A server that keeps each request, as (method, path, content type, body), and its address."""
    kept = []

    class Keep(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            kept.append((self.command, self.path, self.headers.get("content-type", ""), body))
            self.send_response(204)
            self.end_headers()

        do_GET = do_PUT = do_POST  # noqa: N815 - http.server looks for these names

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Keep)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    kept_and_url = (kept, f"http://127.0.0.1:{server.server_port}")
    yield kept_and_url
    server.shutdown()
    thread.join()
    server.server_close()


def send(spec, lock, received, folder, request):
    """Paste the README's command into a shell, in the project's folder, and return what the server got."""
    kept, url = received
    example = Example(name="one", endpoint="e", request=request, response={"status": 204})
    made = plan(replace(spec, examples=(example,)), lock)
    write(made, folder / "iris", finish=lambda root: Finish({}))
    (folder / "iris" / "it's mine.txt").write_bytes(b"hello")
    assert shutil.which("curl"), "curl is what the README shows"
    subprocess.run(["sh", "-ec", curl(example, url)], cwd=folder / "iris", check=True, timeout=60)
    return kept[-1]


@pytest.mark.parametrize(
    "value",
    [
        {"word": 'it\'s "a" $rose `x` \\ é\n@'},
        [[0.1, 1e-300]],
        {"inputs": [[float(number), 0.5] for number in range(300)]},
        "x' ; exit 1 #" * 100,
        None,
    ],
)
def test_json(spec, lock, received, tmp_path, value):
    request = {"method": "POST", "path": "/predict?a=b&c=%20d", "json": value}
    method, path, content_type, body = send(spec, lock, received, tmp_path, request)
    assert (method, path, content_type) == ("POST", "/predict?a=b&c=%20d", "application/json")
    assert json.loads(body) == value


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_nothing(spec, lock, received, tmp_path, method):
    assert send(spec, lock, received, tmp_path, {"method": method, "path": "/x"})[:2] == (method, "/x")


def test_bytes(spec, lock, received, tmp_path):
    content = bytes(range(256))
    request = {
        "method": "POST",
        "path": "/x",
        "base64": base64.b64encode(content).decode(),
        "content_type": "image/png",
    }
    assert send(spec, lock, received, tmp_path, request) == ("POST", "/x", "image/png", content)


def test_form(spec, lock, received, tmp_path):
    request = {"method": "POST", "path": "/x", "form": {"name": "a&b=c@d", "n": [1, 2]}}
    *_, content_type, body = send(spec, lock, received, tmp_path, request)
    assert content_type == "application/x-www-form-urlencoded"
    assert body.lower() == b"name=a%26b%3dc%40d&n=1&n=2"


def test_files(spec, lock, received, tmp_path):
    file = {"filename": "it's mine.txt", "content_type": "text/plain", "base64": "eA=="}
    request = {"method": "POST", "path": "/x", "form": {"tag": "@t;type=x"}, "files": {"file": file}}
    *_, content_type, body = send(spec, lock, received, tmp_path, request)
    parts = BytesParser(policy=HTTP).parsebytes(f"content-type: {content_type}\r\n\r\n".encode() + body)
    got = {part.get_param("name", header="content-disposition"): part for part in parts.iter_parts()}
    assert got["tag"].get_payload() == "@t;type=x"
    assert got["file"].get_filename() == "it's mine.txt"
    assert got["file"].get_content_type() == "text/plain"
    assert got["file"].get_payload(decode=True) == b"hello"


def test_every_endpoint_is_called_once_in_the_order_of_the_routes(spec, lock):
    text = readme(spec, lock)
    titles = [line for line in text.splitlines() if line.startswith("`POST")]
    assert titles == ["`POST /models/model/predict`:", "`POST /predict`:", "`POST /label`:"]
    more = replace(spec, examples=(*reversed(spec.examples), replace(spec.examples[0], name="model-predict-2")))
    assert readme(more, lock).count("`POST /") == 3


def test_a_path_with_parameters_is_titled_as_its_route(spec, lock):
    endpoint = replace(spec.endpoints[0], method="GET", path="/flowers/{number}")
    examples = tuple(
        replace(spec.examples[1], name=f"predict-{number}", request={"method": "GET", "path": f"/flowers/{number}"})
        for number in (1, 2)
    )
    text = readme(replace(spec, endpoints=(endpoint,), examples=examples), lock)
    assert "`GET /flowers/{number}`:\n\n```sh\ncurl -sS http://127.0.0.1:8000/flowers/1\n" in text
    assert "/flowers/2" not in text


def test_the_settings_and_variables_are_listed(spec, lock):
    text = readme(spec, lock)
    assert "docker run --rm -p 127.0.0.1:8000:8000 -e REGION iris\n" in text
    assert "| `REGION` | read by the notebook's code | |\n" in text
    assert "| `SERVICE_PORT` | " in text
    assert "| `models/vocabulary.pkl` | `dict`: vocabulary, used by label |\n" in text


def placed(spec, location, **changes):
    model = spec.models[0]
    return replace(spec, models=(replace(model, artifact=replace(model.artifact, location=location, **changes)),))


def test_a_model_on_a_volume_is_mounted(spec, lock):
    path = spec.models[0].artifact.path
    text = readme(placed(spec, "mount"), lock)
    assert '8000:8000 -v "$PWD/models:/models:ro" -e REGION iris\n' in text
    assert f"The image has no {path}: the service reads it from `/models`" in text
    assert "/models`" not in readme(spec, lock)
    files = plan(placed(spec, "mount"), lock).files
    rules = files[".dockerignore"].decode().splitlines()
    assert rules[rules.index("!models") + 1] == path
    assert path in files


def test_a_model_with_an_address_is_uploaded_by_a_command_that_works(spec, lock, tmp_path):
    staged = spec.models[0].artifact.staged
    text = readme(placed(spec, f"file://{tmp_path}/store/model.joblib"), lock)
    assert "/models:ro" not in text
    project, store = tmp_path / "project", tmp_path / "store"
    (project / "models").mkdir(parents=True)
    store.mkdir()
    shutil.copy(staged, project / spec.models[0].artifact.path)
    upload(text, project)
    assert (store / "model.joblib").read_bytes() == staged.read_bytes()


def test_a_model_that_is_a_folder_is_uploaded_as_one(spec, lock, tmp_path):
    file = ArtifactFile(path="vocab/strings", sha256="0", size=1)
    folder = placed(spec, f"file://{tmp_path}/store/nlp", path="models/nlp", files=(file,))
    (tmp_path / "models" / "nlp" / "vocab").mkdir(parents=True)
    (tmp_path / "models" / "nlp" / "vocab" / "strings").write_text("x")
    (tmp_path / "store").mkdir()
    upload(readme(folder, lock), tmp_path)
    assert (tmp_path / "store" / "nlp" / "vocab" / "strings").read_text() == "x"


def upload(text, project):
    """Run the README's command, as in the environment of the lock."""
    command = next(line for line in text.splitlines() if "fsspec" in line and line.startswith(".venv/bin/python"))
    _, *arguments = shlex.split(command)
    subprocess.run([sys.executable, *arguments], cwd=project, check=True)


def test_a_service_without_examples_says_what_its_tests_do(spec, lock):
    text = readme(replace(spec, examples=()), lock)
    assert "## Call it" not in text
    assert "No request was recorded" in text
    assert "\n\n\n" not in text
    assert "\n\n\n" not in readme(spec, lock)


def test_nb2svc_is_not_needed(spec, lock):
    assert "pip install nb2svc" not in readme(spec, lock)
    assert "nb2svc export" not in readme(spec, lock)
