"""Roots: what a service needs by itself, why, and where it is said when nothing provides it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nb2svc.errors import FreezeError
from nb2svc.freeze import installed_owners
from nb2svc.freeze.roots import Root, find_roots
from nb2svc.freeze.target import Target
from nb2svc.values import (
    Artifact,
    Closure,
    Definition,
    Example,
    HelperModule,
    LiveObjects,
    ModelSpec,
    ServiceSpec,
    Where,
)

TARGET = Target("3.11", "linux/amd64")


def roots_of(spec: ServiceSpec) -> dict[str, Root]:
    return {root.installed.name: root for root in find_roots(spec, installed_owners(), TARGET)}


def model(*modules: str, format: str = "joblib") -> ModelSpec:  # noqa: A002 - the field's name
    artifact = Artifact(
        path="models/model.joblib", format=format, sha256="", size=0, type="x.Y", why="", modules=modules
    )
    return ModelSpec(name="model", public="model", methods=("predict",), artifact=artifact)


def function(name: str, source: str, cell: int = 3) -> Definition:
    return Definition(name=name, kind="function", source=source, where=Where(notebook="case.ipynb", cell=cell))


def test_each_root_says_who_imports_it(make_spec) -> None:
    closure = Closure(
        imports=("import numpy as np", "from sklearn.ensemble import RandomForestClassifier", "import pandas"),
        modules=("numpy", "sklearn.ensemble", "pandas", "yaml"),
        definitions=(
            function("predict", "def predict(x):\n    return np.array(x)"),
            function("score", "def score(x: 'list[pandas.DataFrame]'):\n    import yaml\n    return np.sum(x)"),
        ),
        helpers=(HelperModule(name="text", path="lib/text.py", source=b"import pandas.api.types\n"),),
    )
    roots = roots_of(make_spec(closure=closure, models=(model("sklearn.ensemble", "numpy._core.multiarray"),)))
    assert roots["numpy"].why == "imported by predict, score; needed by models/model.joblib"
    assert roots["pandas"].why == "imported by score, lib/text.py"
    assert roots["pyyaml"].why == "imported by score"
    assert roots["scikit-learn"].why == "needed by models/model.joblib"
    assert roots["uvicorn"].why == "runs the server"


def test_many_users_are_counted_and_none_is_said_so(make_spec) -> None:
    users = tuple(function(name, f"def {name}(x):\n    return yaml.dump(x)") for name in "abcde")
    closure = Closure(imports=("import yaml",), modules=("yaml", "dateutil"), definitions=users)
    roots = roots_of(make_spec(closure=closure))
    assert roots["pyyaml"].why == "imported by a, b, c and 2 more"
    assert roots["python-dateutil"].why == "imported by the notebook's code"


def test_the_state_artifact_and_the_standard_library(make_spec) -> None:
    state = Artifact(
        path="models/state.pkl", format="pickle", sha256="", size=0, type="dict", why="", modules=("PIL.Image", "json")
    )
    roots = roots_of(
        make_spec(closure=Closure(modules=("json", "os.path"), objects=(LiveObjects(names=("x",), artifact=state),)))
    )
    assert roots["pillow"].why == "needed by models/state.pkl"
    assert set(roots) == {"fastapi", "httptools", "pillow", "prometheus-client", "pydantic", "uvicorn", "uvloop"}


def test_what_fetches_a_model_is_a_root(make_spec) -> None:
    fetched = replace(model("numpy"), artifact=replace(model("numpy").artifact, fetched_by=("fsspec", "numpy")))
    roots = roots_of(make_spec(models=(fetched,)))
    assert roots["fsspec"].why == "fetches models/model.joblib"
    assert roots["numpy"].why == "needed by models/model.joblib; fetches models/model.joblib"


@pytest.mark.parametrize(("format", "expected"), [("joblib", True), ("pickle", False)])
def test_joblib_only_for_a_joblib_file(make_spec, format: str, expected: bool) -> None:  # noqa: A002
    assert ("joblib" in roots_of(make_spec(models=(model("numpy", format=format),)))) is expected


UPLOAD = "async def read(image: UploadFile):\n    return await image.read()"
FORM = "def login(name: Annotated[str, fastapi.Form()]):\n    return name"
STARLETTE = "async def raw(request: Request):\n    return await request.form()"
QUOTED = "async def quoted(image: 'UploadFile'):\n    return 1"
DOCSTRING = 'def noted(x: int):\n    """Form of the answer: File."""\n    return x'
OWN_CLASS = "def own(x: Form):\n    return x"


@pytest.mark.parametrize(
    ("modules", "source", "expected"),
    [
        (("fastapi",), UPLOAD, True),
        (("fastapi",), FORM, True),
        (("starlette.requests",), STARLETTE, True),
        (("fastapi",), QUOTED, True),
        (("fastapi",), "def plain(x: int):\n    return x", False),
        (("fastapi",), DOCSTRING, False),
        (("pydantic",), OWN_CLASS, False),
    ],
)
def test_multipart_for_code_that_reads_forms(make_spec, modules, source: str, expected: bool) -> None:
    spec = make_spec(closure=Closure(modules=modules, definitions=(function("handler", source),)))
    assert ("python-multipart" in roots_of(spec)) is expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def size(image: Image.Image):\n    return image.size", True),
        ("def size(image: 'Image.Image'):\n    return image.size", True),
        ("def size(name: str):\n    return Image.open(name).size", False),
    ],
)
def test_multipart_for_handlers_of_images(make_spec, source: str, expected: bool) -> None:
    closure = Closure(imports=("from PIL import Image",), modules=("PIL",), definitions=(function("size", source),))
    assert ("python-multipart" in roots_of(make_spec(closure=closure))) is expected


@pytest.mark.parametrize(("part", "expected"), [("form", True), ("files", True), ("json", False)])
def test_multipart_for_examples_that_send_forms(make_spec, part: str, expected: bool) -> None:
    example = Example(name="e-1", endpoint="e", request={"method": "POST", "path": "/e", part: {}}, response={})
    assert ("python-multipart" in roots_of(make_spec(examples=(example,)))) is expected


def test_helper_modules_are_copied_and_owned_by_nobody(make_spec) -> None:
    helper = HelperModule(name="tools.text", path="lib/tools/text.py", source=b"")
    roots = roots_of(make_spec(closure=Closure(modules=("tools.text", "tools"), helpers=(helper,))))
    assert "uvicorn" in roots


def test_all_that_is_missing_is_said_at_once_and_where(site, make_spec) -> None:
    (site.folder / "fab_loose.py").write_text("")
    (site.folder / "fab_native.cpython-311-x86_64-linux-gnu.so").write_text("")
    (site.folder / "fab_native.so").write_text("")
    closure = Closure(
        imports=("import no_such_module",),
        modules=("no_such_module", "fab_loose", "fab_native"),
        definitions=(function("predict", "def predict():\n    return no_such_module.x", cell=7),),
    )
    spec = make_spec(closure=closure, requires=("no-such-distribution", "PIL", "numpy<1", "numpy @ file:///x", "!"))
    with pytest.raises(FreezeError) as caught:
        roots_of(spec)
    said = {problem.message.partition(" (")[0]: problem for problem in caught.value.problems}
    texts = [str(problem) for problem in caught.value.problems]
    assert len(texts) == 8
    assert str(said["module no_such_module"].where) == "case.ipynb › cell [7]"
    assert "cannot be found" in said["module no_such_module"].message
    assert "beside the notebook" in said["module fab_loose"].hint
    assert "compiled code" in said["module fab_native"].message
    assert said["PIL is the name of a module; its distribution is pillow"].hint == "%nb2svc require pillow"
    assert any("this kernel has no distribution no-such-distribution" in text for text in texts)
    assert any("numpy <1 is asked for, the kernel has numpy " in text for text in texts)
    assert all(problem.hint for problem in caught.value.problems)


def test_asked_for_with_extras_and_markers(make_spec) -> None:
    roots = roots_of(make_spec(requires=("Uvicorn[standard]", "Jinja2>=3", "absent; sys_platform == 'win32'")))
    assert roots["uvicorn"].requirement == "uvicorn[standard]"
    assert roots["uvicorn"].why == "runs the server; asked for by %nb2svc require"
    assert roots["jinja2"].why == "asked for by %nb2svc require"


@pytest.mark.parametrize("fields", [{"closure": Closure(modules=("nb2svc.values",))}, {"requires": ("nb2svc",)}])
def test_nb2svc_itself_is_refused(make_spec, fields) -> None:
    with pytest.raises(FreezeError, match="nb2svc itself"):
        roots_of(make_spec(**fields))


def test_a_runtime_distribution_that_the_kernel_lacks(site, make_spec, monkeypatch: pytest.MonkeyPatch) -> None:
    from nb2svc.runtime import manifest

    monkeypatch.setitem(manifest.RUNTIME_DISTRIBUTIONS, "fab-server", "serves faster")
    with pytest.raises(FreezeError, match="%pip install fab-server"):
        roots_of(make_spec())


def test_a_namespace_package_is_covered_by_what_is_named_inside_it(site, make_spec) -> None:
    site.install("fab-inside", files={"fabspace/inside/__init__.py": ""})
    site.install("fab-beside", files={"fabspace/beside/__init__.py": ""})
    assert "fab-inside" in roots_of(make_spec("fabspace", "fabspace.inside"))
    with pytest.raises(FreezeError, match="module fabspace "):
        roots_of(make_spec("fabspace"))


def test_requirements_in_names_the_cells_that_change_with_each_run() -> None:
    closure = Closure(
        imports=("import numpy as np",),
        modules=("numpy",),
        definitions=(function("score", "def score():\n    return np.e"),),
    )
    root = roots_of(ServiceSpec(name="case", python="3.11", closure=closure))["numpy"]
    assert (root.why, root.why_by_cell) == ("imported by score", "imported by cell [3] › score")
