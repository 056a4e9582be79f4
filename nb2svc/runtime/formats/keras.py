"""Keras archives, on the backend that they were made with."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from .plain import class_named


def load(source: BinaryIO, options: Mapping[str, Any]) -> Any:
    """Safe mode stays on: an archive holds no code. Raises RuntimeError where Keras runs on another backend."""
    import keras

    if keras.config.backend() != options["backend"]:
        message = f"Keras runs on {keras.config.backend()}, the model was made on {options['backend']}"
        raise RuntimeError(f"{message}: set KERAS_BACKEND={options['backend']}")
    name = getattr(source, "name", None)
    custom = {one: class_named(place) for one, place in options["custom"].items()}
    if name is not None:
        return keras.saving.load_model(name, custom)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.keras")
        path.write_bytes(source.read())
        return keras.saving.load_model(path, custom)
