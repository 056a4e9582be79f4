"""``--location``: what is a place for a model, what reads an address, and which file lies where."""

from __future__ import annotations

import builtins
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest

from nb2svc.capture.location import checked, fetching_modules, placed
from nb2svc.capture.options import ModelOptions, model_options
from nb2svc.errors import CaptureError, UsageError
from nb2svc.values import Artifact, LiveObjects, Where

HERE = Where()


@pytest.mark.parametrize(
    "location",
    [
        "bake",
        "mount",
        "s3://bucket/iris/model.joblib",
        "s3://bucket/iris/",
        "gs://bucket/model.pkl",
        "https://example.com/models/model.joblib?download=1",
        "file:///mnt/models/model.joblib",
        "abfs://container@account.dfs.core.windows.net/model.pkl",
    ],
)
def test_places_for_a_model(location):
    assert checked(location, HERE) == location
    assert model_options(f"clf --location {location}").location == location


@pytest.mark.parametrize("location", ["baked", "models/x.pkl", "/mnt/x.pkl", "s3:bucket", "s3://bucket", "a::s3://b/c"])
def test_what_is_no_place(location):
    with pytest.raises(UsageError, match="is no place for a model") as raised:
        model_options(f"clf --location {location}")
    assert "s3://bucket/model.joblib" in raised.value.hint


@pytest.mark.parametrize(
    "location",
    [
        "https://me:word@example.com/model.pkl",
        "https://token@example.com/model.pkl",
        "s3://key:word@bucket/model.pkl",
        "https://bucket.s3.amazonaws.com/m.pkl?X-Amz-Credential=a&X-Amz-Signature=b",
        "https://example.com/m.pkl?sv=1&sig=abc",
        "https://example.com/m.pkl?api_key=abc",
    ],
)
def test_an_address_with_credentials_is_refused_and_not_repeated(location):
    with pytest.raises(UsageError, match="has credentials in it") as raised:
        checked(location, HERE)
    assert location not in str(raised.value)


def test_what_reads_an_address():
    assert fetching_modules("bake", HERE) == fetching_modules("mount", HERE) == ()
    assert fetching_modules("file:///mnt/model.pkl", HERE) == ("fsspec",)
    with pytest.raises(UsageError, match="nobody here reads gopher://"):
        fetching_modules("gopher://x/model.pkl", HERE)


def test_a_store_with_a_package_of_its_own_and_one_that_fsspec_reads_with_others(monkeypatch):
    import fsspec
    from fsspec.spec import AbstractFileSystem

    other = SimpleNamespace(__name__="othersfs.core")
    inside = SimpleNamespace(__name__="fsspec.implementations.letters", letters=pytest, os=sys)
    monkeypatch.setitem(sys.modules, "othersfs.core", other)
    monkeypatch.setitem(sys.modules, "fsspec.implementations.letters", inside)
    for protocol, module in {"others": other.__name__, "letters": inside.__name__}.items():
        kind = type(protocol, (AbstractFileSystem,), {"__module__": module, "protocol": protocol})
        fsspec.register_implementation(protocol, kind, clobber=True)
    assert fetching_modules("others://x/model.pkl", HERE) == ("fsspec", "othersfs")
    assert fetching_modules("letters://x/model.pkl", HERE) == ("fsspec", "pytest")


@pytest.mark.parametrize(
    ("url", "step"), [("s3://b/m.pkl", "%pip install s3fs"), ("https://x/m.pkl", "%pip install fsspec aiohttp")]
)
def test_a_kernel_without_what_reads_it(url, step, monkeypatch):
    real = builtins.__import__

    def without(name, *arguments, **options):
        if name.partition(".")[0] == "fsspec":
            raise ModuleNotFoundError(f"No module named {name!r}")
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UsageError, match="this kernel lacks what reads") as raised:
        fetching_modules(url, HERE)
    assert raised.value.hint == f"{step}, then run this cell again"


# --- files --------------------------------------------------------------------------------------


def mark(public, location):
    options = ModelOptions(variable=public, location=location)
    return SimpleNamespace(public=public, options=options, where=HERE)


def artifact(path):
    return Artifact(path=path, format="pickle", sha256="0", size=1, type="x.Y", why="a test")


def test_what_shares_a_file_with_a_model_goes_where_that_goes():
    shared, other = artifact("models/scaler.pkl"), artifact("models/words.pkl")
    objects = (LiveObjects(names=("model", "scaler"), artifact=shared), LiveObjects(names=("words",), artifact=other))
    artifacts, there = placed([mark("model", "mount")], {"model": shared}, objects)
    assert artifacts["model"].location == "mount"
    assert [one.artifact.location for one in there] == ["mount", "bake"]
    assert placed([mark("model", "bake")], {"model": shared}, objects) == ({"model": shared}, objects)


def test_an_address_that_ends_with_a_slash_is_a_folder():
    found, _ = placed([mark("model", "file:///mnt/iris/")], {"model": artifact("models/model.joblib")}, ())
    assert found["model"] == replace(
        artifact("models/model.joblib"), location="file:///mnt/iris/model.joblib", fetched_by=("fsspec",)
    )


def test_one_file_has_one_place():
    shared = artifact("models/both.pkl")
    with pytest.raises(CaptureError, match="a and b share parts"):
        placed([mark("a", "bake"), mark("b", "mount")], {"a": shared, "b": shared}, ())


def test_one_address_has_one_file():
    marks = [mark("a", "file:///mnt/m.pkl"), mark("b", "file:///mnt/m.pkl")]
    with pytest.raises(CaptureError, match=r"cannot both be at file:///mnt/m\.pkl"):
        placed(marks, {"a": artifact("models/a.pkl"), "b": artifact("models/b.pkl")}, ())
    marks = [mark("a", "mount"), mark("b", "mount")]
    placed(marks, {"a": artifact("models/a.pkl"), "b": artifact("models/b.pkl")}, ())
