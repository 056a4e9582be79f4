"""Writing: atomic, exact, never over somebody's work."""

import errno
import hashlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from nb2svc.errors import ExportError, ProjectEditedError
from nb2svc.events import Failed, Finished
from nb2svc.export import Finish, StagedFile, load_project, plan, swap, write
from nb2svc.values import Problem

pytestmark = pytest.mark.once  # files and renames are the system's

OPENAPI = {"openapi": "3.1.0", "info": {"title": "iris", "version": "1"}, "paths": {}}


def finished(root: Path) -> Finish:
    """Every example answered, without running one: the real thing is test_export_project's."""
    assert (root / "nb2svc.json").is_file()
    return Finish(OPENAPI, verified=True)


def never(root: Path) -> Finish:
    pytest.fail(f"{root} was finished again")


@pytest.fixture
def made(spec, lock):
    return plan(spec, lock)


@pytest.fixture
def target(tmp_path):
    return tmp_path / "out" / "iris"


def beside(target: Path) -> list[str]:
    return sorted(path.name for path in target.parent.iterdir() if path != target)


def test_everything_planned_is_there_with_its_digest(made, target, snapshot, manifest_in):
    project = write(made, target, finish=finished)
    there = snapshot(target)
    assert there.keys() == {*made.files, "openapi.json", "nb2svc.json"}
    for path, content in made.files.items():
        assert there[path] == (content if isinstance(content, bytes) else content.source.read_bytes())
    files = manifest_in(target)["files"]
    assert files == {path: hashlib.sha256(text).hexdigest() for path, text in there.items() if path != "nb2svc.json"}
    assert project.verified
    assert project.files == tuple(sorted(there))
    assert project.size == sum(map(len, there.values()))
    assert beside(target) == []


def test_the_same_bytes_and_modes_anywhere(made, tmp_path, snapshot):
    before = os.umask(0o077)
    try:
        write(made, tmp_path / "one", finish=finished)
        os.umask(0)
        write(made, tmp_path / "deep" / "er" / "two", finish=finished)
    finally:
        os.umask(before)
    one, two = tmp_path / "one", tmp_path / "deep" / "er" / "two"
    assert snapshot(one) == snapshot(two)
    for root in (one, two):
        for path in (root, *root.rglob("*")):
            assert stat.S_IMODE(path.stat().st_mode) == (0o755 if path.is_dir() else 0o644), path


def test_nothing_of_this_machine_is_written(made, spec, target, snapshot):
    write(made, target, finish=finished)
    traces = {
        str(target.parent),
        str(spec.models[0].artifact.staged.parent),
        str(Path.cwd()),
        sys.prefix,
        os.uname()[1],
    }
    for path, content in snapshot(target).items():
        for trace in traces:
            assert trace.encode() not in content, path


def test_an_unchanged_project_is_not_touched(made, target):
    first = write(made, target, finish=finished)
    times = {path: path.stat().st_mtime_ns for path in (target, *target.rglob("*"))}
    again = write(made, target, finish=never)
    assert again == first
    assert {path: path.stat().st_mtime_ns for path in (target, *target.rglob("*"))} == times


def test_an_unverified_project_is_finished_again_but_not_touched(made, target):
    calls = []

    def unverified(root: Path) -> Finish:
        calls.append(root)
        return Finish(OPENAPI)

    write(made, target, finish=unverified)
    inode = target.stat().st_ino
    assert not write(made, target, finish=unverified).verified
    assert len(calls) == 2
    assert target.stat().st_ino == inode


def test_a_changed_project_is_replaced_whole(made, spec, lock, target, snapshot):
    write(made, target, finish=finished)
    inode = (target / "models" / "model.joblib").stat().st_ino
    changed = plan(replace(spec, closure=replace(spec.closure, files=())), lock)
    write(changed, target, finish=finished)
    assert "data/names.csv" not in snapshot(target)
    assert beside(target) == []
    assert (target / "models" / "model.joblib").stat().st_ino == inode  # unchanged, so not copied again


