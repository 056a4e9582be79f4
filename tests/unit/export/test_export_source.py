"""service/notebook.py, service/main.py and their formatting."""

import ast
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from nb2svc.export.formatting import format_source, same_meaning, sort_imports
from nb2svc.export.notebook_module import definition_at, notebook_module, schemas_module
from nb2svc.export.render import main_module
from nb2svc.values import Closure, Definition, EndpointSpec, ServiceSpec, Where


def service(*definitions: Definition, imports: tuple[str, ...] = ()) -> ServiceSpec:
    return ServiceSpec(name="s", python="3.11", closure=Closure(imports=imports, definitions=definitions))


def test_the_notebook_module_reads_like_a_module(spec):
    text = notebook_module(spec)
    head, _, rest = text.partition("class Flower")
    assert head == (
        '"""Code captured from iris.ipynb: what its handlers and models need, as it stood there."""\n\n'
        "import os\n\n"
        "from pydantic import BaseModel\n\n"
        "from service.runtime import load_model, load_object\n"
        "from speech import shout\n\n"
        'SPECIES = ["setosa", "versicolor", "virginica"]\n'
        'REGION = os.environ["REGION"]\n\n'
        'model = load_model("model")\n'
        'vocabulary = load_object("vocabulary")\n\n\n'
    )
    assert "sepal_length: float  # cm" in rest
    assert "    # the model knows columns, the caller knows names\n" in rest
    assert "\n\n\ndef predict(" in rest
    assert "\n\n\n\n" not in text


def test_what_is_written_means_what_was_captured(spec):
    written = {
        name: ast.dump(node)
        for node in ast.parse(notebook_module(spec)).body
        for name in [getattr(node, "name", None)]
        if name
    }
    for definition in spec.closure.definitions:
        if definition.kind in {"function", "class", "startup"}:
            assert written[definition.name] == ast.dump(ast.parse(definition.source).body[0])


@pytest.mark.parametrize("tool", [["check"], ["format", "--check"]])
def test_what_is_written_passes_ruff(spec, tool, tmp_path):
    for name, text in {"notebook": notebook_module(spec), "main": main_module(spec), "schemas": spec.schemas}.items():
        (tmp_path / f"{name}.py").write_text(text, "utf-8")
    options = ["--isolated", "--no-cache", "--config", "line-length = 100"]
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *tool, *options, str(tmp_path)], capture_output=True, text=True, check=False
    )
    undefined = [line for line in done.stdout.splitlines() if "F821" in line]
    assert done.returncode == 0 or len(undefined) == done.stdout.count("F821"), done.stdout


def test_a_definition_that_cannot_be_formatted_costs_only_itself_its_formatting():
    new_syntax = Definition(name="odd", kind="function", source="def odd( a ):\n    return a if else a")
    fine = Definition(name="fine", kind="function", source="def fine( a ) :\n  return a")
    text = notebook_module(service(fine, new_syntax))
    assert "def fine(a):\n    return a\n" in text
    assert "def odd( a ):\n    return a if else a\n" in text


def test_formatting_keeps_meaning_and_says_so_when_it_cannot():
    assert format_source("x = {'a' :1}\n", python="3.11") == 'x = {"a": 1}\n'
    assert format_source("x = = 1\n", python="3.11") is None
    assert format_source("x=1\n", python="3.99") is None
    assert not same_meaning("def f():\n  '''a\n     b'''\n", 'def f():\n    """a\n    b"""\n')
    assert not same_meaning("x = 1\n", "x = 2\n")
    assert not same_meaning("x = 'a'\n", "x = b'a'\n")
    assert not same_meaning("x = 1\n", "x = (\n")


def test_imports_are_merged_sorted_and_never_dropped(tmp_path, monkeypatch):
    (tmp_path / "numpy").mkdir()  # a folder of that name must not make numpy the project's own
    (tmp_path / "ruff.toml").write_text("line-length = 20\n")
    monkeypatch.chdir(tmp_path)
    block = sort_imports(
        [
            "from sklearn.base import TransformerMixin",
            "import numpy as np",
            "from sklearn.experimental import enable_iterative_imputer",
            "from service.runtime import load_model",
            "from sklearn.base import BaseEstimator, TransformerMixin",
            "import features",
            "import os",
            "from __future__ import annotations",
        ],
        python="3.11",
        own=["features"],
    )
    assert block == (
        "from __future__ import annotations\n\n"
        "import os\n\n"
        "import numpy as np\n"
        "from sklearn.base import BaseEstimator, TransformerMixin\n"
        "from sklearn.experimental import enable_iterative_imputer\n\n"
        "import features\n"
        "from service.runtime import load_model"
    )


