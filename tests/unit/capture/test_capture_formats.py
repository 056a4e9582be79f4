"""Formats of their own for models: chosen without importing, written so that they load elsewhere, compared, refused."""

from __future__ import annotations

import collections
import json
import math
import pickle
import subprocess
import sys
import types
import zipfile
from importlib.metadata import EntryPoint

import numpy as np
import pytest

from nb2svc.capture import formats
from nb2svc.capture.artifacts import dump_objects
from nb2svc.capture.formats import Needs, UnsuitableError
from nb2svc.capture.formats.archives import rewritten
from nb2svc.capture.formats.plain import encode
from nb2svc.capture.formats.torch import Torch, TorchExport, TorchScript
from nb2svc.capture.formats.writing import dump
from nb2svc.capture.native import chosen
from nb2svc.capture.objects import probe
from nb2svc.capture.sharing import sharing
from nb2svc.errors import UsageError
from nb2svc.runtime.errors import ArtifactError
from nb2svc.runtime.formats.plain import decode
from nb2svc.runtime.loading import load_artifact
from nb2svc.runtime.manifest import ArtifactEntry
from nb2svc.values import Where


class Line:
    """A model of a framework of its own: no pickle holds it."""

    def __init__(self, slope, *, files=1):
        self.slope, self.files = slope, files

    def predict(self, rows):
        return [self.slope * row for row in rows]

    def __reduce__(self):
        raise TypeError("a Line cannot be pickled")


class Lines:
    """The adapter of ``Line``."""

    name = "lines"
    automatic = True
    loader = f"{__name__}:load_line"

    def claims(self, value):
        return type(value) is Line

    def embeds(self, value):  # noqa: ARG002
        return True

    def needs(self, value):  # noqa: ARG002
        return Needs(modules=("math",), environment={"LINES": "straight"}, notes=("it is straight",))

    def dump(self, value, folder):
        for number in range(value.files):
            (folder / f"part-{number}.txt").write_text(str(value.slope))
        return {"offset": 0}


def load_line(source, options):
    assert options == {"offset": 0}
    if hasattr(source, "iterdir"):
        return Line(float((source / "part-0.txt").read_text()), files=len(list(source.iterdir())))
    return Line(float(source.read()))


@pytest.fixture
def lines(monkeypatch):
    """An adapter from another distribution, and nothing remembered of others."""
    point = EntryPoint("lines", f"{__name__}:Lines", formats.GROUP)
    monkeypatch.setattr(formats, "entry_points", lambda group: [point] if group == formats.GROUP else [])
    monkeypatch.setattr(formats, "_of_type", type(formats._of_type)())
    formats.adapters.cache_clear()
    yield formats.named("lines")
    formats.adapters.cache_clear()


def entry(artifact):
    return ArtifactEntry(**{name: getattr(artifact, name) for name in ArtifactEntry.model_fields})


def written(value, adapter, folder, **options):
    staging = folder / "models"
    staging.mkdir(exist_ok=True)
    return dump(value, adapter, staging=staging, name="line", references=probe(value, "line"), why="a test", **options)


# --- which format -------------------------------------------------------------------------------


