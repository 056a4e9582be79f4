"""Further indexes: a local label or a private distribution keeps the name of the index it is from, and no address."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nb2svc.errors import FreezeError
from nb2svc.export.container import docker_files
from nb2svc.freeze import freeze
from nb2svc.freeze.supply import UnavailableError
from nb2svc.package_index import user_index
from nb2svc.values import Lock, ServiceSpec

pytestmark = pytest.mark.once  # what uv answers


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, second_index):
    """A folder whose pyproject.toml names the second index, which wants a password."""
    monkeypatch.delenv("UV_NO_CONFIG")
    monkeypatch.setenv("UV_INDEX_TORCH_CPU_USERNAME", "me")
    monkeypatch.setenv("UV_INDEX_TORCH_CPU_PASSWORD", "pass-word")
    monkeypatch.setenv("HOME", str(tmp_path))
    second_index.password = "pass-word"
    folder = tmp_path / "notebooks"
    folder.mkdir()
    monkeypatch.chdir(folder)

    def write(*, explicit: bool, sources: str = "") -> None:
        (folder / "pyproject.toml").write_text(
            f"[tool.uv.sources]\n{sources}\n[[tool.uv.index]]\nname = 'torch-cpu'\nurl = '{second_index.url}'\n"
            f"explicit = {str(explicit).lower()}\n"
        )

    return write


def whole(lock: Lock, spec: ServiceSpec) -> str:
    return "".join([lock.requirements_in, lock.requirements_txt, *docker_files(spec, lock, None).values()])


@pytest.mark.parametrize("explicit", [True, False])
def test_a_local_label_from_its_own_index(
    only_this_site, package_index, second_index, make_spec, project, explicit: bool
) -> None:
    project(explicit=explicit, sources="fab-torch = { index = 'torch-cpu' }")
    only_this_site.install("fab-torch", "2.0+cpu", files={"fab_torch.py": ""}, requires=("fab-plain",))
    only_this_site.install("fab-plain", "1.0", files={"fab_plain.py": ""})
    second_index.add("fab-torch", "2.0+cpu", requires=("fab-plain",))
    package_index.add("fab-torch", "2.0")
    package_index.add("fab-plain", "1.0")
    spec = make_spec("fab_torch")
    lock = freeze(spec)
    assert [(one.name, one.version) for one in lock.distributions] == [("fab-plain", "1.0"), ("fab-torch", "2.0+cpu")]
    assert lock.indexes == (("fab-torch", "torch-cpu"),)
    assert lock.requirements_in == (
        "fab-torch==2.0+cpu  # imported by the notebook's code (from the index torch-cpu)\n"
    )
    text = whole(lock, spec)
    assert 'uv.toml has to name the index "torch-cpu", which gives fab-torch.' in text
    assert "pass-word" not in text
    assert "127.0.0.1" not in text.replace("HTTPConnection('127.0.0.1'", "")
    assert freeze(spec) == lock, "from memory, too"


def test_a_distribution_of_a_source_is_not_taken_from_elsewhere(
    only_this_site, package_index, second_index, make_spec, project
) -> None:
    """Somebody else may publish the name of a private distribution on the public index."""
    project(explicit=True, sources="fab-private = [{ index = 'torch-cpu', marker = \"sys_platform == 'linux'\" }]")
    only_this_site.install("fab-private", "1.0", files={"fab_private.py": ""})
    package_index.add("fab-private", "1.0", requires=("fab-private",))
    with pytest.raises(UnavailableError, match="fab-private"):
        freeze(make_spec("fab_private"))
    second_index.add("fab-private", "1.0")
    assert freeze(make_spec("fab_private")).indexes == (("fab-private", "torch-cpu"),)


def test_pips_extra_index_has_no_name_but_its_settings(
    only_this_site, package_index, second_index, make_spec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UV_DEFAULT_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", package_index.url)
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", second_index.url_as("me", "pass-word"))
    second_index.password = "pass-word"
    only_this_site.install("fab-inner", "1.0+cpu", files={"fab_inner.py": ""}, requires=("fab-mirrored",))
    only_this_site.install("fab-mirrored", "1.0", files={"fab_mirrored.py": ""})
    second_index.add("fab-inner", "1.0+cpu", requires=("fab-mirrored",))
    second_index.add("fab-mirrored", "1.0")
    lock = freeze(make_spec("fab_inner"))
    assert lock.indexes == (("fab-inner", "extra-index-url"),), "of the other nobody knows"
    assert "pass-word" not in whole(lock, make_spec("fab_inner"))


@pytest.mark.parametrize("explicit", [True, False])
def test_installing_asks_every_index_of_the_folders_settings(project, explicit: bool) -> None:
    """The service is installed from the project's folder, where uv does not find them."""
    project(explicit=explicit, sources="a = { index = 'torch-cpu' }")
    index = user_index()
    assert "UV_INDEX" not in index.environment
    assert re.fullmatch(r"torch-cpu=http://127\.0\.0\.1:\d+/simple", index.install_environment["UV_INDEX"])


def test_an_index_that_refuses_us_is_called_by_its_name(
    only_this_site, package_index, second_index, make_spec, project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project(explicit=False)
    monkeypatch.setenv("UV_INDEX_TORCH_CPU_PASSWORD", "of-yesterday")
    only_this_site.install("fab-torch", "2.0+cpu", files={"fab_torch.py": ""})
    with pytest.raises(FreezeError, match=r"^the index torch-cpu refused the credentials"):
        freeze(make_spec("fab_torch"))
