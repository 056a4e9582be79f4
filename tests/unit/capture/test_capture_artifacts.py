"""What is dumped and loaded again is what it was: values, flags, order, identity."""

from __future__ import annotations

import hashlib
import itertools
import mmap
import os
import pickle
import subprocess
import sys
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsClassifier

from nb2svc.capture.artifacts import dump_model, dump_objects
from nb2svc.capture.objects import probe
from nb2svc.runtime.errors import ArtifactError
from nb2svc.runtime.loading import load_artifact
from nb2svc.runtime.manifest import ArtifactEntry
from nb2svc.runtime.mapped import pickle_size

ROWS = 200_000  # of 8 bytes: larger than what stays in the pickle


def big(shape=(ROWS,), dtype="f8", **options):
    count = int(np.prod(shape))
    return np.arange(count).astype(dtype).reshape(shape, **options)


def entry_of(artifact):
    told = asdict(artifact)
    del told["staged"]
    return ArtifactEntry(**{**told, "path": artifact.staged.name})


@pytest.fixture
def there_and_back(tmp_path):
    """Dump objects (or a model) and load them as the service does."""

    folders = (tmp_path / str(number) for number in itertools.count())  # what is mapped must not be written to

    def send(value, *, model=False):
        folder = next(folders)
        folder.mkdir()
        if model:
            artifact = dump_model(value, staging=folder, name="m", format_="auto", references=probe(value, "m"), why="")
        else:
            artifact = dump_objects(
                {"x": value}, target=folder / "x.pkl", others={}, references=probe(value, "x"), why=""
            )
        content = artifact.staged.read_bytes()
        assert artifact.sha256 == hashlib.sha256(content).hexdigest()
        assert artifact.size == len(content)
        loaded = load_artifact(entry_of(artifact), folder)
        return (loaded if model else loaded["x"]), artifact

    return send


def is_mapped(array):
    base = array
    while isinstance(base, np.ndarray) and base.base is not None:
        base = base.base
    while isinstance(base, memoryview):
        base = base.obj
    return isinstance(base, mmap.mmap)


@pytest.mark.parametrize(
    "array",
    [
        big(),
        big((400, 500), order="F"),
        big((400, 500)),
        np.asfortranarray(big((400, 500))),
        big(dtype=">i4"),
        big(dtype="M8[s]"),
        big(dtype="U8"),
        np.zeros(ROWS, [("a", "i1"), ("b", "f8")]),
        np.zeros(ROWS, np.dtype([("a", "i1"), ("b", "f8")], align=True)),
        big((2, 100, 1000)).transpose(1, 0, 2),
        big()[::2],
        big((0, 4)),
        np.zeros((ROWS, 0)),
        np.array(3.0),
        np.array(["a", None, 1], dtype=object),
        np.arange(3),
    ],
    ids=lambda array: f"{array.dtype}-{array.shape}-{array.flags.f_contiguous}",
)
@pytest.mark.parametrize("writeable", [True, False])
def test_arrays_keep_values_types_order_and_flags(there_and_back, array, writeable):
    array = array.copy("K") if array.flags.c_contiguous or array.flags.f_contiguous else array.view()
    array.flags.writeable = writeable
    for loaded, artifact in (there_and_back(array), there_and_back([array, array])):
        first = loaded[0] if isinstance(loaded, list) else loaded
        assert type(first) is np.ndarray
        assert first.dtype == array.dtype
        assert first.shape == array.shape
        assert first.flags.writeable == writeable
        if array.flags.c_contiguous or array.flags.f_contiguous:
            assert first.flags.f_contiguous == array.flags.f_contiguous
        assert first.tobytes() == array.tobytes() if not array.dtype.hasobject else first.tolist() == array.tolist()
        assert first.flags.aligned
        if array.flags.c_contiguous or array.flags.f_contiguous:
            assert is_mapped(first) == (array.nbytes >= 1 << 20)
        assert artifact.format == ("pickle-buffers" if is_mapped(first) else "pickle")
        if isinstance(loaded, list):
            assert loaded[1] is first


