"""Choosing a docker command, with commands that answer as the real ones do."""

import os
from pathlib import Path

import pytest

from nb2svc.errors import EngineError, EngineUnavailableError
from nb2svc.image import client

OLD = 'case "$1" in --version) echo "Docker version 20.10.24+dfsg1, build 297e128";; *) exit 1;; esac'
NEW = 'case "$1" in --version) echo "Docker version 28.2.2, build e6534b4";; *) exit 1;; esac'
WITH_BUILDX = 'case "$1 $2" in "buildx version") echo "github.com/docker/buildx v0.24.0 abc";; *) exit 1;; esac'


@pytest.fixture
def on_path(tmp_path, monkeypatch):
    """Put commands named docker on PATH, and nothing else."""

    def put(*scripts):
        folders = []
        for number, script in enumerate(scripts):
            folder = tmp_path / str(number)
            folder.mkdir()
            (folder / "docker").write_text(f"#!/bin/sh\n{script}\n")
            (folder / "docker").chmod(0o755)
            folders.append(folder)
        monkeypatch.setenv("PATH", os.pathsep.join(map(str, folders)))
        return [str(folder / "docker") for folder in folders]

    return put


def test_a_client_without_buildkit_is_passed_over(on_path):
    _, old = on_path(NEW, OLD)
    assert client.find_builder() == client.Builder((old, "build"), {"DOCKER_BUILDKIT": "1"})


def test_the_buildx_plugin_is_used_where_it_is(on_path):
    (buildx, _) = on_path(WITH_BUILDX, OLD)
    assert client.find_builder().command == (buildx, "buildx", "build", "--load")


def test_a_newer_client_without_the_plugin_says_what_to_install(on_path):
    on_path(NEW)
    with pytest.raises(EngineUnavailableError, match="buildx plugin is missing") as failed:
        client.find_builder()
    assert "docker-buildx-plugin" in failed.value.hint


def test_without_any_client(on_path):
    on_path()
    with pytest.raises(EngineUnavailableError, match="no docker command"):
        client.find_builder()
    with pytest.raises(EngineUnavailableError, match="no docker command"):
        client.run("image", "ls")


def test_the_same_command_by_two_names_is_one(on_path, tmp_path, monkeypatch):
    (only,) = on_path(OLD)
    (tmp_path / "link").symlink_to(Path(only).parent)
    monkeypatch.setenv("PATH", f"{Path(only).parent}{os.pathsep}{tmp_path / 'link'}")
    assert list(client._clients()) == [only]


def test_what_a_command_says_when_it_fails_is_kept(on_path):
    on_path("echo 'Error: No such image: x' >&2; exit 1")
    with pytest.raises(EngineError) as failed:
        client.run("image", "inspect", "x")
    assert failed.value.log == "Error: No such image: x"


def test_an_engine_that_does_not_answer_is_told_apart(on_path):
    on_path("echo 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock.' >&2; exit 1")
    with pytest.raises(EngineUnavailableError, match="No Docker engine answers"):
        client.run("image", "ls")
