"""The stage itself: on this environment with the user's own index, and on fabricated ones with ours."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from nb2svc.errors import FreezeError
from nb2svc.events import Event, Failed, Finished, Started, Step
from nb2svc.freeze import freeze, libraries, owners
from nb2svc.freeze import resolve as resolving
from nb2svc.freeze.resolve import NoWheelError, UnavailableError, find_uv
from nb2svc.values import Artifact, Closure, Definition, Lock, ModelSpec, ServiceSpec, from_json, to_json

pytestmark = pytest.mark.once  # what uv answers

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
NEEDLESS = {"matplotlib", "ipython", "ipykernel", "jupyterlab", "jupyter-core", "notebook", "nbclient", "nb2svc", "uv"}


def iris() -> ServiceSpec:
    artifact = Artifact(
        path="models/model.joblib",
        format="joblib",
        sha256="",
        size=0,
        type="sklearn.pipeline.Pipeline",
        why="",
        modules=("numpy._core.multiarray", "sklearn.ensemble._forest", "sklearn.pipeline", "sklearn.tree._tree"),
    )
    closure = Closure(
        imports=("import numpy as np", "from pydantic import BaseModel"),
        modules=("numpy", "pydantic", "sklearn.pipeline"),
        definitions=(
            Definition(name="Flower", kind="class", source="class Flower(BaseModel):\n    petal: float"),
            Definition(name="predict", kind="function", source="def predict(flower):\n    return np.array([1])"),
        ),
    )
    model = ModelSpec(name="model", public="model", methods=("predict",), artifact=artifact)
    return ServiceSpec(name="iris", python=PYTHON, notebook="iris.ipynb", models=(model,), closure=closure)


@pytest.fixture(scope="module")
def iris_lock(tmp_path_factory: pytest.TempPathFactory) -> Lock:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("iris")))
        return freeze(iris(), platform="linux/amd64")


# --- this environment ---------------------------------------------------------------------------


def test_only_what_the_service_needs_exactly_as_the_kernel_has_it(iris_lock: Lock) -> None:
    found = {one.name: one for one in iris_lock.distributions}
    assert {"scikit-learn", "numpy", "scipy", "joblib", "fastapi", "uvicorn", "starlette"} <= set(found)
    assert not NEEDLESS & set(found)
    assert {name: one.version for name, one in found.items()} == {name: version(name) for name in found}
    assert [one.name for one in iris_lock.distributions] == sorted(found)
    assert (found["numpy"].size or 0) > 1_000_000
    assert (found["scipy"].root, found["scipy"].why) == (False, "scikit-learn")
    assert (iris_lock.python, iris_lock.platform, iris_lock.wheels) == (PYTHON, "linux/amd64", ())


def test_requirements_in_says_why_each_root_is_there(iris_lock: Lock) -> None:
    pinned = {name: version(name) for name in ("fastapi", "joblib", "numpy", "prometheus-client", "pydantic")}
    assert iris_lock.requirements_in.splitlines() == [
        f"fastapi=={pinned['fastapi']}  # serves the routes",
        f"greenlet=={version('greenlet')}  # lets handlers wait for a batch without a thread each",
        f"httptools=={version('httptools')}  # parses HTTP",
        f"joblib=={pinned['joblib']}  # loads model files of the joblib format",
        f"numpy=={pinned['numpy']}  # imported by predict; needed by models/model.joblib",
        f"prometheus-client=={pinned['prometheus-client']}  # writes /metrics",
        f"pydantic=={pinned['pydantic']}  # imported by Flower; validates requests and answers",
        f"scikit-learn=={version('scikit-learn')}  # needed by models/model.joblib",
        f"uvicorn=={version('uvicorn')}  # runs the server",
        f"uvloop=={version('uvloop')}  # runs the event loop",
    ]


def test_requirements_txt_is_whole_hashed_and_free_of_addresses(iris_lock: Lock) -> None:
    text = iris_lock.requirements_txt
    heads = [line.removesuffix(" \\") for line in text.splitlines() if line[:1].isalnum()]
    assert heads == [f"{one.name}=={one.version}" for one in iris_lock.distributions]
    blocks = re.split(r"\n(?=\S)", text)
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", block) for block in blocks)
    assert "://" not in text
    assert str(Path.home()) not in text
    assert "/tmp" not in text
    assert from_json(Lock, to_json(iris_lock)) == iris_lock


def test_the_lock_is_the_closure_by_its_own_metadata(iris_lock: Lock) -> None:
    """An independent walk with packaging's defaults, in this very environment."""
    from importlib.metadata import requires

    reached: set[str] = set()
    pending = [Requirement(line.partition("#")[0]).name for line in iris_lock.requirements_in.splitlines()]
    while pending:
        name = canonicalize_name(pending.pop())
        if name not in reached:
            reached.add(name)
            wanted = map(Requirement, requires(name) or ())
            pending += [one.name for one in wanted if one.marker is None or one.marker.evaluate({"extra": ""})]
    assert {one.name for one in iris_lock.distributions} == reached


