"""A site folder to install fabricated distributions into, a package index of our own, and specs to freeze."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from index_server import PackageIndex, served

from nb2svc.values import Closure, ServiceSpec

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(autouse=True)
def _modules_as_before() -> Iterator[None]:
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).find("/site") >= 0 and name.startswith("fab"):
            del sys.modules[name]


@dataclass
class Site:
    """A folder on ``sys.path`` with distributions in it, as an installer would leave them."""

    folder: Path

    def install(
        self,
        name: str,
        version: str = "1.0",
        *,
        files: dict[str, str | bytes] | None = None,
        requires: tuple[str, ...] = (),
        tag: str = "py3-none-any",
        direct_url: object = None,
        metadata: dict[str, str] | None = None,
        also_recorded: tuple[str, ...] = (),
    ) -> Path:
        """Write the distribution's files, dist-info and RECORD. Returns the dist-info."""
        info = self.folder / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        needs = "".join(f"Requires-Dist: {text}\n" for text in requires)
        texts = {
            **(files or {}),
            f"{info.name}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}\nA test.\n",
            f"{info.name}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n",
            f"{info.name}/INSTALLER": "pip\n",
            **{f"{info.name}/{path}": text for path, text in (metadata or {}).items()},
        }
        if direct_url is not None:
            texts[f"{info.name}/direct_url.json"] = json.dumps(direct_url)
        for path, text in texts.items():
            file = self.folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text if isinstance(text, bytes) else text.encode())
        rows = [[path, "", str(len(text))] for path, text in texts.items()]
        rows += [[path, "", ""] for path in (*also_recorded, f"{info.name}/RECORD")]
        with (info / "RECORD").open("w", newline="") as record:
            csv.writer(record).writerows(rows)
        return info


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return Site(folder)


@pytest.fixture
def only_this_site(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """The fabricated distributions alone: nothing of the runtime is asked for."""
    from nb2svc.runtime import manifest

    monkeypatch.setattr(manifest, "RUNTIME_DISTRIBUTIONS", {})
    for name in ("httptools", "uvloop"):  # taken where they are installed, as they are here
        monkeypatch.delitem(manifest.OPTIONAL_DISTRIBUTIONS, name)
    return site


def spec_of(*modules: str, **fields: object) -> ServiceSpec:
    closure = fields.pop("closure", Closure(modules=modules))
    return ServiceSpec(name="case", python=PYTHON, notebook="case.ipynb", closure=closure, **fields)


@pytest.fixture
def make_spec() -> Callable[..., ServiceSpec]:
    return spec_of


# --- a package index ----------------------------------------------------------------------------


@pytest.fixture
def package_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PackageIndex]:
    """The only index that uv knows, with a cache of its own for uv."""
    for name in ("UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with served() as index:
        monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
        yield index


@pytest.fixture
def second_index(package_index: PackageIndex) -> Iterator[PackageIndex]:
    """Another one, which uv has to be told of."""
    with served() as index:
        yield index
