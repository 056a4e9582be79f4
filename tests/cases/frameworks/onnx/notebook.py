# ONNX: a session of ONNX Runtime, on its own and inside an object of the notebook, and the model itself.

# %% [model]
import numpy as np
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

weights = numpy_helper.from_array(np.array([[1.5], [-2.0]], np.float32), "weights")
graph = helper.make_graph(
    [helper.make_node("MatMul", ["rows", "weights"], ["scores"])],
    "linear",
    [helper.make_tensor_value_info("rows", TensorProto.FLOAT, [None, 2])],
    [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [None, 1])],
    [weights],
)
proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
options = ort.SessionOptions()
options.intra_op_num_threads = 1
session = ort.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])

# %% [scorer]
class Scorer:
    def __init__(self, session, scale):
        self.session, self.twin, self.scale = session, session, scale

    def score(self, rows):
        (scores,) = self.session.run(None, {"rows": np.array(rows, np.float32)})
        return (scores * self.scale).ravel().tolist()


scorer = Scorer(ort.InferenceSession(proto.SerializeToString()), 2)

# %% [plain]
%%endpoint --example {"rows": [[1, 2], [3, 4]]}
def plain(rows: list[list[float]]) -> list[list[float]]:
    return session.run(["scores"], {"rows": np.array(rows, np.float32)})[0].tolist()

# %% [scaled]
%%endpoint --example {"rows": [[1, 2], [3, 4]]}
def scaled(rows: list[list[float]]) -> dict:
    return {"scores": scorer.score(rows), "one": scorer.session is scorer.twin}

# %% [about]
%%endpoint GET /about --example {}
def about() -> dict:
    threads = session.get_session_options().intra_op_num_threads
    return {"nodes": [node.op_type for node in proto.graph.node], "threads": threads}
