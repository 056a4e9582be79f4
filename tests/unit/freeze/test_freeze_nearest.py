"""Versions that the target cannot have, or nobody should: the error names the nearest that it can, all at once."""

from __future__ import annotations

import pytest

from nb2svc.errors import FreezeError
from nb2svc.freeze import freeze
from nb2svc.freeze.resolve import NoWheelError, UnavailableError, YankedError

pytestmark = pytest.mark.once  # what uv answers

MAC = "cp311-cp311-macosx_11_0_arm64"


def test_no_wheel_for_the_target(only_this_site, package_index, make_spec) -> None:
    """A kernel on macOS: its wheel is no Linux one, and the distribution of macOS alone is dropped by its marker."""
    only_this_site.install("fab-mac", "1.0", files={"fab_mac.py": ""}, tag=MAC, requires=MACS_OWN)
    only_this_site.install("fab-appnope", "0.1", files={"fab_appnope.py": ""}, tag=MAC)
    package_index.add("fab-mac", "1.0", tag=MAC, requires=MACS_OWN)
    for version in ("0.7", "0.9", "1.2", "2.0"):
        package_index.add("fab-mac", version)
    with pytest.raises(
        NoWheelError, match=r"fab-mac 1\.0, which the kernel has, has no wheel for linux/amd64"
    ) as caught:
        freeze(make_spec("fab_mac"), platform="linux/amd64")
    assert caught.value.hint.startswith(
        'the nearest that it can have: 0.9 and 1.2 (%pip install "fab-mac==1.2", restart'
    )
    package_index.add("fab-mac", "1.0", requires=MACS_OWN)
    assert [one.name for one in freeze(make_spec("fab_mac"), platform="linux/amd64").distributions] == ["fab-mac"]


MACS_OWN = ("fab-appnope; sys_platform == 'darwin'",)


def test_all_at_once(only_this_site, package_index, make_spec) -> None:
    only_this_site.install("fab-gone", "1.0", files={"fab_gone.py": ""})
    only_this_site.install("fab-mac", "1.0", files={"fab_mac.py": ""}, tag=MAC)
    only_this_site.install("fab-none", "1.0", files={"fab_none.py": ""}, tag=MAC)
    package_index.add("fab-gone", "1.1")
    package_index.add("fab-mac", "1.0", tag=MAC)
    package_index.add("fab-mac", "0.5")
    package_index.add("fab-none", "1.0", tag=MAC)
    with pytest.raises(FreezeError, match="the target cannot have the kernel's versions") as caught:
        freeze(make_spec("fab_gone", "fab_mac", "fab_none"))
    gone, mac, none = caught.value.problems
    assert "no index has fab-gone 1.0" in gone.message
    assert "the nearest that it can have: 1.1 " in gone.hint
    assert "fab-mac 1.0, which the kernel has, has no wheel" in mac.message
    assert 'the nearest that it can have: 0.5 (%pip install "fab-mac==0.5"' in mac.hint
    assert "nearest" not in none.hint


def test_a_yanked_version(only_this_site, package_index, make_spec) -> None:
    only_this_site.install("fab-bad", "1.0", files={"fab_bad.py": ""})
    for version in ("0.9", "1.0", "1.1"):
        package_index.add("fab-bad", version)
    package_index.yanked["fab_bad-1.0-py3-none-any.whl"] = "wrong results"
    with pytest.raises(YankedError, match=r"fab-bad 1\.0, .* was yanked .*: wrong results") as caught:
        freeze(make_spec("fab_bad"))
    assert "0.9 and 1.1" in caught.value.hint


def test_a_deleted_version(only_this_site, package_index, make_spec) -> None:
    only_this_site.install("fab-old", "1.0", files={"fab_old.py": ""})
    package_index.add("fab-old", "1.4")
    with pytest.raises(UnavailableError, match=r"no index has fab-old 1\.0") as caught:
        freeze(make_spec("fab_old"))
    assert '1.4 (%pip install "fab-old==1.4"' in caught.value.hint