def test_a_model_is_a_file_of_its_own(made, spec, target):
    write(made, target, finish=finished)
    assert not (target / "models" / "model.joblib").samefile(spec.models[0].artifact.staged)


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (lambda root: (root / "service" / "main.py").write_text("# mine\n"), "edited: service/main.py"),
        (lambda root: (root / "service" / "extra.py").write_text("# mine\n"), "added: service/extra.py"),
        (lambda root: (root / "README.md").unlink(), "removed: README.md"),
        (lambda root: (root / "models" / "model.joblib").write_bytes(b"x"), "edited: models/model.joblib"),
        (
            lambda root: ((root / "README.md").rename(root.parent / "r"), (root / "README.md").symlink_to("../r")),
            "edited: README.md",
        ),
    ],
)
def test_an_edited_project_is_refused_until_forced(made, target, snapshot, edit, told):
    write(made, target, finish=finished)
    original = snapshot(target)
    edit(target)
    edited = snapshot(target)
    with pytest.raises(ProjectEditedError) as error:
        write(made, target, finish=never)
    assert told in str(error.value)
    assert "--force" in error.value.hint
    assert snapshot(target) == edited
    write(made, target, finish=finished, force=True)
    assert snapshot(target) == original


def test_at_most_ten_edits_are_listed(made, target):
    write(made, target, finish=finished)
    for number in range(15):
        (target / f"note{number:02}.txt").write_text("x")
    with pytest.raises(ProjectEditedError) as error:
        write(made, target, finish=never)
    assert len(error.value.problems) == 11
    assert "and 5 more" in str(error.value)


def test_a_folder_that_is_no_project_is_never_replaced(made, target, snapshot):
    target.mkdir(parents=True)
    (target / "thesis.tex").write_text("years of work")
    for force in (False, True):
        with pytest.raises(ProjectEditedError, match="is no exported project") as error:
            write(made, target, finish=never, force=force)
        assert "--force" not in error.value.hint
    assert snapshot(target) == {"thesis.tex": b"years of work"}


def test_a_project_of_a_newer_nb2svc_needs_force(made, target):
    write(made, target, finish=finished)
    manifest = target / "nb2svc.json"
    manifest.write_text(manifest.read_text().replace('"format": 1', '"format": 99'))
    with pytest.raises(ProjectEditedError, match="no manifest that this version understands"):
        write(made, target, finish=never)
    write(made, target, finish=finished, force=True)
    assert load_project(target).name == "iris"


def test_a_file_in_the_place_of_the_folder_is_refused(made, target):
    target.parent.mkdir()
    target.write_text("a file")
    with pytest.raises(ExportError, match="is a file"):
        write(made, target, finish=never, force=True)
    assert target.read_text() == "a file"


