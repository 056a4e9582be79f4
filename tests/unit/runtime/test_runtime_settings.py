from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from nb2svc.runtime.errors import ManifestError, SettingsError
from nb2svc.runtime.manifest import RUNTIME_DISTRIBUTIONS, Manifest, ModelEntry
from nb2svc.runtime.settings import Settings, describe, variable


def test_settings_come_from_the_environment() -> None:
    settings = Settings.load({"SERVICE_PORT": "9000", "SERVICE_LOG_FORMAT": "text", "SERVICE_HOST": "", "PORT": "1"})
    assert (settings.port, settings.log_format, settings.host) == (9000, "text", "127.0.0.1")


def test_wrong_settings_are_all_named() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.load({"SERVICE_PORT": "high", "SERVICE_LOG_LEVEL": "loud"})
    assert "SERVICE_PORT='high'" in str(caught.value)
    assert "SERVICE_LOG_LEVEL='loud'" in str(caught.value)
    assert "--help" in caught.value.hint


def test_the_help_names_every_setting() -> None:
    for name in Settings.model_fields:
        assert variable(name) in describe()


def test_a_manifest_is_read_back_as_written(tmp_path: Path) -> None:
    model = ModelEntry(name="model", public="m", methods=("predict",), path="models/model.joblib", features=("a",))
    manifest = Manifest(name="iris", models=(model,), files={"b": "2", "a": "1"}, verified=True)
    (tmp_path / "nb2svc.json").write_text(manifest.model_dump_json(indent=2))
    assert Manifest.load(tmp_path) == manifest
    assert Manifest.load(tmp_path / "nb2svc.json") == manifest


def test_the_digest_is_over_sorted_files_only() -> None:
    one = Manifest(name="iris", files={"b": "2", "a": "1"})
    assert one.digest == hashlib.sha256(b"1  a\n2  b\n").hexdigest()
    assert one.digest == Manifest(name="other", files={"a": "1", "b": "2"}).digest
    assert one.digest != Manifest(name="iris", files={"a": "1"}).digest


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "cannot be read"), ("{", "Invalid JSON"), ('{"format": 2, "name": "x"}', "format"), ("{}", "name")],
)
def test_what_is_no_manifest_is_refused(tmp_path: Path, content: str | None, message: str) -> None:
    if content is not None:
        (tmp_path / "nb2svc.json").write_text(content)
    with pytest.raises(ManifestError, match=message):
        Manifest.load(tmp_path)


def test_what_the_runtime_imports_is_what_it_declares() -> None:
    import ast
    import sys

    import nb2svc.runtime
    from nb2svc.runtime.manifest import OPTIONAL_DISTRIBUTIONS

    names = set()
    for path in Path(nb2svc.runtime.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level <= 1, f"{path.name} reaches out of the runtime"
                names |= {node.module.partition(".")[0]} if node.level == 0 else set()
    declared = {name.replace("-", "_") for name in (*RUNTIME_DISTRIBUTIONS, *OPTIONAL_DISTRIBUTIONS)}
    brought_along = {"starlette", "anyio", "typing_extensions", "pydantic_core"}  # by fastapi and pydantic
    optional = {"pandas", "numpy", "scipy", "pyarrow", "PIL"}  # where a model or handler takes frames, arrays or images
    optional |= {"opentelemetry"}  # where traces are sent
    optional |= {"fsspec", "aiohttp"}  # where a model is fetched
    assert names - sys.stdlib_module_names - declared - brought_along - optional == set()
