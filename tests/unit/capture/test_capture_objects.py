from __future__ import annotations

import logging
import pickle
import sys
import threading
from types import ModuleType

import numpy as np
import pytest
from effort import lines_of

from nb2svc.capture.artifacts import dump_model, dump_objects
from nb2svc.capture.objects import UnpicklableError, probe
from nb2svc.capture.sharing import sharing

LOGGER = logging.getLogger("notebook")
NOTEBOOK = """
import enum
class Encoder:
    class Inner:
        pass
    def __init__(self, n):
        self.n = n
    def predict(self, rows):
        return [self.n for _ in rows]
class Kind(enum.Enum):
    A = 1
def double(x):
    return 2 * x
"""


@pytest.fixture
def notebook(monkeypatch):
    """A ``__main__`` with the definitions of a notebook."""
    main = ModuleType("__main__")
    exec(NOTEBOOK, main.__dict__)
    monkeypatch.setitem(sys.modules, "__main__", main)
    return main


def load_in_project(path, source=NOTEBOOK):
    """Unpickle as the exported project does: the notebook's code is ``service.notebook``."""
    module = ModuleType("service.notebook")
    exec(source, module.__dict__)
    sys.modules["service"] = ModuleType("service")
    sys.modules["service.notebook"] = module
    try:
        return pickle.loads(path.read_bytes()), module
    finally:
        del sys.modules["service"], sys.modules["service.notebook"]


def test_a_pickle_names_the_project_s_module_and_the_kernel_keeps_its_own(notebook, tmp_path):
    model = notebook.Encoder((3, notebook.Kind.A, notebook.double, notebook.Encoder.Inner()))
    references = probe(model, "model")
    assert {one.__qualname__ for one in references.notebook.values()} == {"Encoder", "Kind", "double", "Encoder.Inner"}
    artifact = dump_model(model, staging=tmp_path, name="model", format_="auto", references=references, why="a test")
    assert artifact.format == "pickle"
    assert artifact.type == "service.notebook.Encoder"
    assert notebook.Encoder.__module__ == "__main__"
    assert "service.notebook" not in sys.modules
    loaded, module = load_in_project(artifact.staged)
    assert type(loaded) is module.Encoder
    assert loaded.n[1] is module.Kind.A
    assert loaded.n[2] is module.double


def test_scikit_learn_models_are_joblib_files(tmp_path):
    from sklearn.linear_model import LinearRegression

    model = LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0])
    artifact = dump_model(model, staging=tmp_path, name="m", format_="auto", references=probe(model, "m"), why="")
    assert artifact.path == "models/m.joblib"
    assert "sklearn.linear_model._base" in artifact.modules


def test_the_path_to_what_cannot_be_pickled(notebook):
    class Pool:
        def __init__(self):
            self.items = [1, {"lock": threading.Lock()}]

    with pytest.raises(UnpicklableError) as error:
        probe({"db": Pool()}, "state")
    assert error.value.path.startswith("state['db']")
    notebook.Encoder.pool = None
    encoder = notebook.Encoder({"a": [threading.Lock()]})
    with pytest.raises(UnpicklableError) as error:
        probe(encoder, "model")
    assert error.value.path == "model.n['a'][0]"


def test_an_object_that_holds_a_served_model_refers_to_it(notebook, tmp_path):
    model = notebook.Encoder(1)
    registry = {"best": model, "n": 3}
    references = probe(registry, "registry", {id(model): "model"})
    assert references.models == {"model"}
    artifact = dump_objects(
        {"registry": registry},
        target=tmp_path / "registry.pkl",
        others={id(model): ("model", "model")},
        references=references,
        why="",
    )
    with pytest.raises(pickle.UnpicklingError, match="persistent"):
        pickle.loads(artifact.staged.read_bytes())


def test_a_pickle_that_still_names_main_is_refused(tmp_path):
    with pytest.raises(UnpicklableError, match="names __main__"):
        dump_objects({"text": "__main__"}, target=tmp_path / "x.pkl", others={}, references=probe({}, "x"), why="")


def test_objects_that_share_parts_form_groups():
    shared = [1]
    array = np.arange(3)
    values = {
        "a": {"part": shared},
        "b": (shared, 2),
        "c": array,
        "d": {"x": [array]},
        "e": {"alone": [3]},
        "f": [np.float64(1.0), np.dtype("f8"), "text"],
        "g": [np.float64(1.0), np.dtype("f8"), "text"],
    }
    found = sharing(values, {})
    assert found.groups == (("a", "b"), ("c",), ("d",), ("e",), ("f",), ("g",))
    assert found.tied == {"a", "b", "c", "d"}  # d refers to c by its name
    assert sharing({"a": {"m": shared}, "c": {"m": shared}}, {"m": shared}).groups == (("a",), ("c",))
    deep = ((shared,),)
    assert sharing({"a": [deep], "b": {"x": deep}, "c": [((shared,),)]}, {}).groups == (("a", "b", "c"),)
    assert sharing({"a": [LOGGER, sys], "b": [LOGGER, sys]}, {}).groups == (("a",), ("b",))


def test_files_never_refer_to_each_other_in_a_circle():
    cycle: list[object] = []
    cycle.append([cycle])
    assert sharing({"z": cycle, "y": [cycle], "x": cycle[0]}, {}).groups == (("x", "z"), ("y",))
    one, two, three = {}, {}, {}
    one["two"], two["three"], three["one"] = two, three, one
    assert sharing({"one": one, "two": two, "three": three, "all": [one, two]}, {}).groups == (
        ("all",),
        ("one", "three", "two"),
    )


def test_models_that_share_parts_with_others_form_groups():
    encoder, table = {"x": 1}, [1]
    one, two, three = {"encoder": encoder}, {"encoder": encoder}, {"table": table}
    models = {"one": one, "two": two, "three": three}
    assert sharing({}, models).groups == (("one", "two"),)
    assert sharing({"encoder": encoder, "t": 0}, models).groups == (("encoder", "one", "two"), ("t",))
    assert sharing({"table": table, "all": [one, three]}, models).groups == (
        ("all",),
        ("one", "two"),
        ("table", "three"),
    )
    assert sharing({}, {"inner": encoder, "outer": one}).groups == (("inner", "outer"),)
    apart = sharing({"encoder": encoder}, models, fixed=["one"])
    assert apart.groups == (("encoder", "two"),)
    assert [name for name, _ in apart.apart] == ["one"]
    assert sharing({"encoder": encoder}, models, fixed=["one", "two"]).groups == (("encoder",),)


def test_looking_for_what_is_shared_is_work_in_proportion():
    def lines(count):
        values = {f"v{number}": [{"n": number, "parts": [number]} for _ in range(5)] for number in range(count)}
        return lines_of(lambda: sharing(values, {}))

    lines(10)  # what is imported and cached once
    assert lines(400) < 2.2 * lines(200)