def test_the_same_bytes_in_another_process_and_another_cache(iris_lock: Lock, tmp_path: Path) -> None:
    spec = tmp_path / "spec.json"
    spec.write_text(to_json(iris()))
    code = (
        "import sys; from pathlib import Path; from nb2svc.values import *; from nb2svc.freeze import freeze\n"
        "spec = from_json(ServiceSpec, Path(sys.argv[1]).read_text())\n"
        "sys.stdout.write(to_json(freeze(spec, platform='linux/amd64')))"
    )
    run = subprocess.run([sys.executable, "-c", code, str(spec)], capture_output=True, text=True, check=True)
    assert run.stdout == to_json(iris_lock)


def test_again_without_a_network_and_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = freeze(iris(), platform="linux/amd64")
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "empty"))
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("what is remembered takes no process"))
    monkeypatch.setattr(owners, "_build", lambda _: pytest.fail("the index of what is installed is remembered, too"))
    monkeypatch.setattr(libraries, "unmet", lambda _: pytest.fail("and what its shared objects need"))
    assert freeze(iris(), platform="linux/amd64") == first


def test_another_platform(iris_lock: Lock) -> None:
    arm = freeze(iris(), platform="linux/arm64")
    assert arm.platform == "linux/arm64"
    assert [(one.name, one.version) for one in arm.distributions] == [
        (one.name, one.version) for one in iris_lock.distributions
    ]


def test_what_is_locked_installs_and_imports(tmp_path: Path, make_spec) -> None:
    lock = freeze(make_spec("yaml", requires=("jinja2",)))
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(lock.requirements_txt)
    from nb2svc.package_index import user_index

    target = tmp_path / "target"
    command = [find_uv(), "pip", "install", "--require-hashes", "--no-deps", "--only-binary", ":all:"]
    command += ["--python", sys.executable, "--target", str(target), "-r", str(requirements)]
    subprocess.run(command, env=user_index().environment, check=True, capture_output=True)
    code = (
        f"import sys; sys.path.insert(0, {str(target)!r}); import yaml, jinja2, fastapi, uvicorn; print(yaml.__file__)"
    )
    run = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    assert Path(run.stdout.strip()).is_relative_to(target)


def test_progress_is_told(make_spec) -> None:
    events: list[Event] = []
    freeze(make_spec(), emit=events.append)
    assert isinstance(events[0], Started)
    assert any(isinstance(event, Step) and "Resolving" in event.text for event in events)
    assert isinstance(events[-1], Finished)
    assert re.fullmatch(r"\d+ distributions, \d+ MB", events[-1].summary)
    events.clear()
    with pytest.raises(FreezeError):
        freeze(make_spec("no_such_module"), emit=events.append)
    assert isinstance(events[-1], Failed)


# --- fabricated environments --------------------------------------------------------------------


def digests(lock: Lock) -> dict[str, str]:
    return dict(re.findall(r"^(\S+)==\S+ \\\n    --hash=(sha256:\w+)\n", lock.requirements_txt, re.MULTILINE))


def of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def test_a_source_distribution_ships_as_it_was_built_here(
    only_this_site, package_index, make_spec, monkeypatch
) -> None:
    only_this_site.install("fab-source", "1.0", files={"fab_source.py": "X = 1"}, requires=("fab-plain",))
    only_this_site.install("fab-plain", "1.0", files={"fab_plain.py": ""})
    package_index.add_source("fab-source", "1.0")
    package_index.add("fab-plain", "1.0")
    lock = freeze(make_spec("fab_source"))
    (wheel,) = lock.wheels
    assert wheel.name == "fab_source-1.0-py3-none-any.whl"
    assert digests(lock)["fab-source"] == of(wheel.read_bytes())
    assert lock.requirements_txt.startswith("--find-links wheels\n")
    assert lock.requirements_in == (
        "fab-source==1.0  # imported by the notebook's code (local wheel, from the installed files)\n"
    )
    assert {one.name: one.why for one in lock.distributions}["fab-plain"] == "fab-source"
    asked = []
    monkeypatch.setattr(resolving, "_compile", lambda *_: asked.append(1))
    assert freeze(make_spec("fab_source")) == lock
    assert not asked, "not even to fail as before"


