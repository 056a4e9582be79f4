"""Which folder is whose export."""

from pathlib import Path

import pytest

from nb2svc.export import exports_of, notebooks_with_exports
from nb2svc.export.manifest import manifest_text
from nb2svc.runtime.manifest import Manifest, NotebookEntry


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def project(path: str, notebook: str) -> Path:
    Path(path).mkdir(parents=True)
    manifest = Manifest(name="one", python="3.11", notebook=NotebookEntry(file=notebook))
    Path(path, "nb2svc.json").write_text(manifest_text(manifest))
    return Path(path)


def notebook(path: str) -> Path:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text("{}")
    return Path(path)


def test_a_project_belongs_to_the_notebook_that_its_manifest_names(here):
    iris, text = notebook("notebooks/iris.ipynb"), notebook("notebooks/text.ipynb")
    notebook("notebooks/plots.ipynb")
    found = project("services/iris", "iris.ipynb")
    project("services/iris/lib/inner", "text.ipynb")  # part of a project, no project
    project(".venv/iris", "iris.ipynb")
    Path("services", "broken").mkdir()
    Path("services", "broken", "nb2svc.json").write_text("{")
    assert exports_of(iris, Path()) == (found,)
    assert exports_of(text, Path()) == ()
    assert notebooks_with_exports(Path()) == (iris,)


def test_notebooks_of_one_name_have_their_exports_beside_them(here):
    one, other, third = notebook("one/main.ipynb"), notebook("other/main.ipynb"), notebook("third/main.ipynb")
    first, second = project("one/service", "main.ipynb"), project("other/deep/service", "main.ipynb")
    assert exports_of(one, Path()) == (first,)
    assert exports_of(other, Path()) == (second,)
    assert exports_of(third, Path()) == (first, second)
