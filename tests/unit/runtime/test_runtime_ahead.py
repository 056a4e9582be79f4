"""Large model files are hashed beside the imports; what is loaded is what was hashed."""

from __future__ import annotations

import hashlib
import json
import threading

import pytest

from nb2svc.runtime import ahead


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setattr(ahead, "LARGE", 100)
    (tmp_path / "models").mkdir()
    sizes = {"small": 99, "first": 100, "second": 2_000, "gone": 300}
    entries = [{"path": f"models/{name}", "size": size} for name, size in sizes.items()]
    (tmp_path / "nb2svc.json").write_text(json.dumps({"artifacts": entries}))
    for name in ("small", "first", "second"):
        (tmp_path / "models" / name).write_bytes(name.encode() * sizes[name])
    yield tmp_path
    ended()
    for begun in ahead._begun.values():  # what nobody asked for
        if begun.found:
            begun.found.file.close()
    ahead._begun.clear()


@pytest.fixture
def begun(monkeypatch):
    """The files that were hashed, each with the thread that did."""
    did = []
    hash_ = ahead._hash

    def noted(path):
        did.append((path.name, threading.current_thread().name))
        return hash_(path)

    monkeypatch.setattr(ahead, "_hash", noted)
    return did


def ended():
    for thread in threading.enumerate():
        if thread.name == "nb2svc-ahead":
            thread.join()


def digest(path):
    with ahead.hashed(path) as hashed:
        assert hashed.sha256 == hashlib.sha256(hashed.content).hexdigest()
        return hashed.sha256


def test_large_files_are_hashed_once_beside_the_rest(project, begun):
    ahead.begin(project)
    ended()
    assert [name for name, _ in begun] == ["first", "second", "gone"]
    for name in ("small", "first", "second"):
        path = project / "models" / name
        assert digest(path) == hashlib.sha256(path.read_bytes()).hexdigest()
    assert [name for name, thread in begun if thread != "nb2svc-ahead"] == ["small"]
    with pytest.raises(OSError, match="gone"):
        ahead.hashed(project / "models" / "gone")


def test_what_was_hashed_is_what_is_given_although_the_path_is_another_file_by_now(project):
    path = project / "models" / "first"
    before = path.read_bytes()
    ahead.begin(project)
    ended()
    path.unlink()
    path.write_bytes(b"another")
    with ahead.hashed(path) as hashed:
        assert bytes(hashed.content) == hashed.file.read() == before
    assert digest(path) == hashlib.sha256(b"another").hexdigest(), "it is given once"


def test_a_file_whose_turn_has_not_come_is_hashed_by_who_asks(project, begun, monkeypatch):
    monkeypatch.setattr(threading.Thread, "start", lambda _: None)
    ahead.begin(project)
    digest(project / "models" / "second")
    ahead._work()
    assert [name for name, _ in begun] == ["second", "first", "gone"]


def test_a_fork_does_not_wait_for_a_thread_that_it_lacks(project, begun, monkeypatch):
    ahead.begin(project)
    ended()
    monkeypatch.setattr(ahead, "_process", -1)
    digest(project / "models" / "first")
    assert [name for name, _ in begun][-1] == "first"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"artifacts": [{}]}'])
def test_a_manifest_that_cannot_be_read_is_left_to_who_says_so(tmp_path, text):
    (tmp_path / "nb2svc.json").write_text(text)
    ahead.begin(tmp_path)
    ahead.begin(tmp_path / "nowhere")
