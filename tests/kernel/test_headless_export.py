"""The whole way: a notebook file, a fresh kernel, a project folder or archive."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
from headless_notebook import export, tagged, write
from nbformat.v4 import new_code_cell, new_notebook

from nb2svc.capture.notebook import run_notebook

pytestmark = pytest.mark.once  # commands around what the other files test


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebook")
    path = write(folder)
    before = path.read_bytes()
    result = export(path, "-o", folder / "out", "--json")
    assert result.exit_code == 0, result.stderr
    assert path.read_bytes() == before
    assert sorted(each.name for each in folder.iterdir()) == ["out", "prices.ipynb"]
    return folder, result


def test_the_project_is_on_stdout_and_the_progress_on_stderr(exported):
    folder, result = exported
    project = json.loads(result.stdout)
    assert project["name"] == "prices"
    assert Path(project["root"]) == (folder / "out").resolve()
    assert project["verified"] is True
    lines = result.stderr.splitlines()
    assert lines[:2] == ["Reading prices.ipynb …", next(line for line in lines if line.startswith("✓ Reading"))]
    assert '  cell 4 of 4: %%endpoint POST /price --example {"net": 100}' in lines
    assert any(line.startswith("✓ Running prices.ipynb in a fresh python3 kernel · 4 cells · ") for line in lines)
    assert any(line.startswith("✓ Freezing") for line in lines)
    assert any(line.startswith("✓ Writing prices") for line in lines)


def test_the_project_holds_what_the_tags_mark_and_nothing_of_the_hidden_code(exported):
    folder, _ = exported
    manifest = json.loads((folder / "out" / "nb2svc.json").read_text())
    assert [(each["path"], each["handler"], each["cell"]) for each in manifest["endpoints"]] == [("/price", "price", 4)]
    assert manifest["notebook"]["file"] == "prices.ipynb"
    module = (folder / "out" / "service" / "notebook.py").read_text()
    assert "RATE = 0.2" in module
    assert "# What the price is" in module
    assert "# nb2svc:" not in module
    assert not any(word in module for word in ("_export_headless", "get_ipython", "HeadlessOptions", "prices.ipynb')"))


def test_the_same_notebook_gives_the_same_bytes_and_check_says_so(exported):
    folder, result = exported
    again = export(folder / "prices.ipynb", "-o", folder / "again", "--json", "--quiet")
    assert json.loads(again.stdout)["digest"] == json.loads(result.stdout)["digest"]
    assert again.stderr == ""
    same = export(folder / "prices.ipynb", "-o", folder / "again", "--check", "--quiet")
    assert (same.exit_code, same.stderr) == (0, "")
    assert same.stdout == f"{folder / 'again'} is what the notebook gives now.\n"


def test_parameters_reach_the_service_and_check_finds_the_difference(exported):
    folder, _ = exported
    before = (folder / "out" / "nb2svc.json").read_bytes()
    other = export(folder / "prices.ipynb", "-o", folder / "out", "--check", "-p", "RATE=0.5", "--json")
    assert other.exit_code == 1
    changed = {each["path"]: each for each in json.loads(other.stdout)}
    assert "service/notebook.py" in changed
    assert "+RATE = 0.5" in changed["service/notebook.py"]["detail"]
    assert changed["examples/price-1.json"]["kind"] == "changed"
    assert (folder / "out" / "nb2svc.json").read_bytes() == before


def test_a_folder_that_was_edited_is_refused_with_the_status_of_its_kind(exported, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "work.txt").write_text("mine")
    result = export(exported[0] / "prices.ipynb", "-o", folder)
    assert result.exit_code == 6
    assert result.stdout == ""
    assert [each.name for each in folder.iterdir()] == ["work.txt"]


def test_a_failing_cell_ends_the_command_with_its_status(tmp_path):
    path = write(tmp_path, new_code_cell("x = 1\nraise ValueError('[no markup]')"))
    result = export(path, "-o", tmp_path / "out")
    assert result.exit_code == 3
    assert "✗ prices.ipynb › cell [5]\n  ValueError: [no markup]\n" in result.stderr
    assert "→ 2 │ raise ValueError('[no markup]')" in result.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["prices.ipynb"]


def test_an_endpoint_that_fails_on_its_example_ends_with_the_error_of_the_magic(tmp_path):
    broken = '# nb2svc: --example {"x": 0}\ndef broken(x: int) -> float:\n    return 1 / x'
    result = export(write(tmp_path, tagged(broken, "nb2svc-endpoint")), "-o", tmp_path / "out")
    assert result.exit_code == 4
    assert "prices.ipynb › cell [5]" in result.stderr
    assert "ZeroDivisionError" in result.stderr
    assert "This is a bug" not in result.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["prices.ipynb"]


def test_a_notebook_that_marks_nothing(tmp_path):
    path = tmp_path / "plain.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell("x = 1")]), path)
    result = export(path, "-o", tmp_path / "out")
    assert result.exit_code == 4
    assert "%%endpoint" in result.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["plain.ipynb"]


def test_within_a_running_event_loop(exported, tmp_path):
    async def cell():
        return run_notebook(exported[0] / "prices.ipynb", directory=tmp_path / "out")

    assert asyncio.run(cell()).project.name == "prices"


@pytest.fixture
def nbconvert(tmp_path):
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "nbconvert", "--to", "nb2svc", *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    return run


def test_nbconvert_gives_the_project_as_an_archive(exported, nbconvert, tmp_path):
    path = write(tmp_path)
    ended = nbconvert("prices.ipynb")
    assert ended.returncode == 0, ended.stderr
    archive = path.with_suffix(".zip").read_bytes()
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.testzip() is None
        manifest = next(name for name in opened.namelist() if name.endswith("nb2svc.json"))
        assert opened.read(manifest) == (exported[0] / "out" / "nb2svc.json").read_bytes()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["prices.ipynb", "prices.zip"]


def test_nbconvert_shows_a_failing_cell_and_writes_nothing(nbconvert, tmp_path):
    write(tmp_path, new_code_cell("1 / 0"))
    ended = nbconvert("prices.ipynb")
    assert ended.returncode == 3
    assert "prices.ipynb › cell [5]: ZeroDivisionError: division by zero" in ended.stderr
    assert "Traceback (most recent call last)" not in ended.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["prices.ipynb"]


def test_nbconvert_options_are_the_exporters(nbconvert, tmp_path):
    write(tmp_path)
    ended = nbconvert("prices.ipynb", "--ServiceExporter.kernel_name=nope")
    assert ended.returncode == 2
    assert "There is no kernel 'nope'" in ended.stderr
