# A session whose model file is gone cannot be made again: refused, with the way out.

# %% [model]
from pathlib import Path

import numpy as np
import onnxruntime as ort
from onnx import TensorProto, helper

graph = helper.make_graph(
    [helper.make_node("Neg", ["x"], ["y"])],
    "negated",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None])],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None])],
)
proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
Path("model.onnx").write_bytes(proto.SerializeToString())
session = ort.InferenceSession("model.onnx")
Path("model.onnx").unlink()

# %% [negated]
%%endpoint --example {"values": [1, 2]}
def negated(values: list[float]) -> list[float]:
    return session.run(None, {"x": np.array(values, np.float32)})[0].tolist()
