"""Models that are on a volume or fetched: where they are looked for, and that no other file is ever loaded."""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import pickle
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from nb2svc.runtime import fetching
from nb2svc.runtime.ahead import begin, hashed
from nb2svc.runtime.digests import file_digest, folder_digest
from nb2svc.runtime.errors import ArtifactError
from nb2svc.runtime.loading import load_artifact
from nb2svc.runtime.manifest import ArtifactEntry, Manifest

MODEL = {"weights": [1, 2, 3]}
CONTENT = pickle.dumps(MODEL)
URL = "unsteady://store/model.pkl"


class Attack:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("attacked",)


class Unsteady(MemoryFileSystem):
    """A store whose next answers are said beforehand."""

    protocol = "unsteady"
    store: dict[str, Any] = {}  # noqa: RUF012 - the base class has it so
    pseudo_dirs = [""]  # noqa: RUF012
    coming: list[Callable[[str], None]] = []  # noqa: RUF012
    asked = 0

    def get_file(self, rpath: str, lpath: str, **options: Any) -> None:
        type(self).asked += 1
        if self.coming:
            self.coming.pop(0)(lpath)
        else:
            super().get_file(rpath, lpath, **options)


def raises(error: Exception) -> Callable[[str], None]:
    def answer(lpath: str) -> None:
        Path(lpath).write_bytes(CONTENT[:5])
        raise error

    return answer


def writes(content: bytes) -> Callable[[str], None]:
    return lambda lpath: Path(lpath).write_bytes(content) and None