def test_choosing_imports_no_framework():
    frameworks = "torch keras xgboost lightgbm catboost onnx onnxruntime spacy statsmodels transformers skops sklearn"
    code = (
        "import sys; from nb2svc.capture import formats; formats.adapter_of(object());"
        f"print(*(set({frameworks.split()!r}) & set(sys.modules)), *formats.choices())"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert out[:4] == ["auto", "joblib", "pickle", "native"]
    assert {"xgboost", "torch", "onnx", "skops"} <= set(out)


def test_a_class_is_told_by_the_package_that_defines_it():
    def model_of(package, *names, own=True):
        bases = ()
        for name in names:
            bases = (type(name, bases, {"__module__": f"{package}.inner"}),)
        return bases[0]() if own else type("Mine", bases, {"__module__": "__main__"})()

    def name_of(value):
        adapter = formats.adapter_of(value)
        return adapter and adapter.name

    assert name_of(model_of("xgboost", "XGBModel", "XGBClassifier")) == "xgboost"
    assert name_of(model_of("lightgbm", "LGBMModel", "LGBMRegressor")) == "lightgbm"
    # The file of a booster cannot hold what a subclass of the notebook adds; that of a module can.
    assert name_of(model_of("xgboost", "XGBModel", own=False)) is None
    assert name_of(model_of("torch", "Module", own=False)) == "torch"
    assert name_of(model_of("torch", "Module", "ScriptModule")) == "torchscript"
    assert name_of(model_of("sklearn", "BaseEstimator", "Ridge")) is None
    assert name_of({"a": 1}) is None
    # With the backend of PyTorch a Keras model is a module, too.
    module = type("Module", (), {"__module__": "torch.nn"})
    assert name_of(type("Model", (module,), {"__module__": "keras.src.models"})()) == "keras"


def test_torch_says_that_tensors_leave_the_gpu(tmp_path):
    # Stand-ins: no test here has a GPU, so none proves what CUDA's own tensors do.
    there, here = types.SimpleNamespace(device="cuda:1"), types.SimpleNamespace(device="cpu")
    module = types.SimpleNamespace(parameters=lambda: [here, there], buffers=lambda: [here], training=False)
    told = ("its tensors are on cuda:1 here, and on the CPU in the service",)
    assert Torch().needs(module).notes == TorchScript().needs(module).notes == told
    program = types.SimpleNamespace(state_dict={"w": here}, constants={"c": there, "other": object()})
    with pytest.raises(UnsuitableError, match="exported for cuda:1, which a service does not have"):
        TorchExport().dump(program, tmp_path)


def test_format_by_name(lines):
    line, where = Line(2), Where(name="line")
    assert chosen(line, "auto", where) is chosen(line, "native", where) is chosen(line, "lines", where) is lines
    assert chosen(line, "pickle", where) is None
    assert chosen(3, "auto", where) is None
    with pytest.raises(UsageError, match=r"--format xgboost cannot hold a .*Line\n.*leave --format out: lines"):
        chosen(line, "xgboost", where)
    with pytest.raises(UsageError, match=r"a builtins.int has no format of its own"):
        chosen(3, "native", where)


def test_an_adapter_that_cannot_be_used_is_named_and_left_out(monkeypatch):
    points = [EntryPoint("a", "nowhere.to_be:found", formats.GROUP), EntryPoint("b", "json:dumps", formats.GROUP)]
    monkeypatch.setattr(formats, "entry_points", lambda group: points)
    with pytest.warns(RuntimeWarning) as told:
        assert formats._registered() == ()
    assert "the adapter a (nowhere.to_be:found) is left out: ModuleNotFoundError" in str(told[0].message)
    assert "the adapter b (json:dumps) is left out: TypeError" in str(told[1].message)


# --- writing and reading ------------------------------------------------------------------------


@pytest.mark.parametrize(("files", "path"), [(1, "models/line.txt"), (3, "models/line")])
def test_what_is_written_is_read_again_once_its_digest_is_checked(lines, tmp_path, files, path):
    artifact = written(Line(2.5, files=files), lines, tmp_path)
    assert (artifact.path, artifact.format, artifact.size) == (path, "lines", 3 * files)
    assert set(artifact.modules) == {__name__, "math"}  # the loader's module belongs to a root of the lock
    assert (artifact.options, artifact.environment) == ({"offset": 0}, {"LINES": "straight"})
    assert [file.path for file in artifact.files] == ([] if files == 1 else [f"part-{n}.txt" for n in range(3)])
    loaded = load_artifact(entry(artifact), tmp_path)
    assert (loaded.slope, loaded.files) == (2.5, files)


@pytest.mark.parametrize("change", ["edit", "add", "remove"])
def test_a_folder_that_was_changed_is_not_loaded(lines, tmp_path, change):
    artifact = written(Line(2.5, files=2), lines, tmp_path)
    part = tmp_path / artifact.path / "part-1.txt"
    if change == "remove":
        part.unlink()
    else:
        (part if change == "edit" else part.with_name("part-2.txt")).write_text("2.6")
    with pytest.raises(ArtifactError, match="is not what was exported"):
        load_artifact(entry(artifact), tmp_path)


def test_what_is_read_back_must_answer_the_same(lines, tmp_path):
    with pytest.raises(UnsuitableError, match=r"^it is another one$"):
        written(Line(2.5), lines, tmp_path, difference=lambda loaded: "it is another one" if loaded.slope else "")
    assert not list((tmp_path / "models").iterdir())


@pytest.mark.parametrize(
    ("options", "content", "words"),
    [
        ({"offset": math.nan}, "1", "its options are not JSON"),
        ({"offset": object()}, "1", "its options are not JSON"),
        ({"offset": 0}, None, "its adapter wrote no file"),
        ({"offset": 0}, "c__main__\nLine", "part-0.txt names __main__"),
        ({"offset": 0}, "no number", "ValueError: could not convert string"),
    ],
)
def test_an_adapter_that_does_wrong_is_told_so(lines, tmp_path, monkeypatch, options, content, words):
    def wrong(self, value, folder):
        if content is not None:
            (folder / "part-0.txt").write_text(content)
        return options

    monkeypatch.setattr(Lines, "dump", wrong)
    with pytest.raises(UnsuitableError, match=words):
        written(Line(2.5), lines, tmp_path)


def test_inside_other_objects_it_stands_in_its_own_format_once(lines, tmp_path):
    line = Line(2.5, files=2)
    values = {"state": {"line": line, "again": [line]}}
    references = probe(values["state"], "state")
    assert references.embedded
    assert references.modules >= {"math", __name__}
    shared = sharing({"one": [line], "two": {"line": line}, "three": [1]}, {})
    assert shared.groups == (("one", "two"), ("three",))
    target = tmp_path / "models" / "state.pkl"
    target.parent.mkdir()
    artifact = dump_objects(values, target=target, others={}, references=references, why="a test")
    state = load_artifact(entry(artifact), tmp_path)["state"]
    assert (state["line"].slope, state["line"].files) == (2.5, 2)
    assert state["again"] == [state["line"]]


# --- plain values -------------------------------------------------------------------------------


def test_plain_values_come_back_as_they_were():
    values = [
        *(None, True, 2**80, -0.0, 1e-300, "é", (1, (2, [3])), {1: "a", "b": (None,)}, set(), frozenset({"a", "b"})),
        collections.OrderedDict(b=1, a=2),
        *(np.float32(0.1), np.int8(-3), np.bool_(True), np.str_("text"), np.float64(1e16)),
        *(np.array([[1.5, 2.5]]), np.array(["a", "bc"]), np.array([1, [2], None], object), np.empty((0, 2), np.int16)),
    ]
    for value in values:
        text = json.dumps(encode(value), allow_nan=False)
        back = decode(json.loads(text))
        assert type(back) is type(value)
        assert pickle.dumps(back) == pickle.dumps(value), value
    for value in (math.nan, math.inf, np.float32("nan")):
        assert repr(decode(encode(value))) == repr(value)
    counts = collections.defaultdict(list, a=[1])
    back = decode(encode(counts))
    assert (back, back.default_factory) == (counts, list)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"objective": print}, r"no place for \['objective'\], a builtins.builtin_function_or_method"),
        ([1, object()], r"no place for \[1\], a builtins.object"),
        (collections.Counter(), "a collections.Counter"),
        (np.longdouble(1), "numpy.longdouble"),
        (types.SimpleNamespace(), "types.SimpleNamespace"),
    ],
)
def test_what_is_no_plain_value_is_named(value, words):
    with pytest.raises(UnsuitableError, match=words):
        encode(value)


def test_archives_are_the_same_whenever_they_are_written(tmp_path):
    for number, moment in enumerate([(2001, 1, 1, 0, 0, 0), (2022, 2, 2, 2, 2, 2)]):
        with zipfile.ZipFile(tmp_path / f"{number}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for name in ("a", "left out", "folder/ü"):
                archive.writestr(zipfile.ZipInfo(name, moment), name * 100)
        rewritten(tmp_path / f"{number}.zip", lambda name, data: None if "left" in name else data.upper())
    one, other = ((tmp_path / f"{number}.zip").read_bytes() for number in range(2))
    assert one == other
    with zipfile.ZipFile(tmp_path / "0.zip") as archive:
        assert archive.namelist() == ["a", "folder/ü"]
        assert archive.testzip() is None
        assert archive.read("folder/ü").decode() == "FOLDER/ü" * 100  # bytes know no ü
    assert (one.index(b"A" * 100), one.index(b"FOLDER/")) == (64, 256)  # where tensors may be mapped from
