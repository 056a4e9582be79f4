"""How errors become messages on stderr and exit statuses."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from nb2svc import errors
from nb2svc.ui.command import command
from nb2svc.ui.terminal import Terminal
from nb2svc.values import Problem, Where


def run(raised: BaseException, *options: str, env: dict[str, str] | None = None):
    app = typer.Typer(pretty_exceptions_enable=False)

    @command(app, "fail", panel="Test", examples=["nb2svc fail"])
    def fail(terminal: Terminal) -> None:
        """Fail."""
        raise raised

    return CliRunner().invoke(app, list(options), env=env or {})


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (errors.Nb2svcError, 1),
        (errors.UsageError, 2),
        (errors.NotebookError, 3),
        (errors.CaptureError, 4),
        (errors.FreezeError, 5),
        (errors.ExportError, 6),
        (errors.ProjectEditedError, 6),
        (errors.BuildError, 7),
        (errors.EngineError, 8),
        (errors.EngineUnavailableError, 8),
        (errors.StartError, 8),
        (errors.RegistryError, 9),
    ],
)
def test_each_kind_has_its_exit_status(kind, status):
    result = run(kind("it failed", hint="do this"))
    assert result.exit_code == status
    assert result.stdout == ""
    assert result.stderr == "✗ it failed\n  → do this\n"


def test_an_error_says_where_what_and_what_next_with_its_problems_by_cell():
    problems = [
        Problem(message="a socket", hint="use %%startup", where=Where(notebook="n.ipynb", cell=4, name="db")),
        Problem(message="a lock", where=Where(notebook="n.ipynb", cell=2, name="lock")),
        Problem(message="a file", where=Where(notebook="n.ipynb", cell=4, name="handle")),
    ]
    where = Where(notebook="n.ipynb", cell=7, name="predict")
    result = run(errors.CaptureError("3 things cannot be captured", where=where, problems=problems, log="last\nlines"))
    assert result.stderr == (
        "✗ n.ipynb › cell [7] › predict\n"
        "  3 things cannot be captured\n"
        "  n.ipynb › cell [2]\n"
        "    lock: a lock\n"
        "  n.ipynb › cell [4]\n"
        "    db: a socket\n"
        "      → use %%startup\n"
        "    handle: a file\n"
        "\n"
        "  last\n"
        "  lines\n"
    )


def test_colours_of_a_log_do_not_reach_a_pipe():
    result = run(errors.NotebookError("failed", log="\x1b[31mred\x1b[0m [bold]as it is[/bold]"))
    assert result.stderr.endswith("  red [bold]as it is[/bold]\n")
    assert "\x1b" not in result.stderr


def test_a_long_log_is_cut_from_the_front():
    result = run(errors.BuildError("failed", log="\n".join(f"line {number}" for number in range(200))))
    lines = result.stderr.splitlines()
    assert "140 lines before" in lines[2]
    assert lines[-1] == "  line 199"
    assert "  line 140" in lines
    assert "  line 139" not in lines


@pytest.mark.parametrize(("options", "env"), [(["--debug"], {}), ([], {"NB2SVC_DEBUG": "1"})])
def test_debug_adds_the_traceback(options, env):
    error = errors.UsageError("wrong")
    assert "Traceback" not in run(error).stderr
    shown = run(error, *options, env=env)
    assert "Traceback (most recent call last)" in shown.stderr
    assert shown.exit_code == 2


def test_an_unforeseen_exception_is_owned_up_to():
    result = run(ZeroDivisionError("division by zero"))
    assert result.exit_code == 70
    assert "This is a bug in nb2svc: ZeroDivisionError: division by zero" in result.stderr
    assert "Traceback (most recent call last)" in result.stderr
    assert "nb2svc doctor" in result.stderr


def test_a_terminal_without_unicode_still_gets_the_message():
    code = (
        "from nb2svc.ui.terminal import Terminal; from nb2svc.errors import UsageError\n"
        "Terminal().error(UsageError('no caf\\u00e9', hint='try tea')); Terminal().result('caf\\u00e9')"
    )
    environment = {**os.environ, "PYTHONIOENCODING": "ascii:strict"}
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert ended.stderr == "Error: no caf?\n  -> try tea\n"
    assert ended.stdout == "caf?\n"


def test_ctrl_c():
    result = run(KeyboardInterrupt())
    assert (result.exit_code, result.stdout, result.stderr) == (130, "", "Interrupted.\n")


def test_sigterm_runs_every_finally():
    app = typer.Typer(pretty_exceptions_enable=False)
    cleaned = []
    before = signal.getsignal(signal.SIGTERM)

    @command(app, "wait", panel="Test", examples=["nb2svc wait"])
    def wait(terminal: Terminal) -> None:
        """Wait."""
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            cleaned.append(True)

    assert CliRunner().invoke(app, []).exit_code == 143
    assert cleaned == [True]
    assert signal.getsignal(signal.SIGTERM) == before


def test_exit_of_a_command_is_left_alone():
    assert run(typer.Exit(1)).exit_code == 1


@pytest.mark.parametrize(
    "kind", [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.Nb2svcError)]
)
def test_errors_cross_from_a_kernel_whole(kind):
    error = kind(
        "what",
        hint="next",
        where=Where(notebook="n", cell=1, name="x"),
        problems=[Problem(message="p", hint="h")],
        log="l\n",
    )
    copy = errors.from_message(errors.to_message(error))
    assert type(copy) is kind
    assert str(copy) == str(error).rstrip("\n")


def test_the_traceback_of_an_errors_cause_crosses_too():
    try:
        try:
            {}["gone"]
        except KeyError as cause:
            raise errors.CaptureError("predict failed on its example") from cause
    except errors.CaptureError as error:
        message = errors.to_message(error)
    assert "KeyError: 'gone'" in message["log"]


def test_an_error_of_a_later_version_is_still_an_error():
    copy = errors.from_message({"type": "MoonError", "message": "no moon"})
    assert type(copy) is errors.Nb2svcError
    assert copy.message == "no moon"
