"""Other people's clients and libraries against a service in a process of its own: tritonclient, and pyarrow's streams.

They are installed into a folder of their own from requirements-clients.txt, and used by a process of their own.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from types import SimpleNamespace

import pytest
from test_runtime_server import Service, project, serving, write_manifest  # noqa: F401 - project is a fixture
from uv import find_uv_bin

from nb2svc.runtime.capturing import Capture, Exchange
from nb2svc.runtime.spool import Spool

pytestmark = pytest.mark.once

LOCK = Path(__file__).resolve().parents[3] / "requirements-clients.txt"

MAIN = """
from service import notebook
from service.runtime import create_app, model_routes
from service.runtime.columns import Dtype
from service.runtime.fields import Float, Integer
from service.runtime.rows import Array, Frame
from typing import Annotated, Any
from pydantic import ConfigDict, with_config
from typing_extensions import TypedDict


@with_config(ConfigDict(extra="forbid"))
class Row(TypedDict):
    size: Annotated[Float | None, Dtype("float64")]
    kind: Annotated[str, Dtype("str")]


app = create_app()
app.include_router(
    model_routes(
        "sums", notebook.Sums(), methods=["predict", "both"], inputs=Annotated[Any, Array(Float, "float32", [None, 2])]
    )
)
app.include_router(model_routes("rows", notebook.Rows(), methods=["predict"], inputs=Annotated[Any, Frame(Row)]))
"""

NOTEBOOK = """
import numpy as np
import pandas as pd


class Sums:
    def predict(self, rows):
        assert rows.dtype == "float32"
        return rows.sum(axis=1)

    def both(self, rows):
        return [rows * 2, rows.astype("float16")]


class Rows:
    def predict(self, frame):
        return [f"{kind} {size:g}" for size, kind in zip(frame["size"], frame["kind"])]
"""

TRITON = """
import json, sys
import numpy as np
from tritonclient.http import InferenceServerClient, InferInput, InferRequestedOutput
from tritonclient.utils import InferenceServerException

client = InferenceServerClient(sys.argv[1])
out = {}
out["ready"] = [client.is_server_live(), client.is_server_ready(), client.is_model_ready("sums"),
                client.is_model_ready("sums", "1"), client.is_model_ready("sums", "2"), client.is_model_ready("none")]
out["server"] = client.get_server_metadata()
out["model"] = client.get_model_metadata("sums", "1")


def tensor(name, datatype, values, binary=True):
    made = InferInput(name, list(values.shape), datatype)
    made.set_data_from_numpy(values, binary_data=binary)
    return made


def infer(model, tensors, outputs=None, **options):
    requested = outputs and [InferRequestedOutput(name, binary_data=binary) for name, binary in outputs]
    result = client.infer(model, tensors, outputs=requested, **options)
    described = result.get_response()
    return {"id": described.get("id"), "outputs": [
        [each["name"], each["datatype"], str(result.as_numpy(each["name"]).dtype),
         [x.decode() if isinstance(x, bytes) else x for x in result.as_numpy(each["name"]).ravel().tolist()],
         each["shape"], "parameters" in each]
        for each in described["outputs"]
    ]}


rows = np.array([[1, 2], [3, 4.5]], "float32")
out["binary"] = infer("sums", [tensor("inputs", "FP32", rows)], request_id="7")
out["json"] = infer("sums", [tensor("inputs", "FP32", rows, binary=False)], [("predict", False)])
numbers = [tensor("x", "FP32", rows, binary=False)]
out["mixed"] = infer("sums", numbers, [("predict", True), ("both", False)], model_version="1")
out["fp16"] = infer("sums", [tensor("x", "FP16", rows.astype("float16"))], [("both", True)])
out["fp64"] = infer("sums", [tensor("x", "FP64", rows.astype("float64"))])
out["int8"] = infer("sums", [tensor("x", "INT8", rows.astype("int8"))])
out["gzip"] = infer("sums", [tensor("x", "FP32", rows)], response_compression_algorithm="gzip")
bf16 = InferInput("x", [2, 2], "BF16")
bf16.set_data_from_numpy(rows)
out["bf16"] = infer("sums", [bf16])
sizes, kinds = np.array([1.5, 2]), np.array(["é", "b c"], object)
for binary in (True, False):
    tensors = [tensor("kind", "BYTES", kinds, binary), tensor("size", "FP64", sizes.reshape(2, 1), binary)]
    out[f"features {binary}"] = infer("rows", tensors, [("predict", binary)])
