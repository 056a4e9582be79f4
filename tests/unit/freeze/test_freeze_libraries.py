"""System libraries: what shared objects need, what the base image has, and which Debian packages give the rest."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from requirement import need
from shared_objects import shared_object

from nb2svc.errors import FreezeError
from nb2svc.freeze import debian, elf, freeze, libraries, lock
from nb2svc.freeze.owners import installed_owners

pytestmark = pytest.mark.once  # what ELF files say

PYTHON_TAG = f"cp{sys.version_info[0]}{sys.version_info[1]}"
LINUX = f"{PYTHON_TAG}-{PYTHON_TAG}-manylinux_2_28_x86_64"


def needs_of(*names: str) -> list[tuple[str, str]]:
    owners = installed_owners()
    found = libraries.needs(one for name in names if (one := owners.named(name)))
    return [(need.soname, need.distribution) for need in found]


def test_what_a_shared_object_says(tmp_path: Path) -> None:
    file = tmp_path / "_x.so"
    symbols = ("GLIBC_2.4", "GLIBC_2.38", "GLIBCXX_3.4.9")
    file.write_bytes(
        shared_object(
            "libgomp.so.1", "libc.so.6", runpath="$ORIGIN/../x.libs:/opt/lib", soname="_x.so", symbols=symbols
        )
    )
    found = elf.read(file)
    assert found == elf.Binary(
        needed=("libgomp.so.1", "libc.so.6"),
        soname="_x.so",
        search=("$ORIGIN/../x.libs", "/opt/lib"),
        symbols=(("GLIBC", (2, 38)), ("GLIBCXX", (3, 4, 9))),
    )
    assert elf.search_folders("/site/x/_x.so", found) == ["/site/x.libs", "/opt/lib"]
    assert libraries.newer_symbols([file]) == ("GLIBC_2.38",)
    file.write_bytes(file.read_bytes()[:100])
    assert elf.read(file) is None, "cut off"
    assert elf.read(Path(__file__)) is None


def test_what_the_system_has_to_give(site) -> None:
    site.install(
        "fab-native",
        files={
            "fab_native/_core.so": shared_object(
                "libgomp.so.1", "libfab-1a2b.so", "libc.so.6", runpath="$ORIGIN/../fab_native.libs"
            ),
            "fab_native/_own.so": shared_object("libfab-1a2b.so", "libcuda.so.1", "libown.so"),
            "fab_native/lib/other.so": shared_object(soname="libown.so"),
            "fab_native.libs/libfab-1a2b.so": shared_object("libfabdeep.so.3"),
        },
    )  # fmt: skip
    assert needs_of("fab-native") == [("libfabdeep.so.3", "fab-native"), ("libgomp.so.1", "fab-native")]
    # Another distribution's copy is found only by chance, so that of the system is wanted where there is one.
    site.install("fab-other", files={"other/libgomp.so.1": shared_object(), "other/libfabdeep.so.3": shared_object()})
    assert needs_of("fab-native", "fab-other") == [("libgomp.so.1", "fab-native")]


def test_lightgbm_needs_libgomp_and_scikit_learn_brings_its_own() -> None:
    need("frameworks", "" if find_spec("lightgbm") else "lightgbm is not installed")
    assert needs_of("lightgbm", "scikit-learn", "scipy", "numpy", "pandas") == [("libgomp.so.1", "lightgbm")]


def test_it_is_read_once(site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.install("fab-once", files={"fab_once.so": shared_object("libGL.so.1")})
    first = needs_of("fab-once")
    monkeypatch.setattr(libraries, "read", lambda path: pytest.fail(f"{path} is read again"))
    assert needs_of("fab-once") == first == [("libGL.so.1", "fab-once")]


def test_packages_and_what_no_package_is_known_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def need(soname: str, file: str) -> libraries.Need:
        return libraries.Need(soname, "fab", file)

    found = libraries.system_packages([need("libgomp.so.1", "/x/a.so"), need("libodd.so.1", "/x/b.so")], ["libz1"])
    assert [(one.name, one.why) for one in found] == [
        ("libgomp1", "libgomp.so.1 for fab"),
        ("libz1", "asked for by %nb2svc require"),
    ]
    screen = need("libX11.so.6", "/x/qt/plugins/xcb.so")
    assert libraries.system_packages([screen], []) == (), "no service opens a window"
    monkeypatch.setattr(libraries, "_loaded_files", lambda: frozenset({"/x/b.so", "/x/qt/plugins/xcb.so"}))
    assert [one.name for one in libraries.system_packages([screen], [])] == ["libx11-6"]
    with pytest.raises(FreezeError) as caught:
        libraries.system_packages([need("libodd.so.1", "/x/b.so")], [])
    (problem,) = caught.value.problems
    assert problem.message == "fab has loaded libodd.so.1, which the base image does not hold"
    assert "%nb2svc require apt:PACKAGE" in problem.hint
    assert libraries.system_packages([need("libodd.so.1", "/x/b.so")], ["libodd1"])


def test_this_process_says_what_it_has_loaded() -> None:
    import math  # noqa: F401 - some shared object

    if sys.platform == "linux":
        assert any(elf.is_shared_object(file) for file in libraries._loaded_files())


def test_a_kernel_that_runs_no_linux_reads_the_targets_wheels(
    only_this_site, package_index, make_spec, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on macOS: the installed files tell nothing about Linux."""
    monkeypatch.setattr(lock, "kernel_runs_linux", lambda: False)
    only_this_site.install("fab-boost", files={"fab_boost.py": ""}, tag=f"{PYTHON_TAG}-{PYTHON_TAG}-macosx_11_0_arm64")
    package_index.add("fab-boost", "1.0", tag=LINUX, more={"fab_boost/lib.so": shared_object("libgomp.so.1")})
    first = freeze(make_spec("fab_boost"), platform="linux/amd64")
    assert [(one.name, one.why) for one in first.system] == [("libgomp1", "libgomp.so.1 for fab-boost")]
    package_index.broken = 500
    assert freeze(make_spec("fab_boost"), platform="linux/amd64") == first, "read once"


def test_what_was_compiled_here_for_a_newer_system(only_this_site, package_index, make_spec) -> None:
    tag = f"{PYTHON_TAG}-{PYTHON_TAG}-linux_x86_64"
    files = {"fab_c.py": "", "_fab_c.so": shared_object("libc.so.6", symbols=("GLIBC_2.99",))}
    only_this_site.install("fab-c", files=files, tag=tag)
    package_index.add_source("fab-c", "1.0")
    with pytest.raises(FreezeError, match="has no wheel") as caught:
        freeze(make_spec("fab_c"), platform="linux/amd64")
    assert "it needs GLIBC_2.99" in caught.value.log


def test_the_table_names_packages() -> None:
    assert all(map(debian.is_package_name, debian.PACKAGES.values()))
    assert not debian.BASE & set(debian.PACKAGES)
    assert not debian.is_package_name("libgomp1; rm -rf /")
