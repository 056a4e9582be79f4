"""ONNX: models as they are; sessions of ONNX Runtime by the bytes of the model that they were made from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .adapter import Needs, UnsuitableError, is_a

_CPU = "CPUExecutionProvider"
_OPTIONS = (
    "enable_cpu_mem_arena",
    "enable_mem_pattern",
    "enable_mem_reuse",
    "execution_mode",
    "execution_order",
    "graph_optimization_level",
    "inter_op_num_threads",
    "intra_op_num_threads",
    "use_deterministic_compute",
)


class Onnx:
    """``onnx.ModelProto``."""

    name = "onnx"
    automatic = True
    loader = ""

    def claims(self, value: object) -> bool:
        return is_a(value, "onnx", "ModelProto")

    def embeds(self, value: object) -> bool:  # noqa: ARG002 - its pickle holds the same bytes
        return False

    def needs(self, value: Any) -> Needs:  # noqa: ARG002 - the same for all of them
        return Needs(modules=("onnx",))

    def dump(self, value: Any, folder: Path) -> Mapping[str, Any]:
        (folder / "model.onnx").write_bytes(value.SerializeToString(deterministic=True))
        return {}


class OnnxRuntime:
    """``onnxruntime.InferenceSession``: made again from its model, on the CPU."""

    name = "onnxruntime"
    automatic = True
    loader = ""

    def claims(self, value: object) -> bool:
        return is_a(value, "onnxruntime", "InferenceSession")

    def embeds(self, value: object) -> bool:  # noqa: ARG002 - pickle cannot hold a session
        return True

    def needs(self, value: Any) -> Needs:
        others = [name for name in value.get_providers() if name != _CPU]
        note = f"the session runs on {', '.join(others)} here, and on the CPU in the service"
        return Needs(modules=("onnxruntime",), notes=(note,) if others else ())

    def dump(self, value: Any, folder: Path) -> Mapping[str, Any]:
        (folder / "model.onnx").write_bytes(_model_bytes(value))
        return {"session_options": _session_options(value)}


def _model_bytes(session: Any) -> bytes:
    model = getattr(session, "_model_bytes", None)
    if isinstance(model, (bytes, bytearray)):
        return bytes(model)
    path = getattr(session, "_model_path", None)
    try:
        return Path(path).read_bytes() if path else b""
    except OSError as error:
        raise UnsuitableError(f"the file of its model, {path}, cannot be read: {error.strerror}") from error


def _session_options(session: Any) -> dict[str, Any]:
    """The options that are not the defaults; enumerations by name."""
    import onnxruntime

    given, usual = session.get_session_options(), onnxruntime.SessionOptions()
    chosen = {name: getattr(given, name) for name in _OPTIONS if hasattr(usual, name)}
    return {name: getattr(value, "name", value) for name, value in chosen.items() if value != getattr(usual, name)}
