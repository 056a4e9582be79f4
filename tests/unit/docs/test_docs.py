"""README and docs against the code: nothing undocumented, nothing documented that is not there."""

from __future__ import annotations

import ast
import inspect
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
from IPython.core.inputtransformer2 import TransformerManager

from nb2svc import errors
from nb2svc.capture import marks, options
from nb2svc.cli import app
from nb2svc.engine import NAMES
from nb2svc.runtime.settings import Settings, shown, variable
from nb2svc.ui import line_magic

pytestmark = pytest.mark.once  # pages

ROOT = Path(__file__).resolve().parents[3]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^]]*\]\(([^)\s]+)\)")

SHELL: Any = typer.main.get_command(app)  # click's, or the one that Typer carries itself
SHELL_COMMANDS: dict[str, Any] = SHELL.commands


def blocks(page: Path, *languages: str) -> list[str]:
    return [code for language, code in FENCE.findall(page.read_text(encoding="utf-8")) if language in languages]


def prose(page: Path) -> str:
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def section(page: str, heading: str) -> str:
    """The part of a page below the heading that begins so, up to the next one of its level."""
    text = (DOCS / page).read_text(encoding="utf-8")
    level = heading.partition(" ")[0]
    found = re.search(rf"^{re.escape(heading)}(?!\w).*?(?=^{level} |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"{page} has no section {heading!r}"
    return found[0]


def option_strings(command: Any) -> set[str]:
    parameters = command.get_params(command.context_class(command))
    options_ = [each for each in parameters if each.param_type_name == "option"]
    assert options_
    return {name for each in options_ for name in (*each.opts, *each.secondary_opts)}


# --- the shell ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SHELL_COMMANDS)
def test_every_option_of_the_shell_is_documented(name):
    text = (DOCS / "shell.md").read_text(encoding="utf-8")
    assert f"`nb2svc {name}" in text
    own = re.search(rf"^\| `nb2svc {name}\b.*$", text, re.MULTILINE)
    where = own[0] if own else section("shell.md", f"## `nb2svc {name}")
    everywhere = text.partition("\n## ")[0]  # before the first command: the options of all
    missing = {
        one for one in option_strings(SHELL_COMMANDS[name]) if not re.search(rf"`[^`]*{one}\b", where + everywhere)
    }
    assert not missing


def test_every_option_of_the_shell_itself_is_documented():
    text = (DOCS / "shell.md").read_text(encoding="utf-8")
    assert not {one for one in option_strings(SHELL) if one not in text}


def test_the_shell_page_documents_nothing_else():
    known = {one for command in (SHELL, *SHELL_COMMANDS.values()) for one in option_strings(command)}
    named = set(re.findall(r"`(--[a-z][a-z-]*)", prose(DOCS / "shell.md")))
    assert named <= known
    assert set(re.findall(r"`nb2svc ([a-z]+)", prose(DOCS / "shell.md"))) == set(SHELL_COMMANDS)


def test_every_exit_status_is_documented():
    table = section("shell.md", "## Exit status")
    documented = {
        int(number) for row in re.findall(r"^\| ([\d, ]+) \|", table, re.MULTILINE) for number in row.split(",")
    }
    kinds = [errors.Nb2svcError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    assert {kind.exit_code for kind in kinds} < documented


# --- the magics ---------------------------------------------------------------------------------


def options_of_magic(parser) -> set[str]:
    """Option names as the parser hands them to ``split``."""
    calls = [
        node
        for node in ast.walk(ast.parse(inspect.getsource(parser)))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "split"
    ]
    (call,) = calls
    lists = [keyword.value for keyword in call.keywords if keyword.arg in {"values", "flags"}]
    return {f"--{name}" for names in lists for name in ast.literal_eval(names)}


@pytest.mark.parametrize(
    ("magic", "parser"), [("serve_model", options.model_options), ("endpoint", options.endpoint_options)]
)
def test_every_option_of_a_cell_magic_is_documented(magic, parser):
    table = section("magics.md", f"## `%%{magic}")
    known = options_of_magic(parser)
    assert known
    assert set(re.findall(r"^\| `(--[a-z-]+)", table, re.MULTILINE)) == known


def test_every_cell_magic_is_documented():
    text = (DOCS / "magics.md").read_text(encoding="utf-8")
    assert {name for name in marks.MARKS if f"## `%%{name}" not in text} == set()


def line_magic_commands():
    (subparsers,) = line_magic._parser()._subparsers._group_actions
    return subparsers.choices


@pytest.mark.parametrize("name", line_magic_commands())
def test_every_command_and_option_of_the_line_magic_is_documented(name):
    text = section("magics.md", "## `%nb2svc COMMAND`")
    assert f"| `%nb2svc {name}" in text
    rows = [row for row in text.splitlines() if re.match(r"\| `-", row)]
    for action in line_magic_commands()[name]._actions:
        for option in set(action.option_strings) - {"-h", "--help"}:
            assert any(re.search(rf"`{option}\b", row) and f"`{name}`" in row for row in rows), (name, option)


def test_the_line_magic_documents_no_other_command():
    named = set(re.findall(r"^\| `%nb2svc ([a-z]+)", section("magics.md", "## `%nb2svc COMMAND`"), re.MULTILINE))
    assert named == set(line_magic_commands())


# --- engines and settings -----------------------------------------------------------------------


def test_every_engine_has_its_section():
    assert all(f"\n## {name}\n" in (DOCS / "engines.md").read_text() for name in NAMES if name != "auto")


def test_every_setting_of_a_service_is_documented_with_its_default():
    for name, field in Settings.model_fields.items():
        row = re.search(rf"^\| `{variable(name)}` \|.*\|$", section("project.md", "## Set it"), re.MULTILINE)
        assert row, name
        default = row[0].rpartition("|")[0].rpartition("|")[2].strip()
        assert (f"`{shown(field.default)}`" if shown(field.default) else "none") in default, name


# --- links, commands, code ----------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    """As GitHub makes them from headings."""
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_relative_link_leads_somewhere(page):
    for target in LINK.findall(prose(page)):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), target


def test_every_picture_is_used_and_small():
    used = {Path(target).name for page in PAGES for target in LINK.findall(prose(page)) if target.endswith(".png")}
    pictures = {path.name: path for path in (DOCS / "images").iterdir()}
    assert set(pictures) == used
    for path in pictures.values():
        assert path.read_bytes().startswith(b"\x89PNG")
        assert path.stat().st_size < 200_000


def commands_in(page: Path) -> list[str]:
    text = "\n".join(blocks(page, "sh")).replace("\\\n", " ")
    return [line.strip() for line in text.splitlines() if line.startswith("nb2svc ")]


@pytest.mark.parametrize(("page", "line"), [(page.name, line) for page in PAGES for line in commands_in(page)])
def test_every_command_line_is_one_that_the_shell_takes(page, line):
    name, *words = shlex.split(line, comments=True)[1:]
    command = SHELL_COMMANDS[name]
    context = command.make_context(name, list(words))  # parses all, raises a UsageError; runs nothing
    assert context.params


def test_there_are_command_lines():
    assert len(commands_in(ROOT / "README.md")) >= 4


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_python_block_compiles_as_a_cell(page):
    for code in blocks(page, "python"):
        compile(TransformerManager().transform_cell(code), page.name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def test_python_below_a_cell_magic_compiles_too():
    bodies = [code.partition("\n")[2] for page in PAGES for code in blocks(page, "python") if code.startswith("%%")]
    assert bodies
    for body in bodies:
        compile(body, "<body>", "exec")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_make_targets_exist(page):
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    named = re.findall(r"^make ([a-z -]+?)(?:\s+#.*)?$", "\n".join(blocks(page, "sh")), re.MULTILINE)
    assert {word for line in named for word in line.split()} <= set(targets)
