"""How each format of model files is read. A framework is imported when the first file of its own is loaded."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

#: What is called with the open file or the folder's path, and the options that the manifest holds.
Loader = Callable[[BinaryIO | Path, Mapping[str, Any]], Any]

_OWN = {
    "catboost": "boosting:load_catboost",
    "keras": "keras:load",
    "lightgbm": "boosting:load_lightgbm",
    "onnx": "onnx:load_model",
    "onnxruntime": "onnx:load_session",
    "skops": "skops:load",
    "spacy": "spacy:load",
    "statsmodels": "statsmodels:load",
    "torch": "torch:load",
    "torch_export": "torch:load_exported",
    "torchscript": "torch:load_script",
    "transformers": "transformers:load",
    "xgboost": "boosting:load_xgboost",
}
OWN_FORMATS = frozenset(_OWN)


def loader_of(format_: str, loader: str = "") -> Loader:
    """What reads a format: ``package.module:function`` where another distribution does. Raises LookupError."""
    if loader:
        module, _, function = loader.partition(":")
        found: Loader = getattr(import_module(module), function)
        return found
    module, _, function = _OWN[format_].partition(":")
    own: Loader = getattr(import_module(f".{module}", __name__), function)
    return own


def load_embedded(format_: str, loader: str, options: Mapping[str, Any], files: Mapping[str, bytes]) -> Any:
    """Read an object that lies inside a pickle; ``files`` as it would have been in a folder of its own."""
    load = loader_of(format_, loader)
    if len(files) == 1:
        return load(BytesIO(*files.values()), options)
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return load(Path(folder), options)
