"""Headless runs that end in an error: each in a real kernel, each says where, what and what to do."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from nb2svc.capture.failure import ANSI
from nb2svc.capture.notebook import run_notebook
from nb2svc.errors import CaptureError, NotebookError, UsageError
from nb2svc.events import Event, Failed, LogLine, Started, Step


def write(folder: Path, *sources: str, tags: dict[int, list[str]] | None = None, kernel: str | None = None) -> Path:
    cells = [
        new_code_cell(source, metadata={"tags": (tags or {}).get(position, [])})
        for position, source in enumerate(sources)
    ]
    metadata = {"kernelspec": {"name": kernel, "display_name": kernel}} if kernel else {}
    notebook = new_notebook(cells=[new_markdown_cell("# A notebook"), *cells], metadata=metadata)
    path = folder / "sample.ipynb"
    nbformat.write(notebook, path)
    return path


def failed(path: Path, events: list[Event] | None = None, **options) -> Exception:
    before = path.read_bytes()
    output = path.parent / "out"
    with pytest.raises(Exception) as caught:  # which one is each test's own question
        run_notebook(path, directory=output, emit=(events if events is not None else []).append, **options)
    assert not output.exists()
    assert path.read_bytes() == before
    assert sorted(each.name for each in path.parent.iterdir()) == ["sample.ipynb"]
    return caught.value


def test_a_failing_cell_is_shown_with_its_line_marked(tmp_path):
    path = write(tmp_path, "def half(x):\n    return 1 / x", "a = 1\nb = 2\nhalf(0)\nc = 3", "print('never')")
    events: list[Event] = []
    error = failed(path, events)
    assert isinstance(error, NotebookError)
    assert error.exit_code == 3
    assert str(error.where) == "sample.ipynb › cell [2]"
    assert error.message == "ZeroDivisionError: division by zero"
    log = ANSI.sub("", error.log)
    assert "→ 3 │ half(0)\n" in log
    assert "  4 │ c = 3" in log
    assert "in half(x)" in log  # the frame behind the cell's own
    assert log.rstrip().endswith("ZeroDivisionError: division by zero")
    steps = [event for event in events if isinstance(event, Step) and event.total]
    assert [(step.done, step.total, step.text) for step in steps] == [
        (0, 3, "cell 1 of 3: def half(x):"),
        (1, 3, "cell 2 of 3: a = 1"),
    ]
    assert [event.title for event in events if isinstance(event, Started)] == [
        "Reading sample.ipynb",
        "Running sample.ipynb in a fresh python3 kernel",
    ]
    assert isinstance(events[-1], Failed)


def test_a_cell_with_a_syntax_error(tmp_path):
    error = failed(write(tmp_path, "total = (1 +\n", "1"))
    assert error.message.startswith("SyntaxError: ")
    assert ".py, line" not in error.message  # the name of IPython's file for the cell says nothing
    assert "→ 1 │ total = (1 +" in error.log


def test_the_traceback_of_a_deep_failure_is_trimmed(tmp_path):
    error = failed(write(tmp_path, "def down(n):\n    if n == 0:\n        {}['gone']\n    down(n - 1)\ndown(30)"))
    log = ANSI.sub("", error.log)
    assert error.message == "KeyError: 'gone'"
    assert "→ 5 │ down(30)" in log
    assert "frames left out" in log or "skipping similar frames" in log
    assert len(log.splitlines()) < 80


def test_what_cells_print_becomes_log_lines(tmp_path):
    events: list[Event] = []
    failed(
        write(tmp_path, "import sys\nprint('one\\ntwo')\nprint('50%\\r100%')\nprint('warned', file=sys.stderr)\n1/0"),
        events,
    )
    assert [event.line for event in events if isinstance(event, LogLine)] == ["one", "two", "100%", "warned"]


def test_an_error_of_nb2svc_keeps_its_kind_and_all_that_it_holds(tmp_path):
    source = (
        "from nb2svc.errors import CaptureError\nfrom nb2svc.values import Problem, Where\n"
        "raise CaptureError('model cannot be captured', hint='move it', where=Where(cell=1, name='model'),\n"
        "    problems=[Problem(message='a lock', hint='%%startup', where=Where(cell=1, name='lock'))], log='tail')"
    )
    error = failed(write(tmp_path, source))
    assert isinstance(error, CaptureError)
    assert (error.exit_code, error.message, error.hint, error.where.name, error.log) == (
        4,
        "model cannot be captured",
        "move it",
        "model",
        "tail",
    )
    assert [(problem.message, problem.hint, problem.where.name) for problem in error.problems] == [
        ("a lock", "%%startup", "lock")
    ]


def test_a_module_that_the_kernel_lacks(tmp_path):
    error = failed(write(tmp_path, "import no_such_module_anywhere"))
    assert error.message == "ModuleNotFoundError: No module named 'no_such_module_anywhere'"
    assert "--kernel" in error.hint


def test_a_cell_that_asks_for_input(tmp_path):
    error = failed(write(tmp_path, "name = input('name? ')"))
    assert "-p NAME=VALUE" in error.hint


def test_the_notebook_runs_in_its_own_folder_with_fixed_hashes(tmp_path):
    report = "import os\nraise ValueError(os.getcwd() + ' ' + os.environ['PYTHONHASHSEED'])"
    error = failed(write(tmp_path, report))
    assert error.message == f"ValueError: {tmp_path.resolve()} 0"


def test_a_cell_that_takes_too_long(tmp_path):
    error = failed(write(tmp_path, "1", "import time\ntime.sleep(600)"), timeout=1)
    assert isinstance(error, NotebookError)
    assert str(error) == (
        "sample.ipynb › cell [2]: The cell was still running after 1 s.\n"
        "  → Allow each cell more time with --timeout SECONDS, or leave it out for no limit.\n"
        "  1 │ import time\n  2 │ time.sleep(600)"
    )


def test_a_kernel_killed_as_for_lack_of_memory(tmp_path):
    error = failed(write(tmp_path, "x = 1", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"))
    assert isinstance(error, NotebookError)
    assert str(error.where) == "sample.ipynb › cell [2]"
    assert "SIGKILL" in error.message
    assert "memory" in error.hint


def test_a_kernel_that_crashes_shows_what_it_wrote_last(tmp_path):
    error = failed(
        write(tmp_path, "import faulthandler, sys, ctypes\nfaulthandler.enable(sys.__stderr__)\nctypes.string_at(0)")
    )
    assert "signal 11" in error.message
    assert "ctypes.string_at(0)" in error.log


def test_a_kernel_that_ends_by_itself(tmp_path):
    error = failed(write(tmp_path, "import os\nos._exit(3)"))
    assert error.message == "The kernel ended by itself with status 3 while it ran this cell."


def test_a_kernel_that_is_not_there(tmp_path):
    asked = failed(write(tmp_path, "1"), kernel_name="nope")
    assert isinstance(asked, UsageError)
    assert "There is no kernel 'nope'" in asked.message
    assert "python3" in asked.hint
    named = failed(write(tmp_path, "1", kernel="their-env"))
    assert "The notebook asks for the kernel 'their-env'" in named.message


@pytest.fixture
def kernels(tmp_path_factory, monkeypatch):
    """A data directory of Jupyter's in which a test can put kernels of its own."""
    root = tmp_path_factory.mktemp("jupyter")
    monkeypatch.setenv("JUPYTER_PATH", str(root))

    def add(name: str, argv: list[str], language: str = "python") -> None:
        folder = root / "kernels" / name
        folder.mkdir(parents=True)
        spec = {"argv": argv, "language": language, "display_name": name}
        (folder / "kernel.json").write_text(json.dumps(spec))

    return add


