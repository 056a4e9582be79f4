"""The house rules: who imports whom, and what is public."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import nb2svc
import nb2svc.errors

ROOT = Path(nb2svc.__file__).parent
STAGES = ("capture", "freeze", "export", "image", "engine", "smoke")
SHARED = {
    *("ambient", "errors", "events", "exchange", "fingerprint", "index_files", "package_index", "pickled", "values"),
    "wording",
}
MAY_ALSO = {
    "capture": {"runtime", "__version__"},  # the kernel answers examples by the very runtime that is exported
    "freeze": {"runtime"},  # the manifest's table of what the runtime needs
    "export": {"runtime", "__version__"},
    "image": {"runtime"},
    "engine": {"runtime"},
    "smoke": {"runtime"},
}


def modules(folder):
    return sorted((ROOT / folder).rglob("*.py"))


def imported(path):
    """Parts of nb2svc that a file imports, by their first name below the package."""
    package = path.relative_to(ROOT).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "nb2svc":
                    yield [*alias.name.split("."), ""][1]
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                base = list(package[: len(package) - node.level + 1])
                parts = base + (node.module.split(".") if node.module else [])
                yield from [parts[0]] if parts else [alias.name for alias in node.names]
            elif node.module and node.module.split(".")[0] == "nb2svc":
                parts = node.module.split(".")[1:]
                yield from [parts[0]] if parts else [alias.name for alias in node.names]


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_imports_no_other_stage(stage):
    allowed = SHARED | {stage} | MAY_ALSO[stage]
    for path in modules(stage):
        assert set(imported(path)) <= allowed, path.relative_to(ROOT)


def test_the_runtime_stands_alone():
    for path in modules("runtime"):
        assert set(imported(path)) <= {"runtime"}, path.name
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                assert node.module.split(".")[0] != "nb2svc", path.name


@pytest.mark.parametrize("name", sorted(SHARED))
def test_the_shared_vocabulary_imports_only_itself(name):
    found = set(imported(ROOT / f"{name}.py"))
    assert found <= SHARED | ({"ui"} if name == "errors" else set())  # a cause is shown as the ui shows tracebacks


def test_loading_the_extension_imports_nothing_heavy():
    code = (
        "import sys; from IPython.core.interactiveshell import InteractiveShell as S; s = S.instance();"
        "before = set(sys.modules); s.extension_manager.load_extension('nb2svc');"
        "print(*sorted({name.split('.')[0] for name in set(sys.modules) - before}))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"fastapi", "pydantic", "docker", "rich", "jinja2", "numpy", "nbclient", "uvicorn", "joblib", "httpx"}
    assert "nb2svc" in out
    assert not heavy & set(out)


def test_the_public_names():
    assert sorted(nb2svc.__all__) == ["__version__", "load_ipython_extension", "service", "unload_ipython_extension"]


def test_without_the_extension_the_service_says_what_to_do():
    with pytest.raises(nb2svc.errors.UsageError, match="load_ext"):
        _ = nb2svc.service
    with pytest.raises(AttributeError):
        _ = nb2svc.nothing
