"""Hugging Face transformers: pipelines and models as ``save_pretrained`` writes them, the weights in safetensors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .adapter import Needs, UnsuitableError, is_a, is_own
from .plain import encode

_PARAMETERS = ("_preprocess_params", "_forward_params", "_postprocess_params")
_PROCESSORS = ("tokenizer", "feature_extractor", "image_processor", "processor")


class Transformers:
    """``Pipeline`` and ``PreTrainedModel`` of PyTorch."""

    name = "transformers"
    automatic = True
    loader = ""

    def claims(self, value: object) -> bool:
        return is_own(value, "transformers") and is_a(value, "transformers", "Pipeline", "PreTrainedModel")

    def embeds(self, value: object) -> bool:  # noqa: ARG002 - inside other objects it shares parts with them
        return False

    def needs(self, value: Any) -> Needs:  # noqa: ARG002 - the same for all of them
        return Needs(modules=("safetensors", "torch", "transformers"))

    def dump(self, value: Any, folder: Path) -> Mapping[str, Any]:
        pipeline = is_a(value, "transformers", "Pipeline")
        model = value.model if pipeline else value
        if not is_own(model, "transformers"):
            raise UnsuitableError(f"the class of its model, {type(model).__qualname__}, is not one of transformers")
        value.save_pretrained(folder)
        options = {
            "class": f"{type(value).__module__}:{type(value).__qualname__}",
            "model": f"{type(model).__module__}:{type(model).__qualname__}",
            "training": model.training,
            "attention": getattr(model.config, "_attn_implementation", None),
        }
        if not pipeline:
            return options
        parameters = {name: encode(getattr(value, name, {}), name) for name in _PARAMETERS}
        processors = [name for name in _PROCESSORS if getattr(value, name, None) is not None]
        more = {"task": value.task, "processors": processors, "batch_size": getattr(value, "_batch_size", None)}
        return {**options, **more, **parameters}
