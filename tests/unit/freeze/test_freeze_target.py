"""The target: named as uv, markers and wheel tags name it."""

from __future__ import annotations

import platform
import sys

import pytest
from packaging.markers import Marker
from packaging.tags import parse_tag

from nb2svc.errors import FreezeError
from nb2svc.freeze.target import Target


def accepts(target: Target, tag: str) -> bool:
    return bool(parse_tag(tag) & target.tags)


@pytest.mark.parametrize(
    ("tag", "amd64", "arm64"),
    [
        ("py3-none-any", True, True),
        ("py2.py3-none-any", True, True),
        ("cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64", True, False),
        ("cp311-cp311-manylinux_2_28_aarch64", False, True),
        ("cp311-cp311-manylinux1_x86_64", True, False),
        ("cp311-cp311-linux_x86_64", True, False),
        ("cp39-abi3-manylinux_2_28_x86_64", True, False),
        ("cp311-cp311-manylinux_2_34_x86_64", False, False),
        ("cp312-cp312-manylinux_2_17_x86_64", False, False),
        ("cp311-cp311-macosx_11_0_arm64", False, False),
        ("cp311-cp311-musllinux_1_2_x86_64", False, False),
    ],
)
def test_wheel_tags(tag: str, amd64: bool, arm64: bool) -> None:
    assert accepts(Target("3.11", "linux/amd64"), tag) is amd64
    assert accepts(Target("3.11", "linux/arm64"), tag) is arm64


def test_markers_are_the_targets_and_not_the_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    target = Target("3.11", "linux/arm64")
    assert Marker("sys_platform == 'linux' and platform_machine == 'aarch64'").evaluate(target.environment)
    assert not Marker("sys_platform == 'darwin' or os_name == 'nt'").evaluate(target.environment)
    assert not target.is_this_machine


def test_the_kernels_own_patch_release_counts() -> None:
    own = Target(f"{sys.version_info[0]}.{sys.version_info[1]}", "linux/amd64")
    assert own.python_full_version == platform.python_version().rstrip("+")
    assert Target("3.99", "linux/amd64").python_full_version == "3.99.0"


@pytest.mark.parametrize(
    ("machine", "expected"),
    [("x86_64", "linux/amd64"), ("AMD64", "linux/amd64"), ("arm64", "linux/arm64"), ("aarch64", "linux/arm64")],
)
def test_the_default_is_linux_as_the_machine(machine: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    assert Target.of("3.11").platform == expected


def test_what_cannot_be_resolved_for_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FreezeError, match="linux/riscv64") as caught:
        Target.of("3.11", "linux/riscv64")
    assert "linux/amd64" in caught.value.hint
    monkeypatch.setattr(platform, "machine", lambda: "s390x")
    with pytest.raises(FreezeError, match="s390x"):
        Target.of("3.11")