def test_a_kernel_of_another_language(tmp_path, kernels):
    kernels("ir", ["R"], language="R")
    error = failed(write(tmp_path, "1", kernel="ir"))
    assert isinstance(error, UsageError)
    assert "speaks R" in error.message


def test_a_kernel_whose_environment_is_gone(tmp_path, kernels):
    kernels("gone", ["/no/such/python", "-m", "ipykernel_launcher", "-f", "{connection_file}"])
    error = failed(write(tmp_path, "1"), kernel_name="gone")
    assert isinstance(error, NotebookError)
    assert "'gone' did not start" in error.message


def test_a_kernel_that_dies_at_once_shows_why(tmp_path, kernels):
    kernels("broken", ["python", "-c", "raise SystemExit('no module named ipykernel')", "{connection_file}"])
    error = failed(write(tmp_path, "1"), kernel_name="broken")
    assert "'broken' did not start" in error.message
    assert "no module named ipykernel" in error.log


def test_a_kernel_without_nb2svc(tmp_path, kernels, tmp_path_factory):
    shadow = tmp_path_factory.mktemp("shadow")
    (shadow / "nb2svc.py").write_text("raise ImportError('No module named nb2svc')")
    path = f"import sys; sys.path.insert(0, {str(shadow)!r})"
    launch = f"{path}; from ipykernel.kernelapp import launch_new_instance; launch_new_instance()"
    kernels("bare", ["python", "-c", launch, "-f", "{connection_file}"])
    error = failed(write(tmp_path, "1"), kernel_name="bare")
    assert isinstance(error, UsageError)
    assert "'bare' cannot import nb2svc" in error.message
    assert "-m pip install nb2svc==" in error.hint


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "There is no file"), ("not json", "is no notebook"), ("{}", "is no notebook"), ("[1]", "is no notebook")],
)
def test_a_file_that_is_no_notebook(tmp_path, content, message):
    path = tmp_path / "sample.ipynb"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UsageError, match=message):
        run_notebook(path, directory=tmp_path / "out")
