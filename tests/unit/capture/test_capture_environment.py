"""Environment variables that code reads, however it names them."""

from __future__ import annotations

import ast
import os
from importlib.util import find_spec
from os import environ as env
from types import SimpleNamespace

import pytest
from requirement import need

from nb2svc.capture.environment import is_settings, variables_in, variables_of_settings, variables_read


@pytest.fixture(autouse=True)
def here(monkeypatch):
    monkeypatch.setenv("SET", "1")
    monkeypatch.delenv("UNSET", raising=False)


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ('os.environ["A"]', {"A"}),
        ("os.environ[KEY]", {"THE_KEY"}),
        ('environ[PREFIX + "_X"]', {"THE_X"}),
        ("def f():\n    name = 'A'\n    here = os.environ\n    return here[name]", {"A"}),
        ('env["A"]', {"A"}),
        ('os.getenv("SET", "d"), os.environ.get("UNSET"), getenv("SET")', {"SET"}),
        ('"SET" in os.environ, "UNSET" not in os.environ', {"SET"}),
        ('os.path.expandvars("$SET/${UNSET}/x")', {"SET"}),
        ('config("A"), config("B", default=1), config("SET", default=1)', {"A", "SET"}),
        ('settings["A"], other.get("SET"), os.environ[unknown]', set()),
        ('os.environ["WRITTEN"] = "x"; del os.environ["GONE"]', set()),
        ("def f(:", set()),
    ],
)
def test_reads_of_variables(code, found):
    Config = type("Config", (), {"__module__": "decouple"})  # noqa: N806
    values = {"os": os, "env": env, "KEY": "THE_KEY", "PREFIX": "THE", "config": Config(), "settings": {}, "other": {}}
    assert variables_read(code, values) == found


def test_constants_of_a_module_that_is_not_loaded():
    tree = ast.parse('NAME = "A"\ndef f():\n    return os.environ[NAME]')
    assert variables_in([tree.body[1]], {}, tree) == {"A"}


def test_an_ordinary_class_is_no_settings_class():
    assert not is_settings(SimpleNamespace)
    assert not is_settings(3)


def test_the_variables_of_a_settings_class(tmp_path, monkeypatch):
    need("frameworks", "" if find_spec("pydantic_settings") else "pydantic_settings is not installed")
    from pydantic import AliasChoices, BaseModel, Field
    from pydantic_settings import BaseSettings, SettingsConfigDict

    (tmp_path / ".env").write_text("APP_TOKEN=from the file\nAPP_MODE=slow\nUNRELATED=1\n")
    monkeypatch.setenv("app_mode", "fast")
    monkeypatch.setenv("APP_POOL__SIZE", "3")
    monkeypatch.setenv("OLD_NAME", "x")

    class Pool(BaseModel):
        size: int = 1

    class Settings(BaseSettings):
        model_config = SettingsConfigDict(
            env_prefix="app_", env_file=(tmp_path / ".env", tmp_path / "no.env"), env_nested_delimiter="__"
        )
        url: str
        token: str = ""
        mode: str = ""
        unset: str = ""
        pool: Pool = Pool()
        renamed: str = Field("", validation_alias=AliasChoices("NEW_NAME", "old_name"))

    assert is_settings(Settings)
    assert not is_settings(BaseSettings)
    found = variables_of_settings(Settings)
    assert found == {
        "APP_URL": None,
        "APP_TOKEN": "from the file",
        "app_mode": None,
        "APP_POOL__SIZE": None,
        "OLD_NAME": None,
    }
