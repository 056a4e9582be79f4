"""uv against an index of our own: what it answers, what it is asked once only, and how its failures read."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from nb2svc.errors import FreezeError
from nb2svc.freeze import resolve as module
from nb2svc.freeze.resolve import NoWheelError, Request, UnavailableError, find_uv, resolve
from nb2svc.freeze.target import Target
from nb2svc.package_index import user_index

pytestmark = pytest.mark.once  # what uv answers

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
TARGET = Target(PYTHON, "linux/amd64")


def ask(roots: tuple[str, ...], target: Target = TARGET, **pins: str):
    pinned = {name.replace("_", "-"): version for name, version in pins.items()}
    return resolve(Request(roots, pinned, (), target, "1"), find_uv(), user_index())


def test_the_kernels_versions_with_digests(package_index) -> None:
    package_index.add("fab-a", "1.0", requires=("fab-b>=1", "fab-c; sys_platform == 'win32'"))
    for version in ("1.0", "1.5", "2.0"):
        package_index.add("fab-b", version)
    a, b = ask(("fab-a",), fab_a="1.0", fab_b="1.5")
    assert (a.name, a.version, b.name, b.version, b.via) == ("fab-a", "1.0", "fab-b", "1.5", ("fab-a",))
    assert all(len(pin.hashes) == 1 and pin.hashes[0].startswith("sha256:") for pin in (a, b))


def test_local_labels_and_prereleases_are_kept(package_index) -> None:
    for version in ("2.0", "2.0+cpu", "2.1rc1", "3.0"):
        package_index.add("fab-torch", version)
    assert [pin.version for pin in ask(("fab-torch",), fab_torch="2.0+cpu")] == ["2.0+cpu"]
    assert [pin.version for pin in ask(("fab-torch",), fab_torch="2.1rc1")] == ["2.1rc1"]


def test_the_same_question_is_answered_without_a_network(package_index, monkeypatch: pytest.MonkeyPatch) -> None:
    package_index.add("fab-a", "1.0")
    first = ask(("fab-a",), fab_a="1.0")
    monkeypatch.setattr(module, "_compile", lambda *_: pytest.fail("uv was asked again"))
    assert ask(("fab-a",), fab_a="1.0") == first


def test_credentials_are_no_part_of_what_is_remembered(package_index, monkeypatch: pytest.MonkeyPatch) -> None:
    package_index.add("fab-a", "1.0")
    monkeypatch.setenv("UV_DEFAULT_INDEX", package_index.url_as("user", "first-token"))
    first = ask(("fab-a",), fab_a="1.0")
    monkeypatch.setenv("UV_DEFAULT_INDEX", package_index.url_as("user", "second-token"))
    monkeypatch.setattr(module, "_compile", lambda *_: pytest.fail("uv was asked again"))
    assert ask(("fab-a",), fab_a="1.0") == first


def test_another_platform_is_another_question(package_index) -> None:
    package_index.add("fab-a", "1.0", requires=("fab-arm; platform_machine == 'aarch64'",))
    package_index.add("fab-arm", "1.0")
    assert len(ask(("fab-a",), fab_a="1.0")) == 1
    assert len(ask(("fab-a",), Target(PYTHON, "linux/arm64"), fab_a="1.0")) == 2


def test_a_version_without_a_wheel_for_the_target(package_index) -> None:
    package_index.add("fab-a", "1.0", tag="cp311-cp311-macosx_11_0_arm64")
    with pytest.raises(NoWheelError, match=r"fab-a 1\.0, which the kernel has, has no wheel for linux/amd64") as caught:
        ask(("fab-a",), fab_a="1.0")
    assert caught.value.name == "fab-a"
    assert "install a version of fab-a that has one" in caught.value.hint


def test_a_version_with_a_source_distribution_only(package_index) -> None:
    package_index.add_source("fab-source", "1.0")
    with pytest.raises(NoWheelError) as caught:
        ask(("fab-source",), fab_source="1.0")
    assert caught.value.name == "fab-source"


def test_a_version_that_no_index_has(package_index) -> None:
    package_index.add("fab-a", "2.0")
    with pytest.raises(UnavailableError, match=r"no index has fab-a 2\.0\+cu126") as caught:
        ask(("fab-a",), fab_a="2.0+cu126")
    assert "label +cu126" in caught.value.hint
    assert "UV_INDEX" in caught.value.hint
    with pytest.raises(UnavailableError, match="no index has fab-none") as caught:
        ask(("fab-none",), fab_none="1.0")
    assert caught.value.name == "fab-none"


def test_versions_that_do_not_fit(package_index) -> None:
    package_index.add("fab-a", "1.0", requires=("fab-b>=2",))
    package_index.add("fab-b", "1.0")
    with pytest.raises(FreezeError, match="cannot be resolved together") as caught:
        ask(("fab-a",), fab_a="1.0", fab_b="1.0")
    assert "fab-b" in caught.value.log
    assert "fab-b>=2" in caught.value.log


@pytest.mark.parametrize("setting", ["UV_DEFAULT_INDEX", "PIP_INDEX_URL"])
def test_an_index_that_refuses_us_is_named_without_its_address(
    package_index, setting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    package_index.add("fab-a", "1.0")
    package_index.password = "right"
    monkeypatch.delenv("UV_DEFAULT_INDEX")
    monkeypatch.setenv(setting, package_index.url_as("user", "wr0ng-t0ken"))
    with pytest.raises(FreezeError, match="refused the credentials") as caught:
        ask(("fab-a",), fab_a="1.0")
    assert ("UV_DEFAULT_INDEX" if setting.startswith("UV") else "pip's index-url") in caught.value.message
    for hidden in ("wr0ng-t0ken", "127.0.0.1", "://"):
        assert hidden not in str(caught.value)
    monkeypatch.setenv(setting, package_index.url_as("user", "right"))
    assert [pin.name for pin in ask(("fab-a",), fab_a="1.0")] == ["fab-a"]


def test_an_index_that_fails_says_how(package_index) -> None:
    package_index.broken = 503
    with pytest.raises(FreezeError, match="the index of UV_DEFAULT_INDEX answered with an error: 503"):
        ask(("fab-a",), fab_a="1.0")


def test_no_network(package_index, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://user:t0ken@127.0.0.1:{port}/simple")
        with pytest.raises(FreezeError, match="the index of UV_DEFAULT_INDEX cannot be reached") as caught:
            ask(("fab-a",), fab_a="1.0")
    assert "HTTPS_PROXY" in caught.value.hint
    for hidden in ("t0ken", "127.0.0.1", "://"):
        assert hidden not in str(caught.value)


def test_without_a_network_uvs_own_cache_still_answers(package_index, monkeypatch: pytest.MonkeyPatch) -> None:
    package_index.add("fab-a", "1.0")
    first = ask(("fab-a",), fab_a="1.0")
    real = module._compile

    def cut_off(request, uv, index, *more):
        if not more:  # as a cable pulled: uv's words for it
            return type("Run", (), {"returncode": 2, "stderr": "error: Failed to fetch: dns error", "stdout": ""})()
        return real(request, uv, index, *more)

    monkeypatch.setattr(module, "_compile", cut_off)
    monkeypatch.setattr(module.cache, "load", lambda *_: None)
    assert ask(("fab-a",), fab_a="1.0") == first


def test_a_certificate_that_is_not_trusted() -> None:
    words = (
        "error: Failed to fetch: `https://u:p@host.example/simple/a/`\n cause: invalid peer certificate: UnknownIssuer"
    )
    error = module._failure(words, Request(("a",), {}, (), TARGET, "1"), user_index({"PIP_CONFIG_FILE": "/dev/null"}))
    assert "is not trusted" in error.message
    assert "SSL_CERT_FILE" in error.hint
    assert "host.example" not in str(error)


def test_uv_comes_with_nb2svc() -> None:
    assert Path(find_uv()).is_file()