out["errors"] = []
for model, tensors, outputs in (
    ("sums", [tensor("x", "FP32", rows[:, :1])], None),
    ("sums", [tensor("x", "BYTES", kinds)], None),
    ("sums", [tensor("x", "FP32", rows)], [InferRequestedOutput("fit")]),
    ("sums", [tensor("x", "FP32", rows)], [InferRequestedOutput("predict", class_count=1)]),
    ("rows", [tensor("size", "FP64", sizes)], None),
    ("none", [tensor("x", "FP32", rows)], None),
):
    try:
        client.infer(model, tensors, outputs=outputs)
    except InferenceServerException as error:
        out["errors"].append([error.status(), error.message()])
print(json.dumps(out))
"""

ARROW = """
import json, sys, urllib.request, urllib.error
import pyarrow as pa

KIND = "application/vnd.apache.arrow.stream"


def stream(table, **options):
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table, max_chunksize=2)
    return sink.getvalue().to_pybytes()


def post(model, body):
    headers = {"Content-Type": KIND, "Accept": KIND}
    request = urllib.request.Request(f"{sys.argv[1]}/models/{model}/predict", body, headers)
    try:
        with urllib.request.urlopen(request) as answer:
            assert answer.headers["Content-Type"] == KIND
            table = pa.ipc.open_stream(answer.read()).read_all()
            return [str(table.schema.types[0]), table.to_pydict()]
    except urllib.error.HTTPError as error:
        return [error.code, json.loads(error.read())["detail"][0]]


