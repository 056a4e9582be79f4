"""``export --check``, reading projects back, and the zip archive."""

import io
import stat
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from nb2svc.errors import ExportError
from nb2svc.export import Finish, compare, load_project, plan, write, zip_project

OPENAPI = {"openapi": "3.1.0", "info": {"title": "iris", "version": "1"}, "paths": {}}


def finished(root: Path) -> Finish:
    assert (root / "service" / "main.py").is_file()
    return Finish(OPENAPI, verified=True)


@pytest.fixture
def root(spec, lock, tmp_path):
    write(plan(spec, lock), tmp_path / "iris", finish=finished)
    return tmp_path / "iris"


@pytest.mark.parametrize("finish", [None, finished])
def test_the_same_service_differs_in_nothing(spec, lock, root, finish, snapshot):
    before = snapshot(root)
    (root / "service" / "__pycache__").mkdir()
    (root / ".git").mkdir()
    assert compare(plan(spec, lock), root, finish=finish) == ()
    assert snapshot(root) == before


@pytest.mark.parametrize("finish", [None, finished])
def test_every_kind_of_difference_is_told(spec, lock, root, finish, tmp_path):
    (root / "README.md").unlink()
    (root / "notes.txt").write_text("mine")
    model = tmp_path / "model"
    model.write_bytes(b"\x00model")
    artifact = replace(spec.models[0].artifact, staged=model, size=6, sha256="")
    changed = replace(spec, description="Another", models=(replace(spec.models[0], artifact=artifact),))
    found = {difference.path: difference for difference in compare(plan(changed, lock), root, finish=finish)}
    assert {path: difference.kind for path, difference in found.items()} == {
        "Dockerfile": "changed",
        "README.md": "missing",
        "models/model.joblib": "changed",
        "nb2svc.json": "changed",
        "notes.txt": "unexpected",
    }
    assert '-  "description": "Tells irises apart",' in found["nb2svc.json"].detail
    assert '+  "description": "Another",' in found["nb2svc.json"].detail
    assert "6 bytes (sha256 " in found["models/model.joblib"].detail
    assert "from the notebook" in found["models/model.joblib"].detail


def test_a_changed_line_is_shown_as_a_diff(spec, lock, root):
    main = root / "service" / "main.py"
    main.write_text(main.read_text().replace("/label", "/tag"))
    (difference,) = compare(plan(spec, lock), root)
    assert difference.path == "service/main.py"
    assert '-app.post("/tag", status_code=201)(' in difference.detail
    assert '+app.post("/label", status_code=201)(' in difference.detail


def test_with_finish_the_openapi_document_and_the_verdict_are_compared(spec, lock, root):
    found = compare(plan(spec, lock), root, finish=lambda folder: Finish({**OPENAPI, "paths": {"/x": {}}}))
    assert [difference.path for difference in found] == ["nb2svc.json", "openapi.json"]
    assert '-  "verified": true' in found[0].detail
    assert '+  "verified": false' in found[0].detail


def test_a_project_is_read_back(spec, lock, tmp_path):
    written = write(plan(spec, lock), tmp_path / "iris", finish=finished)
    read = load_project(tmp_path / "iris")
    assert read == written
    assert len(read.digest) == 64
    assert (read.name, read.python, read.platform, read.verified) == ("iris", "3.11", "linux/amd64", True)


def test_the_digest_is_of_the_contents(spec, lock, tmp_path):
    one = write(plan(spec, lock), tmp_path / "one", finish=finished)
    two = write(plan(spec, lock), tmp_path / "two", finish=finished)
    other = write(plan(replace(spec, description="Another"), lock), tmp_path / "other", finish=finished)
    assert one.digest == two.digest != other.digest


def test_what_is_no_project_is_said(tmp_path):
    with pytest.raises(ExportError, match="there is no folder") as error:
        load_project(tmp_path / "nowhere")
    assert "nb2svc export" in error.value.hint
    with pytest.raises(ExportError, match=r"is no exported project: it holds no nb2svc\.json"):
        load_project(tmp_path)
    (tmp_path / "nb2svc.json").write_text('{"format": 2, "name": "x"}')
    with pytest.raises(ExportError, match=r"no manifest that this version understands: format"):
        load_project(tmp_path)


def test_the_archive_is_the_project_and_always_the_same(spec, lock, root, tmp_path, snapshot):
    (root / ".git").mkdir()
    (root / ".git" / "HEAD").write_text("ref")
    archive = zip_project(root)
    write(plan(spec, lock), tmp_path / "again", finish=finished)
    assert zip_project(tmp_path / "again") == archive
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.testzip() is None
        assert {stat.S_IMODE(entry.external_attr >> 16) for entry in opened.infolist()} == {0o644}
        opened.extractall(tmp_path / "out")
    assert snapshot(tmp_path / "out" / "iris") == snapshot(tmp_path / "again")
    (root / "README.md").unlink()
    with pytest.raises(ExportError, match=r"README\.md of .* cannot be read"):
        zip_project(root)
