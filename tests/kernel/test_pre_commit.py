"""The hooks of .pre-commit-hooks.yaml, run by pre-commit itself in a git repository, and what they run.

pre-commit clones a repository on this disk; where it makes an environment, pip installs that into it without its
dependencies, which come from this environment.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import nbformat
import pytest
import yaml
from headless_notebook import tagged
from nbformat.v4 import new_code_cell, new_notebook
from typer.testing import CliRunner

from nb2svc.cli import app

CHECKOUT = Path(__file__).parents[2]
IDENTITY = ("-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "core.autocrlf=false")
FROM_HERE = {
    "PIP_NO_DEPS": "1",
    "PIP_NO_BUILD_ISOLATION": "0",  # pip reads this one as "build isolation: no"
    "PYTHONPATH": sysconfig.get_path("purelib"),
}

pytestmark = pytest.mark.once


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *IDENTITY, *arguments], cwd=folder, check=True, capture_output=True)


def commit(folder: Path) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "as it is")


def notebook(path: Path, rate: float) -> None:
    handler = '# nb2svc: POST /price --example {"net": 100}\ndef price(net: float):\n    return net * RATE'
    cells = [new_code_cell(f"RATE = {rate}"), tagged(handler, "nb2svc-endpoint")]
    nbformat.write(new_notebook(cells=cells), path)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A repository with a notebook, its committed export, and a notebook that serves nothing."""
    root = tmp_path_factory.mktemp("repository")
    git(root, "init", "-q")
    (root / "notebooks").mkdir()
    notebook(root / "notebooks" / "prices.ipynb", 1.2)
    nbformat.write(new_notebook(cells=[new_code_cell("1 + 1")]), root / "notebooks" / "sums.ipynb")
    target = root / "services" / "prices"
    done = CliRunner().invoke(app, ["export", str(root / "notebooks" / "prices.ipynb"), "-o", str(target)])
    assert done.exit_code == 0, done.output
    commit(root)
    return root


@pytest.fixture
def repository(exported, tmp_path):
    shutil.copytree(exported, tmp_path / "repository")
    return tmp_path / "repository"


@pytest.fixture(scope="module")
def hooks(tmp_path_factory):
    """nb2svc as pre-commit gets it: what a clone of its repository holds."""
    root = tmp_path_factory.mktemp("hooks")
    for name in ("nb2svc", "pyproject.toml", ".pre-commit-hooks.yaml", "README.md", "LICENSE"):
        source = CHECKOUT / name
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(source, root / name, ignore=ignored) if source.is_dir() else shutil.copy(source, root / name)
    git(root, "init", "-q")
    commit(root)
    return root


def pre_commit(repository: Path, hooks: Path, hook: str, home: Path, **environment: str):
    command = [sys.executable, "-m", "pre_commit", "try-repo", str(hooks), hook, "--all-files", "--verbose"]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    env = {**kept, "PRE_COMMIT_HOME": str(home), "PATH": path, "NO_COLOR": "1", **environment}
    return subprocess.run(command, cwd=repository, env=env, capture_output=True, text=True, check=False)


def test_the_hook_of_the_docs_is_the_one_that_is_defined():
    text = (CHECKOUT / "docs" / "shell.md").read_text(encoding="utf-8")
    written = yaml.safe_load(re.search(r"```yaml\n(.*?)```", text, re.DOTALL)[1])["repos"][0]["hooks"][0]
    defined = {each["id"]: each for each in yaml.safe_load((CHECKOUT / ".pre-commit-hooks.yaml").read_text())}
    assert {**defined[written["id"]], **written} == defined[written["id"]]
    assert all(f"`{name}`" in text for name in defined)


def test_the_hook_that_uses_this_environment(repository, hooks, tmp_path):
    done = pre_commit(repository, hooks, "nb2svc-export-check-here", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{Path('services', 'prices')} is what the notebook gives now." in done.stdout


def test_the_hook_with_an_environment_of_its_own(repository, hooks, tmp_path):
    notebook(repository / "notebooks" / "prices.ipynb", 1.5)
    before = {path: path.stat().st_mtime_ns for path in repository.rglob("*") if ".git" not in path.parts}
    done = pre_commit(repository, hooks, "nb2svc-export-check", tmp_path, **FROM_HERE)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "exit code: 1" in done.stdout
    assert "-RATE = 1.2\n+RATE = 1.5\n" in done.stdout
    assert f"{Path('services', 'prices')} is not what the notebook gives now" in done.stdout
    assert {path: path.stat().st_mtime_ns for path in repository.rglob("*") if ".git" not in path.parts} == before


def check(*arguments: object):
    return CliRunner().invoke(app, ["check", *map(str, arguments)], catch_exceptions=False)


def test_what_version_control_does_to_a_folder_is_no_difference(repository, monkeypatch):
    monkeypatch.chdir(repository)
    project = Path("services", "prices")
    for path in project.rglob("*"):
        if path.suffix in {".py", ".md", ".json", ".txt", ".in"}:
            path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
            path.chmod(0o755)
    for name in ("__pycache__", ".pytest_cache"):
        (project / "service" / name).mkdir()
        (project / "service" / name / "dropping").write_text("x")
    same = check("--quiet")  # without a name: every notebook that has an export
    assert (same.exit_code, same.stdout, same.stderr) == (0, f"{project} is what the notebook gives now.\n", "")


def test_everything_that_differs_is_told(repository, monkeypatch):
    monkeypatch.chdir(repository)
    notebook(Path("notebooks", "prices.ipynb"), 1.5)
    project = Path("services", "prices")
    (project / "README.md").unlink()
    (project / "mine.txt").write_text("mine")
    found = check("notebooks/prices.ipynb", "notebooks/sums.ipynb")
    assert found.exit_code == 1
    assert "README.md: the notebook gives it, the folder lacks it\n" in found.stdout
    assert "mine.txt: the folder has it, the notebook does not give it\n" in found.stdout
    assert "--- a/service/notebook.py\n+++ b/service/notebook.py\n" in found.stdout
    assert "examples/price-1.json: changed\n    $\n        expected  120.0\n        got       150.0" in found.stdout
    assert f"{project} is not what the notebook gives now: 5 changed, 1 missing, 1 unexpected.\n" in found.stdout
    assert "notebooks/sums.ipynb has no export here: nothing to check." in found.stderr
    assert f"nb2svc export notebooks/prices.ipynb -o {project}" in found.stderr
    as_json = check("notebooks/prices.ipynb", "--json", "--quiet")
    (differences,) = json.loads(as_json.stdout).values()
    assert [(each["path"], each["kind"]) for each in differences] == [
        ("Dockerfile", "changed"),
        ("README.md", "missing"),
        ("examples/price-1.json", "changed"),
        ("mine.txt", "unexpected"),
        ("nb2svc.json", "changed"),
        ("openapi.json", "changed"),
        ("service/notebook.py", "changed"),
    ]