frame = pa.table({"kind": ["a", "b", "é"], "size": pa.array([1, None, 2.5])})
coded = frame.set_column(0, "kind", frame["kind"].dictionary_encode())
numbers = pa.table({"x": pa.array([1, 2.5], "float32"), "y": pa.array([3, 4])})
out = {
    "frame": post("rows", stream(frame)),
    "dictionary": post("rows", stream(coded)),
    "numbers": post("sums", stream(numbers)),
    "missing": post("rows", stream(frame.drop_columns("size"))),
    "null": post("rows", stream(frame.set_column(0, "kind", pa.array(["a", None, "b"])))),
    "wide": post("sums", stream(numbers.append_column("z", numbers["x"]))),
    "compressed": post("rows", stream(frame, compression="zstd")),
    "cut": post("rows", stream(frame)[:-40]),
    "none": post("rows", b"no stream"),
    "nulls": post("rows", stream(pa.table({"kind": pa.nulls(10), "size": pa.nulls(10)}))),
    "empty": post("rows", stream(frame.slice(0, 0))),
}
print(json.dumps(out))
"""


@pytest.fixture(scope="module")
def clients(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("clients")
    command = [find_uv_bin(), "pip", "install", "--quiet", "--python", sys.executable, "--target", folder]
    subprocess.run([*command, "--require-hashes", "-r", LOCK], check=True)
    return folder


@pytest.fixture
def service(project: Path, clients: Path):  # noqa: F811
    (project / "service" / "main.py").write_text(MAIN)
    (project / "service" / "notebook.py").write_text(NOTEBOOK)
    write_manifest(project)
    with serving(project, PYTHONPATH=str(clients)) as running:
        yield running


def run(code: str, clients: Path, address: str) -> dict:
    command = [sys.executable, "-c", textwrap.dedent(code), address]
    done = subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": str(clients)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_tritonclient_asks_and_infers(service: Service, clients: Path) -> None:
    out = run(TRITON, clients, f"127.0.0.1:{service.port}")
    assert out["ready"] == [True, True, True, True, False, False]
    assert out["server"] == {"name": "iris", "version": "", "extensions": ["binary_tensor_data"]}
    assert out["model"]["versions"] == ["1"]
    assert out["model"]["inputs"] == [{"name": "inputs", "datatype": "FP32", "shape": [-1, 2]}]
    predicted = ["predict", "FP32", "float32", [3.0, 7.5], [2]]
    assert out["binary"] == {"id": "7", "outputs": [[*predicted, True]]}
    assert out["json"]["outputs"] == [[*predicted, False]]
    both = ["both_0", "FP32", "float32", [2, 4, 6, 9], [2, 2]], ["both_1", "FP16", "float16", [1, 2, 3, 4.5], [2, 2]]
    assert out["mixed"]["outputs"] == [[*predicted, True], *([*each, False] for each in both)]
    assert out["fp16"]["outputs"] == [[*each, True] for each in both]
    for name in ("fp64", "bf16", "gzip"):
        assert out[name]["outputs"] == [[*predicted, True]], name
    assert out["int8"]["outputs"][0][3] == [3.0, 7.0]
    for binary in (True, False):
        texts = [["predict", "BYTES", "object", ["é 1.5", "b c 2"], [2], binary]]
        assert out[f"features {binary}"]["outputs"] == texts
    assert [status for status, _ in out["errors"]] == ["400"] * 5 + ["404"]
    for (_, message), expected in zip(
        out["errors"],
        (
            "0: List should have at least 2 items after validation, not 1",
            "0: Input should be a valid list",
            "body.outputs: unknown fit; this model has predict, both",
            "body.outputs: classification is not offered: ask for predict_proba",
            "0: Input should be a valid dictionary",
            "Not Found",
        ),
        strict=True,
    ):
        assert message.startswith(expected)


def test_streams_of_arrow(service: Service, clients: Path) -> None:
    out = run(ARROW, clients, service.url)
    assert out["frame"] == out["dictionary"] == ["string", {"outputs": ["a 1", "b nan", "é 2.5"]}]
    assert out["numbers"] == ["float", {"outputs": [4.0, 6.5]}]
    for name, place, message in (
        ("missing", [], "the columns are size, kind: size missing"),
        ("null", [1, "kind"], "Input should be a valid string"),
        ("wide", [0], "List should have at most 2 items after validation, not 3"),
        ("compressed", [], "compressed batches are not taken"),
        ("cut", [], "this is no stream of Arrow's"),
        ("none", [], "this is no stream of Arrow's"),
        ("nulls", [], "columns of null are not taken, as in kind"),
        ("empty", [], "there are no rows"),
    ):
        status, problem = out[name]
        assert (status, problem["loc"]) == (422, ["body", "inputs", *place]), name
        assert message in problem["msg"], name


def test_captured_requests_become_a_table_as_the_docs_say(clients: Path, tmp_path: Path) -> None:
    page = (LOCK.parent / "docs" / "project.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^```python\n(import json\n.*?parquet.*?)^```$", page, re.MULTILINE | re.DOTALL)
    capture = Capture(Spool(tmp_path / "captured", "iris", 1 << 20, written=int, lost=pytest.fail), 1, "0" * 64)
    capture.begin()
    for status, body in ((200, {"values": [1.0, 2.0]}), (422, "cut"), (200, {"values": [0.5]})):
        exchange = Exchange({"headers": []}, None, None)
        exchange.status = status
        exchange.request.add(json.dumps(body).encode())
        scope = {"method": "POST", "path": "/predict", "query_string": b"", "route": SimpleNamespace(path="/predict")}
        capture.add(scope, exchange)
    capture.end()
    code += "\ntable = parquet.read_table('predict.parquet').to_pylist()"
    code += "\nprint(json.dumps([[each['inputs'], each['status'], each['query']] for each in table]))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(clients)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [[{"values": [1.0, 2.0]}, 200, None], [{"values": [0.5]}, 200, None]]