def test_what_is_the_persons_own_survives(made, spec, lock, target):
    write(made, target, finish=finished)
    (target / ".git").mkdir()
    (target / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (target / ".venv" / "bin").mkdir(parents=True)
    (target / ".gitignore").write_text(".venv\n")
    (target / "service" / "__pycache__").mkdir()
    (target / "service" / "__pycache__" / "main.cpython-311.pyc").write_bytes(b"x")
    (target / ".DS_Store").write_bytes(b"x")
    write(plan(replace(spec, description="Another"), lock), target, finish=finished)
    assert (target / ".git" / "HEAD").read_text() == "ref: refs/heads/main\n"
    assert (target / ".venv" / "bin").is_dir()
    assert (target / ".gitignore").is_file()
    assert not (target / "service" / "__pycache__").exists()
    assert "Another" in (target / "README.md").read_text()
    assert beside(target) == []


def test_a_fresh_repository_is_an_empty_folder(made, target):
    (target / ".git").mkdir(parents=True)
    write(made, target, finish=finished)
    assert (target / ".git").is_dir()
    assert (target / "README.md").is_file()


def test_a_link_to_a_folder_stays_a_link(made, target, tmp_path):
    (tmp_path / "real").mkdir()
    target.parent.mkdir()
    target.symlink_to(tmp_path / "real")
    write(made, target, finish=finished)
    assert target.is_symlink()
    assert (tmp_path / "real" / "README.md").is_file()


@pytest.mark.parametrize("exchange", [True, False], ids=["exchange", "two renames"])
def test_without_exchange_two_renames_do(made, spec, lock, target, monkeypatch, exchange):
    if not exchange:
        monkeypatch.setattr(swap, "_exchange", lambda new, target: False)
    write(made, target, finish=finished)
    (target / ".git").mkdir()
    write(plan(replace(spec, description="Another"), lock), target, finish=finished)
    assert (target / ".git").is_dir()
    assert "Another" in (target / "README.md").read_text()
    assert beside(target) == []


def test_a_refusal_leaves_the_old_project(made, spec, lock, target, snapshot):
    write(made, target, finish=finished)
    before = snapshot(target)

    def refuse(root: Path) -> Finish:
        raise ExportError("predict-1 answered otherwise")

    events = []
    with pytest.raises(ExportError, match="answered otherwise"):
        write(plan(replace(spec, description="Another"), lock), target, finish=refuse, emit=events.append)
    assert snapshot(target) == before
    assert beside(target) == []
    assert isinstance(events[-1], Failed)


def test_a_full_disk_is_an_export_error_that_says_where(made, target, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device", "somewhere")

    monkeypatch.setattr("nb2svc.export.stage.write_file", full)
    with pytest.raises(ExportError, match="cannot be written: No space left on device") as error:
        write(made, target, finish=finished)
    assert "free some space" in error.value.hint
    assert not target.exists()
    assert beside(target) == []


def test_a_place_where_no_folder_can_be_is_an_export_error(made, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ExportError, match=r"cannot be written: (Not a directory|File exists)"):
        write(made, tmp_path / "file" / "iris", finish=never)


def test_a_staged_file_that_changed_or_went_is_refused(made, target, tmp_path):
    staged = tmp_path / "model"
    staged.write_bytes(b"other bytes")
    for source, message in ((staged, "is not what was captured"), (tmp_path / "gone", "is gone")):
        file = replace(made.files["models/model.joblib"], source=source)
        with pytest.raises(ExportError, match=message):
            write(replace(made, files={**made.files, "models/model.joblib": file}), target, finish=finished)


def test_an_included_file_that_went_is_refused(made, target, tmp_path):
    write(made, target, finish=finished)
    gone = {**made.files, "data/names.csv": StagedFile(tmp_path / "gone.csv")}
    with pytest.raises(ExportError, match=r"gone\.csv is gone"):
        write(replace(made, files=gone), target, finish=finished)


def test_a_large_file_is_linked_and_its_size_checked(made, target, tmp_path, monkeypatch):
    monkeypatch.setattr("nb2svc.export.stage.LARGE", 10)
    write(made, target, finish=finished)
    assert (target / "models" / "model.joblib").samefile(made.files["models/model.joblib"].source)
    monkeypatch.setattr(os, "link", lambda source, target: (_ for _ in ()).throw(OSError(errno.EXDEV, "another disk")))
    shutil.rmtree(target)
    write(made, target, finish=finished)
    assert (target / "models" / "model.joblib").read_bytes() == made.files["models/model.joblib"].source.read_bytes()
    short = replace(made.files["models/model.joblib"], size=11)
    with pytest.raises(ExportError, match="is not what was captured"):
        write(replace(made, files={**made.files, "models/model.joblib": short}), tmp_path / "other", finish=finished)


def test_finish_has_the_last_word_on_warnings(made, target, manifest_in):
    problem = Problem(message="no example", hint="add --example")
    project = write(made, target, finish=lambda root: Finish(OPENAPI, problems=(problem,)))
    assert not project.verified
    assert manifest_in(target)["warnings"] == [str(problem)]
    assert [warning.message for warning in load_project(target).warnings] == [str(problem)]


def test_what_finish_leaves_behind_is_cleared(made, target, snapshot):
    def import_it(root: Path) -> Finish:
        (root / "service" / "__pycache__").mkdir()
        (root / "service" / "__pycache__" / "x.pyc").write_bytes(b"x")
        return Finish(OPENAPI, verified=True)

    write(made, target, finish=import_it)
    assert not [path for path in snapshot(target) if "pyc" in path]


def test_progress_ends_with_a_summary(made, target):
    events = []
    write(made, target, finish=finished, emit=events.append)
    assert isinstance(events[-1], Finished)
    assert f"{len(made.files) + 2} files in {target}" == events[-1].summary


KILLED = textwrap.dedent(
    """
    import os, pickle, signal, sys
    from nb2svc.export import Finish, swap, write
    from nb2svc.export.stage import stage
    made, target, moment = pickle.load(open(sys.argv[1], "rb"))
    die = lambda *args, **kwargs: os.kill(os.getpid(), signal.SIGKILL)
    def finish(root):
        if moment == "finishing":
            die()
        return Finish({"openapi": "3.1.0"}, verified=True)
    if moment == "set aside":
        swap._exchange = lambda new, target: False
        rename = type(target).rename
        def rename_or_die(self, other):
            if "nb2svc-new" in self.name:
                die()
            return rename(self, other)
        type(target).rename = rename_or_die
    if moment == "swapped":
        swap._carry_over = die
    write(made, target, finish=finish)
    """
)


@pytest.mark.parametrize("moment", ["finishing", "set aside", "swapped"])
def test_a_killed_write_loses_nothing(made, spec, lock, target, snapshot, tmp_path, moment):
    write(made, target, finish=finished)
    (target / ".git").mkdir()
    (target / ".git" / "HEAD").write_text("ref")
    before = snapshot(target)
    other = plan(replace(spec, description="Another"), lock)
    job = tmp_path / "job.pickle"
    job.write_bytes(__import__("pickle").dumps((other, target, moment)))
    done = subprocess.run([sys.executable, "-c", KILLED, str(job)], check=False, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    if moment == "finishing":
        assert snapshot(target) == before
    left = beside(target)
    assert left
    write(made, target, finish=finished)
    assert snapshot(target) == before
    assert beside(target) == []


def test_a_folder_that_another_process_fills_is_left_alone(made, target):
    target.parent.mkdir()
    other = target.parent / f".iris.nb2svc-new-{os.getppid()}-x"
    other.mkdir()
    write(made, target, finish=finished)
    assert beside(target) == [other.name]


def test_the_persons_files_are_never_deleted_with_a_stale_folder(made, target, snapshot):
    write(made, target, finish=finished)
    stale = target.parent / ".iris.nb2svc-new-999999999-x"
    shutil.copytree(target, stale)
    for root in (target, stale):
        (root / ".env").write_text(str(root))
    write(made, target, finish=never)
    assert (stale / ".env").is_file()  # both have one: a person must decide
    assert (target / ".env").read_text() == str(target)


def test_a_wheel_and_a_data_file_are_hashed_while_copied(spec, lock, target, tmp_path, manifest_in):
    wheel = tmp_path / "own-1.0-py3-none-any.whl"
    wheel.write_bytes(b"PK")
    made = plan(spec, replace(lock, wheels=(wheel,)))
    assert made.files["wheels/own-1.0-py3-none-any.whl"] == StagedFile(wheel)
    write(made, target, finish=finished)
    assert manifest_in(target)["files"]["wheels/own-1.0-py3-none-any.whl"] == hashlib.sha256(b"PK").hexdigest()
    write(made, target, finish=never)