def test_a_source_distribution_that_the_target_cannot_install(only_this_site, package_index, make_spec) -> None:
    tag = f"cp{PYTHON.replace('.', '')}-cp{PYTHON.replace('.', '')}-linux_x86_64"
    only_this_site.install("fab-native", "1.0", files={"fab_native.py": ""}, tag=tag)
    package_index.add_source("fab-native", "1.0")
    with pytest.raises(NoWheelError, match=r"fab-native 1\.0, which the kernel has, has no wheel for linux/arm64"):
        freeze(make_spec("fab_native"), platform="linux/arm64")


@pytest.mark.parametrize(
    ("direct", "note"),
    [
        (
            {"url": "https://u:p@host/r", "vcs_info": {"vcs": "git", "commit_id": "c0ffee" * 7}},
            "git commit c0ffeec0ffee",
        ),
        ({"url": "file:///home/me/fab", "dir_info": {}}, "from the installed files"),
        ({"url": "https://host/fab.whl", "archive_info": {}}, "from the installed files"),
        ({"url": "file:///f.whl", "archive_info": {"hashes": {"sha256": "0" * 64}}}, "from the installed files"),
    ],
)
def test_what_came_from_no_index_is_not_replaced_by_an_indexs(
    only_this_site, package_index, make_spec, direct, note: str
) -> None:
    only_this_site.install("fab-own", "1.0", files={"fab_own.py": "MINE = True"}, direct_url=direct)
    others = package_index.add("fab-own", "1.0")
    lock = freeze(make_spec("fab_own"))
    assert len(lock.wheels) == 1
    assert digests(lock)["fab-own"] != of(others)
    assert note in lock.distributions[0].why
    assert "host" not in lock.requirements_txt + lock.requirements_in + lock.distributions[0].why


@pytest.mark.parametrize("archive", [{}, {"hashes": {"sha256": "0" * 64}}])
def test_a_file_that_no_index_has_ships(only_this_site, package_index, make_spec, archive) -> None:
    direct = {"url": "file:///gone.whl", "archive_info": archive}
    only_this_site.install("fab-own", "1.0", files={"fab_own.py": ""}, direct_url=direct, requires=("fab-plain",))
    only_this_site.install("fab-plain", "1.0", files={"fab_plain.py": ""})
    package_index.add("fab-plain", "1.0")
    lock = freeze(make_spec("fab_own"))
    assert [path.name for path in lock.wheels] == ["fab_own-1.0-py3-none-any.whl"]
    assert {one.name: one.why for one in lock.distributions}["fab-plain"] == "fab-own"


def test_a_file_that_the_index_has_too_is_taken_from_there(only_this_site, package_index, make_spec) -> None:
    content = package_index.add("fab-file", "1.0")
    direct = {"url": "file:///gone.whl", "archive_info": {"hashes": {"sha256": of(content)[7:]}}}
    only_this_site.install("fab-file", "1.0", files={"fab_file.py": ""}, direct_url=direct)
    lock = freeze(make_spec("fab_file"))
    assert lock.wheels == ()
    assert digests(lock) == {"fab-file": of(content)}


@pytest.mark.parametrize("index_has_it", [True, False])
def test_a_wheel_from_a_folder_ships(
    only_this_site, package_index, make_spec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, index_has_it: bool
) -> None:
    folder = tmp_path / "find-links"
    folder.mkdir()
    monkeypatch.setenv("UV_FIND_LINKS", str(folder))
    only_this_site.install("fab-label", "2.0+cpu", files={"fab_label.py": ""})
    content = package_index.add("fab-label", "2.0+cpu")
    (folder / "fab_label-2.0+cpu-py3-none-any.whl").write_bytes(content)
    if not index_has_it:
        package_index.files.clear()
    lock = freeze(make_spec("fab_label"))
    assert digests(lock) == {"fab-label": of(content)}
    assert len(lock.wheels) == (0 if index_has_it else 1), "what an index has, an image build gets from there"