def test_the_users_own_load_model_does_not_hide_the_runtimes():
    text = notebook_module(
        service(
            Definition(name="model", kind="model", source='model = load_model("model")'),
            Definition(name="load_model", kind="function", source="def load_model(path):\n    return open(path)"),
            Definition(name="KEY", kind="environment", source='KEY = os.environ["KEY"]'),
            imports=("import shutil as os",),
        )
    )
    assert "from service.runtime import load_model as _load_model\n" in text
    assert 'model = _load_model("model")\n' in text
    assert "import os as _os\n" in text
    assert 'KEY = _os.environ["KEY"]\n' in text
    assert "def load_model(path):\n" in text


def test_a_statement_of_two_names_stands_once():
    both = "a = b = []"
    cell = Where(cell=1)
    text = notebook_module(
        service(
            Definition(name="a", kind="statement", source=both, where=cell),
            Definition(name="b", kind="statement", source=both, where=cell),
        )
    )
    assert text.count(both) == 1


def test_a_line_leads_back_to_its_definition(spec):
    text = notebook_module(spec)
    lines = text.splitlines()
    at = {name: lines.index(line) + 1 for name, line in {"Flower": "class Flower(BaseModel):"}.items()}
    comment = next(number for number, line in enumerate(lines, start=1) if "the caller knows names" in line)
    assert definition_at(text, at["Flower"] + 3, spec.closure.definitions).name == "Flower"
    assert definition_at(text, comment, spec.closure.definitions).where.cell == 5
    assert definition_at(text, 1, spec.closure.definitions) is None


def test_main_shows_every_route_with_its_options(spec):
    text = main_module(spec)
    assert text.startswith('"""iris, a service captured from iris.ipynb."""\n\nfrom service import notebook, schemas\n')
    assert "app = create_app(on_startup=[notebook.startup])\n" in text
    assert 'app.post("/predict")(endpoint(notebook.predict))\n' in text
    assert 'app.post("/label", status_code=201)(' in text
    assert "endpoint(notebook.label, body=schemas.LabelBody, spread=True, timeout=5.0)" in text
    assert text.index("model_routes(\n") < text.index("notebook.predict)")


def test_main_has_only_what_is_used():
    only_handler = ServiceSpec(
        name="s",
        python="3.11",
        endpoints=(EndpointSpec(name="public", handler="f", method="PURGE", path="/f", batch=True),),
    )
    text = main_module(only_handler)
    assert "from service import notebook\n" in text
    assert "from service.runtime import create_app, endpoint\n" in text
    assert "app = create_app()\n" in text
    assert 'app.api_route("/f", methods=["PURGE"], name="public")(endpoint(notebook.f, batch=True))' in text


@pytest.mark.parametrize(
    ("changes", "written"),
    [
        ({}, None),
        ({"alone": ("predict",)}, 'batch=["predict_proba"]'),
        ({"alone": ("predict", "predict_proba"), "max_batch": 8}, "batch=False"),
        ({"batch": False}, "batch=False"),
        ({"max_batch": 8}, "max_batch=8"),
    ],
)
def test_main_says_which_methods_batch(spec, changes, written):
    methods = ("predict", "predict_proba")
    model = replace(spec.models[0], methods=methods, **{"batch": True, "alone": (), "max_batch": None} | changes)
    text = main_module(replace(spec, models=(model,)))
    said = [part for part in ("batch=False", 'batch=["predict_proba"]', "max_batch=8") if part in text]
    assert said == ([written] if written else [])
    assert model.batched == tuple(one for one in methods if model.batch and one not in model.alone)


def test_a_docstring_stays_what_it_is():
    odd = '@tool\ndef f():\n  """Says what.\n       Indented.\n  """\n  return  1\n'
    source = f"x=1\n\n\n{odd}\n\ny = {{'a' :1}}\n"
    assert format_source(source, python="3.11") == f'x = 1\n\n\n{odd}\n\ny = {{"a": 1}}\n'
    even = 'def f():\n    """Says what.\n\n    Indented.\n    """\n    return 1\n'
    assert format_source(even.replace("return 1", "return  1"), python="3.11") == even


def test_schemas_get_a_docstring_where_they_have_none(spec):
    bare = replace(spec, schemas="class A( TypedDict ):\n  x : int\n")
    assert schemas_module(bare).startswith('"""')
    assert "class A(TypedDict):\n    x: int\n" in schemas_module(bare)
    assert schemas_module(spec).count('"""') == 2
    assert schemas_module(replace(spec, schemas="")) == ""


def test_the_source_is_the_same_in_any_locale_and_folder(spec):
    here = notebook_module(spec) + main_module(spec)
    code = "import sys; sys.stdout.buffer.write(__import__('nb2svc.export.formatting', fromlist=['x'])"
    code += ".format_source(sys.stdin.buffer.read().decode(), python='3.11').encode())"
    accented = here.replace("iris", "ïris")
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=accented.encode(),
        capture_output=True,
        check=True,
        env={**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONPATH": str(Path(__file__).parents[3])},
        cwd="/",
    )
    assert done.stdout.decode() == format_source(accented, python="3.11")
