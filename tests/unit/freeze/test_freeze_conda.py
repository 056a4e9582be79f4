"""Conda kernels: real dist-info trees as conda writes them (no conda is needed to read them)."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from shared_objects import shared_object

from nb2svc.errors import FreezeError
from nb2svc.freeze import conda, freeze
from nb2svc.freeze.resolve import NoWheelError, UnavailableError

pytestmark = pytest.mark.once  # what uv answers

TAG = f"cp{sys.version_info[0]}{sys.version_info[1]}"
NATIVE = f"{TAG}-{TAG}-linux_x86_64"
BUILT = {"url": "file:///home/conda/feedstock_root/build_artifacts/fab_1/work", "dir_info": {}}


def install(site, name: str, *, tag: str = NATIVE, **more) -> None:
    files = {f"{name.replace('-', '_')}.py": "", **more.pop("files", {})}
    metadata = {"INSTALLER": "conda\n", "REQUESTED": ""}
    site.install(name, "1.0", files=files, tag=tag, direct_url=BUILT, metadata=metadata, **more)


def test_the_lock_has_the_indexs_wheel_and_what_that_needs(only_this_site, package_index, make_spec) -> None:
    """Conda's build of it finds the libraries in conda's own folders; the index's wheel may ask for others."""
    built = shared_object("libconda.so.7", runpath="$ORIGIN/../..")
    install(only_this_site, "fab-torch", files={"_fab_torch.so": built})
    wheel_tag = f"{TAG}-{TAG}-manylinux_2_28_x86_64"
    package_index.add("fab-torch", "1.0", tag=wheel_tag, more={"_fab_torch.so": shared_object("libgomp.so.1")})
    lock = freeze(make_spec("fab_torch"), platform="linux/amd64")
    assert lock.requirements_in == "fab-torch==1.0  # imported by the notebook's code\n"
    assert (lock.wheels, [one.name for one in lock.system]) == ((), ["libgomp1"])
    assert "file:" not in lock.requirements_txt


def test_what_only_conda_has_is_refused(only_this_site, package_index, make_spec) -> None:
    install(only_this_site, "fab-only")
    with pytest.raises(UnavailableError, match=r"no index has fab-only, which the kernel has"):
        freeze(make_spec("fab_only"))
    package_index.add("fab-only", "0.9")
    with pytest.raises(UnavailableError, match=r"no index has fab-only 1\.0") as caught:
        freeze(make_spec("fab_only"))
    assert 'the nearest that it can have: 0.9 (%pip install "fab-only==0.9"' in caught.value.hint
    assert "conda has versions that the index lacks" in caught.value.hint


def test_condas_native_build_does_not_stand_for_a_missing_wheel(only_this_site, package_index, make_spec) -> None:
    install(only_this_site, "fab-c")
    package_index.add_source("fab-c", "1.0")
    with pytest.raises(NoWheelError) as caught:
        freeze(make_spec("fab_c"), platform="linux/amd64")
    assert "was built by conda, whose libraries no image holds" in caught.value.log
    install(only_this_site, "fab-pure", tag="py3-none-any")
    package_index.add_source("fab-pure", "1.0")
    assert [wheel.name for wheel in freeze(make_spec("fab_pure")).wheels] == ["fab_pure-1.0-py3-none-any.whl"]


def test_a_module_that_is_no_python_distribution(site, make_spec, tmp_path: Path, monkeypatch) -> None:
    (site.folder / "fabgraph.py").write_text("")
    notes = tmp_path / "conda-meta"
    notes.mkdir()
    (notes / "fab-graph-tool-2.1-h1.json").write_text(
        json.dumps({"name": "fab-graph-tool", "files": ["site-packages/fabgraph.py"]})
    )
    (notes / "broken.json").write_text("{")
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    conda._packages.cache_clear()
    try:
        with pytest.raises(FreezeError) as caught:
            freeze(make_spec("fabgraph"))
    finally:
        conda._packages.cache_clear()
    assert "comes from the conda package fab-graph-tool" in caught.value.problems[0].message