def test_a_folders_own_build_is_not_replaced_by_the_indexs(
    only_this_site, package_index, make_spec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_FIND_LINKS", str(tmp_path))
    only_this_site.install("fab-built", "1.0", files={"fab_built.py": ""})
    own = package_index.add("fab-built", "1.0", requires=("fab-built",))
    (tmp_path / "fab_built-1.0-py3-none-any.whl").write_bytes(own)
    package_index.add("fab-built", "1.0")
    lock = freeze(make_spec("fab_built"))
    assert [path.read_bytes() for path in lock.wheels] == [own]


def test_an_unknown_label_is_refused_and_says_where_to_look(only_this_site, package_index, make_spec) -> None:
    only_this_site.install("fab-label", "2.0+cu126", files={"fab_label.py": ""})
    package_index.add("fab-label", "2.0")
    with pytest.raises(UnavailableError, match=r"\+cu126") as caught:
        freeze(make_spec("fab_label"))
    assert "UV_INDEX" in caught.value.hint


def test_a_conda_distribution_is_the_indexs(only_this_site, package_index, make_spec) -> None:
    direct = {"url": "file:///home/conda/feedstock_root/work", "dir_info": {}}
    only_this_site.install(
        "fab-conda", "1.0", files={"fab_conda.py": ""}, direct_url=direct, metadata={"INSTALLER": "conda"}
    )
    content = package_index.add("fab-conda", "1.0")
    lock = freeze(make_spec("fab_conda"))
    assert (digests(lock), lock.wheels) == ({"fab-conda": of(content)}, ())


def test_what_only_the_target_needs_says_so(only_this_site, package_index, make_spec) -> None:
    only_this_site.install("fab-a", "1.0", files={"fab_a.py": ""}, requires=("fab-linux; sys_platform == 'linux'",))
    package_index.add("fab-a", "1.0", requires=("fab-linux; sys_platform == 'linux'",))
    package_index.add("fab-linux", "4.0")
    found = {one.name: one for one in freeze(make_spec("fab_a")).distributions}
    assert (found["fab-linux"].version, found["fab-linux"].why) == ("4.0", "fab-a (not in the kernel)")
    assert found["fab-linux"].size is None


def test_an_index_whose_metadata_differs_may_not_bring_other_versions(only_this_site, package_index, make_spec) -> None:
    only_this_site.install("fab-a", "1.0", files={"fab_a.py": ""})
    only_this_site.install("fab-b", "1.0", files={"fab_b.py": ""})
    package_index.add("fab-a", "1.0", requires=("fab-b",))
    package_index.add("fab-b", "2.0")
    with pytest.raises(FreezeError, match=r"fab-b 2\.0 was resolved, the kernel has 1\.0"):
        freeze(make_spec("fab_a"))


def test_modules_that_an_editables_wheel_leaves_out(
    only_this_site, package_index, make_spec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "tree"
    (root / "fabkept").mkdir(parents=True)
    (root / "fabkept" / "__init__.py").write_text("")
    (root / "fabloose.py").write_text("")
    (root / "backend.py").write_text(BACKEND)
    (root / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    (only_this_site.folder / "_fab_tree.pth").write_text(f"{root}\n")
    direct = {"url": root.as_uri(), "dir_info": {"editable": True}}
    only_this_site.install("fab-tree", "1.0", direct_url=direct, also_recorded=("_fab_tree.pth",))
    monkeypatch.syspath_prepend(str(root))
    lock = freeze(make_spec("fabkept"))
    assert [path.name for path in lock.wheels] == ["fab_tree-1.0-py3-none-any.whl"]
    assert "from an editable install" in lock.distributions[0].why
    with pytest.raises(FreezeError, match="fabloose can be imported from the folder of the editable install fab-tree"):
        freeze(make_spec("fabloose"))


BACKEND = """\
import zipfile

def build_wheel(directory, config_settings=None, metadata_directory=None):
    name = "fab_tree-1.0-py3-none-any.whl"
    info = "fab_tree-1.0.dist-info"
    with zipfile.ZipFile(f"{directory}/{name}", "w") as archive:
        archive.writestr("fabkept/__init__.py", "")
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\\nName: fab-tree\\nVersion: 1.0\\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        archive.writestr(f"{info}/RECORD", "")
    return name
"""


def test_an_index_without_digests(only_this_site, package_index, make_spec) -> None:
    only_this_site.install("fab-bare", "1.0", files={"fab_bare.py": ""})
    content = package_index.add("fab-bare", "1.0")
    package_index.hashed = False
    assert digests(freeze(make_spec("fab_bare"))) == {"fab-bare": of(content)}
