"""Pipelines and models of transformers from the folder that ``save_pretrained`` wrote. Nothing is downloaded."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from .plain import class_named, decode

_ALIGNED = 64  # bytes
_PARAMETERS = ("_preprocess_params", "_forward_params", "_postprocess_params")
_PROCESSORS = {
    "tokenizer": "AutoTokenizer",
    "feature_extractor": "AutoFeatureExtractor",
    "image_processor": "AutoImageProcessor",
    "processor": "AutoProcessor",
}


def load(source: Path, options: Mapping[str, Any]) -> Any:
    kind = class_named(options["model"])
    model = kind.from_pretrained(
        str(source), local_files_only=True, dtype="auto", attn_implementation=options["attention"]
    )
    model.train(options["training"])
    _align(model)
    if "task" not in options:
        return model
    import transformers

    processors = {
        name: getattr(transformers, _PROCESSORS[name]).from_pretrained(str(source), local_files_only=True)
        for name in options["processors"]
    }
    pipeline = class_named(options["class"])(
        model=model, task=options["task"], device="cpu", batch_size=options["batch_size"], **processors
    )
    for name in _PARAMETERS:
        setattr(pipeline, name, decode(options[name]))
    return pipeline


def _align(model: Any) -> None:
    """Weights lie in the file's mapped memory as they come there; unaligned, sums end in other last digits."""
    for tensor in chain(model.parameters(), model.buffers()):
        if tensor.data_ptr() % _ALIGNED:
            tensor.data = tensor.data.clone()
