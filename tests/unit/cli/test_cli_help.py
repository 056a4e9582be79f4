"""The shell's help: every option is explained, every example is one that works, and it comes at once."""

from __future__ import annotations

import shlex
import subprocess
import sys

import pytest
import typer
from typer.main import get_command
from typer.testing import CliRunner

from nb2svc import __version__
from nb2svc.cli import app

ROOT = get_command(app)
COMMANDS = ROOT.commands
HEAVY = {
    "IPython",
    "docker",
    "fastapi",
    "httpx",
    "jinja2",
    "nbclient",
    "nbformat",
    "numpy",
    "pydantic",
    "rich",
    "uvicorn",
}


def parameters():
    for name, command in {"": ROOT, **COMMANDS}.items():
        for parameter in command.params:
            yield pytest.param(parameter, id=f"{name} {parameter.name}".strip())


def test_the_commands_of_the_design_are_there():
    expected = {"export", "check", "build", "run", "test", "push", "list", "inspect", "doctor", "stop", "logs"}
    assert set(COMMANDS) == expected


@pytest.mark.parametrize("parameter", list(parameters()))
def test_every_option_and_argument_is_explained(parameter):
    text = parameter.help or ""
    assert len(text) > 15
    assert text.endswith(".")


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_says_what_it_is_for_and_how_it_is_typed(name):
    command = COMMANDS[name]
    assert command.help.split("\n\n")[0].endswith((".", "difference."))
    head, *examples = command.epilog.split("\n\n")
    assert head == "Examples:"
    for example in examples:
        program, typed, *arguments = shlex.split(example)
        assert (program, typed) == ("nb2svc", name)
        with command.make_context(name, arguments):  # raises where an option or argument is none
            pass


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], *([name, "--help"] for name in COMMANDS)])
def test_help_is_printed(arguments):
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0
    assert "Usage: nb2svc" in result.output or "Usage: root" in result.output


def test_the_version():
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.output) == (0, f"nb2svc {__version__}\n")


@pytest.mark.parametrize(
    "arguments",
    [["exprot"], ["export"], ["export", "a.ipynb", "--no-such-option"], ["export", "a.ipynb", "--timeout", "0"]],
)
def test_wrong_usage_exits_2(arguments):
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr


def test_help_imports_nothing_heavy():
    code = f"import sys, nb2svc.cli; print(sorted({HEAVY!r} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"


@pytest.mark.parametrize(("typed", "expected"), [("nb2svc ex", "export"), ("nb2svc run --eng", "--engine")])
def test_shell_completion(typed, expected):
    words = typed.split(" ")
    environment = {"_NB2SVC_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(len(words) - 1)}
    result = CliRunner().invoke(app, [], prog_name="nb2svc", env=environment)
    assert expected in result.output.split()


def test_typer_makes_the_commands_from_signatures_of_their_own():
    names = {parameter.name for parameter in COMMANDS["push"].params}
    assert names == {"image", "reference", "quiet", "no_color", "debug"}
    assert isinstance(app, typer.Typer)
