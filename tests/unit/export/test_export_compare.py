"""``export --check``, reading projects back, and the zip archive."""

import io
import json
import re
import stat
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from nb2svc.errors import ExportError
from nb2svc.export import Finish, compare, load_project, plan, write, zip_project

pytestmark = pytest.mark.once  # files and archives

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
    assert re.fullmatch(
        r'sha256 \w{12}… \(\d+ bytes\) → \w{12}… \(6 bytes\), the model served as "model"',
        found["models/model.joblib"].detail,
    )
    assert '"README.md"' not in found["nb2svc.json"].detail  # the digests say nothing that the files do not


def test_a_changed_line_is_shown_as_a_diff(spec, lock, root):
    main = root / "service" / "main.py"
    main.write_text(main.read_text().replace("/label", "/tag"))
    (difference,) = compare(plan(spec, lock), root)
    assert difference.path == "service/main.py"
    assert '-app.post("/tag", status_code=201)(' in difference.detail
    assert '+app.post("/label", status_code=201)(' in difference.detail


def test_a_diff_is_a_patch(spec, lock, root, tmp_path):
    main = root / "service" / "main.py"
    there = main.read_text().replace("/label", "/tag").rstrip("\n")
    main.write_text(there)
    (difference,) = compare(plan(spec, lock), root)
    (tmp_path / "it.patch").write_text(difference.detail)
    subprocess.run(["git", "apply", str(tmp_path / "it.patch")], cwd=root, check=True)
    assert compare(plan(spec, lock), root) == ()


def test_what_version_control_does_to_files_is_no_difference(spec, lock, root):
    for path in root.rglob("*"):
        if path.is_file() and "models" not in path.parts:
            text = path.read_bytes()
            path.write_bytes(text if b"\0" in text else text.replace(b"\n", b"\r\n"))
            path.chmod(0o755)
    assert compare(plan(spec, lock), root) == ()


def test_a_file_that_is_checked_when_it_is_loaded_must_be_the_same_to_the_byte(spec, lock, root, tmp_path):
    texts = tmp_path / "model.txt"
    texts.write_bytes(b"tree 1\n")
    artifact = replace(spec.models[0].artifact, staged=texts, size=7, sha256="")
    written = replace(spec, models=(replace(spec.models[0], artifact=artifact),))
    (root / artifact.path).write_bytes(b"tree 1\r\n")
    assert artifact.path in {difference.path for difference in compare(plan(written, lock), root)}


def test_a_changed_answer_is_told_in_the_words_of_the_parity_test(spec, lock, root):
    example = root / "examples" / f"{spec.examples[0].name}.json"
    recorded = json.loads(example.read_text())
    recorded["response"]["status"] = 299
    example.write_text(json.dumps(recorded))
    asked = []

    def explain(before, now):
        asked.append((before["status"], now["status"]))
        return "told"

    (difference,) = compare(plan(spec, lock), root, explain=explain)
    assert (difference.path, difference.detail) == (f"examples/{spec.examples[0].name}.json", "told")
    assert asked == [(299, spec.examples[0].response["status"])]
    example.write_text("no JSON")
    (difference,) = compare(plan(spec, lock), root, explain=explain)
    assert difference.detail.startswith("--- a/examples/")


def test_a_link_to_nowhere_is_a_difference(spec, lock, root):
    (root / "README.md").unlink()
    (root / "README.md").symlink_to("nowhere")
    (difference,) = compare(plan(spec, lock), root)
    assert (difference.path, difference.kind) == ("README.md", "changed")
    assert difference.detail.startswith("sha256 nothing → ")


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