@pytest.fixture(autouse=True)
def store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fsspec.register_implementation("unsteady", Unsteady, clobber=True)
    Unsteady.clear_instance_cache()
    Unsteady.store, Unsteady.pseudo_dirs, Unsteady.coming, Unsteady.asked = {}, [""], [], 0
    monkeypatch.setattr(fetching, "_PAUSE", 0.001)
    monkeypatch.setenv("SERVICE_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


def put(content: bytes, url: str = URL) -> None:
    with fsspec.open(url, "wb") as file:
        file.write(content)


def entry(location: str = URL, content: bytes = CONTENT, **changes: Any) -> ArtifactEntry:
    digest = hashlib.sha256(content).hexdigest()
    known = {"path": "models/model.pkl", "format": "pickle", "sha256": digest, "size": len(content)}
    return ArtifactEntry(**{**known, "type": "builtins.dict", "why": "a test", "location": location, **changes})


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    (root / "nb2svc.json").write_text(Manifest(name="iris").model_dump_json())
    return root


def nothing_kept(tmp_path: Path) -> bool:
    return {path.suffix for path in (tmp_path / "cache").rglob("*") if path.is_file()} == {".lock"}


# --- places -------------------------------------------------------------------------------------


def test_the_file_of_the_project_comes_first(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "models").mkdir()
    (project / "models" / "model.pkl").write_bytes(CONTENT)
    monkeypatch.setenv("SERVICE_MODELS", str(tmp_path / "nowhere"))
    for location in ("bake", "mount", URL):
        assert load_artifact(entry(location), project) == MODEL
    assert Unsteady.asked == 0


@pytest.mark.parametrize("location", ["mount", URL])
def test_then_that_of_the_volume(location: str, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    volume = tmp_path / "volume"
    volume.mkdir()
    (volume / "model.pkl").write_bytes(CONTENT)
    monkeypatch.setenv("SERVICE_MODELS", str(volume))
    assert load_artifact(entry(location), project) == MODEL
    assert Unsteady.asked == 0


def test_what_is_in_the_image_is_not_looked_for_on_a_volume(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model.pkl").write_bytes(CONTENT)
    monkeypatch.setenv("SERVICE_MODELS", str(tmp_path))
    with pytest.raises(ArtifactError, match="Copy the whole project"):
        load_artifact(entry("bake"), project)


def test_a_volume_without_the_file_says_where_it_was_expected_and_how_to_mount_it(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVICE_MODELS", str(tmp_path / "volume"))
    with pytest.raises(ArtifactError) as raised:
        load_artifact(entry("mount"), project)
    for part in (
        str(tmp_path / "volume" / "model.pkl"),
        entry().sha256,
        '-v "$PWD/models:/models:ro"',
        "SERVICE_MODELS",
    ):
        assert part in str(raised.value)


def test_another_file_on_the_volume_is_not_loaded(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(Attack()))
    monkeypatch.setenv("SERVICE_MODELS", str(tmp_path))
    with pytest.raises(ArtifactError, match="was not loaded") as raised:
        load_artifact(entry("mount"), project)
    for part in (str(tmp_path / "model.pkl"), entry().sha256, file_digest(tmp_path / "model.pkl")):
        assert part in str(raised.value)
    assert not Path("attacked").exists()


def test_a_folder_may_be_on_a_volume(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nb2svc.runtime import loading

    folder = tmp_path / "volume" / "nlp"
    folder.mkdir(parents=True)
    (folder / "weights").write_bytes(b"1")
    monkeypatch.setenv("SERVICE_MODELS", str(folder.parent))
    monkeypatch.setattr(loading, "_read", lambda entry, source, content: source)
    assert load_artifact(entry("mount", path="models/nlp", sha256=folder_digest(folder)), project) == folder


def test_large_files_of_a_volume_are_hashed_ahead(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nb2svc.runtime import ahead

    volume = tmp_path / "volume"
    volume.mkdir()
    (volume / "model.pkl").write_bytes(CONTENT)
    one = entry("mount", size=ahead.LARGE)
    (project / "nb2svc.json").write_text(Manifest(name="iris", artifacts=(one,)).model_dump_json())
    begin(project, volume)
    with hashed(volume / "model.pkl") as found:
        assert found.sha256 == one.sha256


# --- fetching -----------------------------------------------------------------------------------


def test_it_is_fetched_once_and_kept_by_its_digest(project: Path, tmp_path: Path, caplog: Any) -> None:
    put(CONTENT)
    with caplog.at_level(logging.INFO, fetching.__name__):
        assert load_artifact(entry(), project) == load_artifact(entry(), project) == MODEL
    assert Unsteady.asked == 1
    assert (tmp_path / "cache" / entry().sha256 / "model.pkl").read_bytes() == CONTENT
    assert caplog.records[0].message.startswith("Fetching models/model.pkl from unsteady://store/model.pkl")
    assert sorted(path.suffix for path in (tmp_path / "cache").iterdir()) == ["", ".lock"]


def test_what_may_pass_is_tried_again(project: Path, caplog: Any) -> None:
    put(CONTENT)
    Unsteady.coming = [raises(ConnectionResetError("gone")), raises(TimeoutError()), writes(CONTENT[:-1])]
    assert load_artifact(entry(), project) == MODEL
    said = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert len(said) == 3
    assert "ConnectionResetError: gone" in said[0]
    assert f"ended after {len(CONTENT) - 1} of {len(CONTENT)} bytes" in said[2]


def test_it_is_not_tried_for_ever(project: Path, tmp_path: Path) -> None:
    Unsteady.coming = [raises(ConnectionResetError("gone"))] * 9
    with pytest.raises(ArtifactError, match=r"cannot be fetched from unsteady://store/model.pkl: .*gone") as raised:
        load_artifact(entry(), project)
    assert Unsteady.asked == 5
    assert "SERVICE_MODELS" in raised.value.hint
    assert nothing_kept(tmp_path)


@pytest.mark.parametrize(
    ("error", "hint"),
    [(FileNotFoundError(URL), "Upload models/model.pkl"), (PermissionError("no"), "credentials")],
)
def test_what_the_store_refuses_is_asked_for_once(error: Exception, hint: str, project: Path) -> None:
    Unsteady.coming = [raises(error)]
    with pytest.raises(ArtifactError) as raised:
        load_artifact(entry(), project)
    assert Unsteady.asked == 1
    assert hint in raised.value.hint


@pytest.mark.parametrize("status", [401, 404, 429, 503])
def test_the_status_of_an_answer_decides(status: int, project: Path) -> None:
    error = RuntimeError("answered")
    error.status = status  # type: ignore[attr-defined]  # as aiohttp's errors have it
    put(CONTENT)
    Unsteady.coming = [raises(error)]
    if status in (429, 503):
        assert load_artifact(entry(), project) == MODEL
    else:
        with pytest.raises(ArtifactError, match="answered"):
            load_artifact(entry(), project)


@pytest.mark.parametrize("size", [-1, 0, 1000])
def test_other_bytes_are_never_loaded_or_kept(size: int, project: Path, tmp_path: Path) -> None:
    """Shorter than the model, as long, longer."""
    other = pickle.dumps(Attack())
    put(other)
    wanted = entry(size=len(other) - size)
    with pytest.raises(ArtifactError) as raised:
        load_artifact(wanted, project)
    assert not Path("attacked").exists()
    assert nothing_kept(tmp_path)
    if size >= 0:
        assert wanted.sha256 in str(raised.value)
        assert Unsteady.asked == 1


def test_a_cached_file_that_was_changed_is_fetched_again(project: Path, tmp_path: Path) -> None:
    put(CONTENT)
    load_artifact(entry(), project)
    (tmp_path / "cache" / entry().sha256 / "model.pkl").write_bytes(pickle.dumps(Attack()))
    assert load_artifact(entry(), project) == MODEL
    assert Unsteady.asked == 2


def test_a_folder_is_fetched_file_by_file(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nb2svc.runtime import loading

    files = {"meta.json": b"{}", "vocab/strings": b"abc"}
    for path, content in files.items():
        put(content, f"unsteady://store/nlp/{path}")
    source = project.parent / "nlp"
    (source / "vocab").mkdir(parents=True)
    for path, content in files.items():
        (source / path).write_bytes(content)
    digests = {f"models/nlp/{path}": hashlib.sha256(content).hexdigest() for path, content in files.items()}
    manifest = Manifest(name="iris", files={**digests, "models/nlp.pkl": "0", "service/main.py": "0"})
    (project / "nb2svc.json").write_text(manifest.model_dump_json())
    monkeypatch.setattr(loading, "_read", lambda entry, source, content: source)
    wanted = entry("unsteady://store/nlp", path="models/nlp", size=5, sha256=folder_digest(source))
    Unsteady.coming = [raises(ConnectionResetError())]
    found = load_artifact(wanted, project)
    assert {path.relative_to(found).as_posix() for path in found.rglob("*") if path.is_file()} == set(files)
    assert load_artifact(wanted, project) == found
    assert Unsteady.asked == 3
    put(b"xyz", "unsteady://store/nlp/vocab/strings")
    (found / "vocab" / "strings").unlink()
    with pytest.raises(ArtifactError, match="was not loaded"):
        load_artifact(wanted, project)


def test_a_full_disk_is_no_fault_of_the_store(project: Path) -> None:
    Unsteady.coming = [raises(OSError(errno.ENOSPC, "No space left on device"))]
    with pytest.raises(ArtifactError, match=r"cannot be put into the cache: .*No space left") as raised:
        load_artifact(entry(), project)
    assert "SERVICE_CACHE" in raised.value.hint
    assert Unsteady.asked == 1


def test_several_at_once_fetch_once(project: Path, caplog: Any) -> None:
    put(CONTENT)
    waits, goes_on = threading.Event(), threading.Event()

    def slow(lpath: str) -> None:
        waits.set()
        goes_on.wait(30)
        Path(lpath).write_bytes(CONTENT)

    Unsteady.coming = [slow]
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(load_artifact(entry(), project))) for _ in range(3)]
    with caplog.at_level(logging.INFO, fetching.__name__):
        for thread in threads:
            thread.start()
        assert waits.wait(30)
        while sum("Waiting for another" in record.message for record in caplog.records) < 2:
            goes_on.wait(0.01)
        goes_on.set()
        for thread in threads:
            thread.join(30)
    assert found == [MODEL] * 3
    assert Unsteady.asked == 1


def test_progress_is_in_the_log(project: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    monkeypatch.setattr(fetching, "_TELL_SECONDS", 0.0)
    content = pickle.dumps(bytes(12_000_000))
    put(content)
    with caplog.at_level(logging.INFO, fetching.__name__):
        load_artifact(entry(content=content), project)
    assert "Fetched 4.2 MB of 12.0 MB of models/model.pkl." in [record.message for record in caplog.records]


def test_what_gives_ever_more_is_ended(project: Path, tmp_path: Path) -> None:
    put(bytes(20_000_000))
    with pytest.raises(ArtifactError, match=f"it has more than {len(CONTENT)} bytes"):
        load_artifact(entry(), project)
    assert nothing_kept(tmp_path)


@pytest.mark.parametrize("url", ["file://{folder}/model.pkl", "memory://here/model.pkl"])
def test_stores_of_fsspec_itself(url: str, project: Path, tmp_path: Path) -> None:
    url = url.format(folder=tmp_path)
    put(CONTENT, url)
    assert load_artifact(entry(url), project) == MODEL


# --- the cache ----------------------------------------------------------------------------------


def test_by_default_the_cache_is_of_this_user_alone(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SERVICE_CACHE")
    monkeypatch.setattr(fetching.tempfile, "gettempdir", lambda: str(tmp_path))
    folder = tmp_path / f"service-models-{os.getuid()}"
    put(CONTENT)
    assert load_artifact(entry(), project) == MODEL
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o777)
    with pytest.raises(ArtifactError, match="can be written to by others") as raised:
        load_artifact(entry(), project)
    assert "SERVICE_CACHE" in raised.value.hint


def test_a_cache_that_cannot_be_written_to_is_named(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("SERVICE_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(ArtifactError, match="cannot be put into the cache"):
        load_artifact(entry(), project)


def test_without_such_models_nothing_of_it_is_imported() -> None:
    import subprocess
    import sys

    code = "import sys, nb2svc.runtime.loading; print({'fsspec', 'nb2svc.runtime.fetching'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
