"""ONNX models, and sessions of ONNX Runtime on the CPU."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, BinaryIO


def load_model(source: BinaryIO, options: Mapping[str, Any]) -> Any:  # noqa: ARG001 - has none
    import onnx

    return onnx.load_model_from_string(source.read())


def load_session(source: BinaryIO, options: Mapping[str, Any]) -> Any:
    import onnxruntime

    chosen = onnxruntime.SessionOptions()
    for name, value in options.get("session_options", {}).items():
        kind = type(getattr(chosen, name))
        setattr(chosen, name, getattr(kind, value) if isinstance(value, str) else value)
    return onnxruntime.InferenceSession(source.read(), chosen, providers=["CPUExecutionProvider"])