def test_what_user_code_writes_stays_in_its_process_and_out_of_the_file(there_and_back):
    loaded, artifact = there_and_back(big())
    before = artifact.staged.read_bytes()
    loaded[:] = -1
    assert loaded.sum() == -ROWS
    assert artifact.staged.read_bytes() == before
    again = load_artifact(entry_of(artifact), artifact.staged.parent)["x"]
    assert again[1] == 1


def test_the_file_that_was_checked_is_the_one_that_is_mapped(there_and_back):
    _, artifact = there_and_back(big())
    folder = artifact.staged.parent
    entry = entry_of(artifact)
    changed = bytearray(artifact.staged.read_bytes())
    changed[len(changed) // 2] ^= 1
    artifact.staged.write_bytes(changed)
    with pytest.raises(ArtifactError, match="is not what was exported"):
        load_artifact(entry, folder)
    truncated = entry.model_copy(update={"sha256": hashlib.sha256(changed[:1000]).hexdigest()})
    artifact.staged.write_bytes(changed[:1000])
    with pytest.raises(ArtifactError, match="no buffers follow the pickle"):
        load_artifact(truncated, folder)


def test_a_plain_pickle_is_one_that_everybody_reads(there_and_back):
    for value, plain in (([big(), big(dtype="i4")], False), ([1, "text"], True), (b"", True)):
        path = there_and_back(value)[1].staged
        with path.open("rb") as file:
            size = pickle_size(file)
        assert (size == path.stat().st_size) == plain
        stream = path.read_bytes()[:size].rstrip(b"\0")
        assert stream.endswith(pickle.STOP)
    value = {"a": np.arange(5), "b": "text", "c": pd.DataFrame({"x": [1, 2]})}
    _, artifact = there_and_back(value)
    assert pickle.loads(artifact.staged.read_bytes())["x"]["b"] == "text"


def test_frames_sparse_masked_and_memory_mapped(there_and_back, tmp_path):
    frame = pd.DataFrame(
        {
            "a": big(),
            "b": big(dtype="i8"),
            "c": pd.Categorical(["x", "y"] * (ROWS // 2)),
            "d": pd.Series(["one", "two"] * (ROWS // 2)),
            "e": pd.date_range("2024", periods=ROWS, freq="s", tz="UTC"),
        }
    )
    loaded, artifact = there_and_back(frame)
    pd.testing.assert_frame_equal(loaded, frame)
    loaded.loc[0, "a"] = 5.0
    loaded["new"] = 1
    assert loaded["a"].iloc[0] == 5.0
    assert artifact.format == "pickle-buffers"

    matrix = sparse.random(2000, 2000, density=0.1, format="csr", random_state=0)
    loaded, _ = there_and_back(matrix)
    assert is_mapped(loaded.data)
    assert (loaded != matrix).nnz == 0
    loaded.data *= 2
    loaded.sort_indices()

    masked = np.ma.masked_greater(big(), 10)
    loaded, _ = there_and_back(masked)
    assert np.ma.allequal(loaded, masked)
    assert loaded.count() == masked.count()

    np.save(tmp_path / "big.npy", big())
    for mode in ("r", "c"):
        mapped = np.load(tmp_path / "big.npy", mmap_mode=mode)
        loaded, artifact = there_and_back(mapped)
        assert type(loaded) is np.memmap
        assert loaded.flags.writeable == mapped.flags.writeable
        assert np.array_equal(loaded, mapped)
        assert artifact.format == "pickle-buffers"


def test_bytes_and_what_is_the_same(there_and_back):
    raw, buffer, part = b"x" * (2 << 20), bytearray(b"y" * (2 << 20)), [1]
    loaded, _ = there_and_back([raw, raw, buffer, buffer, part, {"p": part}])
    assert loaded[0] is loaded[1]
    assert loaded[2] is loaded[3]
    assert loaded[2] == buffer
    loaded[4].append(2)
    assert loaded[5]["p"] == [1, 2]


def test_large_arrays_of_scikit_learn_models_are_mapped_and_what_was_one_is_one(there_and_back):
    rng = np.random.default_rng(0)
    model = KNeighborsClassifier(algorithm="brute").fit(rng.random((20_000, 10)), rng.integers(0, 3, 20_000))
    model.again = model._fit_X
    loaded, artifact = there_and_back(model, model=True)
    assert artifact.path == "models/m.joblib"
    assert type(loaded._fit_X) is np.ndarray
    assert is_mapped(loaded._fit_X)
    assert loaded._fit_X.flags.writeable
    assert loaded.again is loaded._fit_X
    asked = rng.random((100, 10))
    assert loaded.predict_proba(asked).tolist() == model.predict_proba(asked).tolist()
    import joblib

    others = joblib.load(artifact.staged)
    assert others.again is others._fit_X
    assert others.predict(asked).tolist() == model.predict(asked).tolist()


@pytest.mark.parametrize("extra", ["read-only", "byte order", "matrix", "shared"])
def test_what_joblib_would_change_is_pickled(there_and_back, extra):
    model = LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0])
    part = [1]
    model.extra = {
        "read-only": np.arange(3),
        "byte order": np.arange(3, dtype=">i8"),
        "matrix": np.zeros((1, 1)).view(np.matrix),
        "shared": np.array([part, None], dtype=object),
    }[extra]
    if extra == "read-only":
        model.extra.flags.writeable = False
    model.part = part
    loaded, artifact = there_and_back(model, model=True)
    assert artifact.path == "models/m.pkl"
    assert [path.name for path in artifact.staged.parent.iterdir()] == ["m.pkl"]
    assert loaded.extra.dtype == model.extra.dtype
    assert type(loaded.extra) is type(model.extra)
    assert loaded.extra.flags.writeable == (extra != "read-only")
    if extra == "shared":
        assert loaded.extra[0] is loaded.part


class Bag(set):
    pass


def test_modules_and_sets_inside(there_and_back):
    inner = frozenset({"a", ("b", 2), None, 1.5, b"c", frozenset({"x", "y"})})
    value = {"json": sys.modules["json"], "set": {"one", "two"}, "inner": inner, "same": inner, "bag": Bag("abc")}
    loaded, _ = there_and_back(value)
    assert loaded["json"] is sys.modules["json"]
    assert loaded == value
    assert loaded["same"] is loaded["inner"]
    assert type(loaded["bag"]) is Bag


class Node:
    def __init__(self):
        self.friends = {self, "me"}
        self.fixed = frozenset({self, "me"})


def test_a_set_that_holds_what_holds_it(there_and_back):
    loaded, _ = there_and_back(Node())
    for friends in (loaded.friends, loaded.fixed):
        assert len(friends) == 2
        assert loaded in friends
    loaded, _ = there_and_back(frozenset({Node()}))
    assert len(loaded) == 1


SEEDED = """
import sys
from dataclasses import dataclass
from pathlib import Path
import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from nb2svc.capture.artifacts import dump_model, dump_objects
from nb2svc.capture.objects import probe
import decimal, datetime as dt

words = {"ada", "grace", "edsger", "barbara"}
value = {
    "words": words, "mixed": {1, "one", None, 2.5, ("a", "b"), frozenset(words), dt.date(2024, 1, 2)},
    "types": {int, str, np.ndarray}, "list": ["ab", "ab", "".join(["a", "b"])],
    "nested": [{"x": {"y": words | {"alan"}}}], "numbers": {decimal.Decimal(1), decimal.Decimal(2)},
}
model = make_pipeline(CountVectorizer(stop_words=list(sorted(words))), RandomForestClassifier(3, random_state=0))
model.fit(["one two", "two three", "four"], [0, 1, 1])
model.known = words
folder = Path(sys.argv[1])
one = dump_objects({"v": value}, target=folder / "v.pkl", others={}, references=probe(value, "v"), why="")
two = dump_model(model, staging=folder, name="m", format_="auto", references=probe(model, "m"), why="")
print(one.sha256, two.sha256)
"""


def test_the_same_objects_give_the_same_bytes_whatever_the_seed_of_hashes(tmp_path):
    running = [
        subprocess.Popen(
            [sys.executable, "-c", SEEDED, str(tmp_path)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in ("1", "2")
    ]
    digests = [process.communicate()[0].split() for process in running]
    assert len(digests[0]) == 2
    assert digests[0] == digests[1]
