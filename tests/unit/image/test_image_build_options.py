"""What can be said of a build before one runs, and how a command's end is made sure of."""

import os
import sys

import psutil
import pytest

from nb2svc.errors import BuildError, UsageError
from nb2svc.image import build
from nb2svc.image.docker import _options
from nb2svc.image.images import _base_size, _layers
from nb2svc.image.process import lines_of
from nb2svc.image.push import _with_tag
from nb2svc.values import Project


@pytest.fixture
def project(tmp_path):
    return Project(root=tmp_path, name="iris", digest="abc", python="3.11", platform="linux/amd64")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"builder": "oci"}, "not part of this version"),
        ({"builder": "kaniko"}, "no builder 'kaniko'"),
        ({"platform": "linux/amd64,linux/arm64"}, "one platform at a time"),
        ({"tag": "Iris"}, "no name of an image"),
        ({"tag": "iris:1:2"}, "no name of an image"),
    ],
)
def test_options_that_do_not_fit(project, options, said):
    with pytest.raises(UsageError, match=said):
        build(project, **options)


@pytest.mark.parametrize("tag", ["iris", "iris:1.0", "registry.example:5000/team/iris:1.0", "a/b_c-d.e"])
def test_names_that_do(project, tag):
    with pytest.raises(BuildError, match="holds no Dockerfile"):
        build(project, tag=tag)


def test_the_values_of_proxies_are_not_on_the_command_line(project, monkeypatch):
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HTTPS_PROXY", "http://me:secret@proxy.example:3128")
    options = list(_options(project, "iris:latest", "linux/arm64", "base:1", {}, no_cache=True))
    assert "secret" not in " ".join(options)
    assert options[options.index("--build-arg") + 1] == "HTTPS_PROXY"
    assert "BASE=base:1" in options
    assert options[options.index("--platform") + 1] == "linux/arm64"
    assert options[-1] == "--no-cache"


def test_a_tag_is_added_where_there_is_none():
    assert _with_tag("127.0.0.1:5000/iris") == "127.0.0.1:5000/iris:latest"
    assert _with_tag("127.0.0.1:5000/iris:2") == "127.0.0.1:5000/iris:2"


HISTORY = [  # the oldest first
    {"CreatedBy": "/bin/sh -c #(nop) ADD file:1 in / ", "Size": "100"},
    {"CreatedBy": '/bin/sh -c #(nop)  CMD ["python3"]', "Size": "0"},
    {"CreatedBy": "ARG BASE", "Size": "0"},
    {"CreatedBy": "RUN |1 BASE=python:3.11 /bin/sh -c echo x >>/etc/passwd # buildkit", "Size": "5"},
    {"CreatedBy": "WORKDIR /app", "Size": "0"},
    {"CreatedBy": "COPY /app/service service # buildkit", "Size": "7"},
]


def test_the_base_is_what_lies_below_the_last_stage():
    assert _base_size(HISTORY) == 100
    assert _base_size(HISTORY[:2]) is None


def test_layers_are_told_from_lines_that_make_none():
    layers = _layers(["sha256:a", "sha256:b", "sha256:c", "sha256:d"], HISTORY)
    assert [(layer.digest, layer.size) for layer in layers] == [
        ("sha256:a", 100),
        ("sha256:b", 5),
        ("sha256:c", 0),
        ("sha256:d", 7),
    ]
    assert layers[-1].created_by == "COPY /app/service service"


def test_digests_are_left_out_where_they_cannot_be_matched():
    assert {layer.digest for layer in _layers(["sha256:a"], HISTORY)} == {""}


def test_lines_and_the_exit_code_of_a_command():
    with lines_of(
        [sys.executable, "-c", "import os; print(os.environ['X']); raise SystemExit(3)"], environment={"X": "y"}
    ) as lines:
        assert list(lines) == ["y"]
        assert lines.returncode == 3


def stopped_while_it_runs(code, error):
    """The command's process, after ``error`` came up while its first line was read."""
    with lines_of([sys.executable, "-c", code]) as lines:
        process = psutil.Process(int(next(iter(lines))))
        seen.append(process)
        raise error


seen: list[psutil.Process] = []


def test_whatever_ends_the_reading_ends_the_command():
    with pytest.raises(KeyboardInterrupt):
        stopped_while_it_runs("import os, time; print(os.getpid(), flush=True); time.sleep(60)", KeyboardInterrupt)
    assert not seen.pop().is_running()


def test_a_command_that_ignores_the_interrupt_is_killed(monkeypatch):
    monkeypatch.setattr("nb2svc.image.process._END_SECONDS", 0.2)
    deaf = "import os, signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN)"
    with pytest.raises(RuntimeError):
        stopped_while_it_runs(f"{deaf}; print(os.getpid(), flush=True); time.sleep(60)", RuntimeError)
    assert not seen.pop().is_running()
