"""Keras models: the ``.keras`` archive, and the backend that they run on."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FunctionType
from typing import Any

from .adapter import Needs, is_a, of_notebook
from .archives import rewritten

NOTEBOOK_MODULE = "service.notebook"  # of the project
_SAVED = "1980-01-01@00:00:00"


class Keras:
    """Keras 3 models of any backend."""

    name = "keras"
    automatic = True
    loader = ""

    def claims(self, value: object) -> bool:
        return is_a(value, "keras", "Model") and not is_a(value, "tf_keras", "Model")

    def embeds(self, value: object) -> bool:  # noqa: ARG002 - its pickle is this archive, with the time of its making
        return True

    def needs(self, value: Any) -> Needs:
        import keras

        backend, custom = keras.config.backend(), _custom(value)
        modules = {one.__module__ for one in custom} - {"__main__", NOTEBOOK_MODULE}
        return Needs(
            modules=("keras", backend, *sorted(modules)),
            parts=of_notebook(custom),
            environment={"KERAS_BACKEND": backend},
        )

    def dump(self, value: Any, folder: Path) -> Mapping[str, Any]:
        import keras

        target = folder / "model.keras"
        value.save(target)
        rewritten(target, _the_same_each_time)
        custom = {one.__name__: f"{one.__module__}:{one.__qualname__}" for one in _custom(value)}
        return {"backend": keras.config.backend(), "custom": dict(sorted(custom.items()))}


def _the_same_each_time(name: str, content: bytes) -> bytes:
    """Without the moment of saving, and without the addresses that shared parts had in memory."""
    if name == "metadata.json":
        return json.dumps({**json.loads(content), "date_saved": _SAVED}).encode()
    if name == "config.json":
        numbers: dict[bytes, bytes] = {}
        number = lambda match: match[1] + numbers.setdefault(match[2], str(len(numbers) + 1).encode())  # noqa: E731
        return re.sub(rb'("shared_object_id": )(\d+)', number, content)
    return content


def _custom(model: Any) -> list[type | FunctionType]:
    """The classes and functions that the model's configuration names and Keras does not have."""
    import keras

    named = _named(keras.saving.serialize_keras_object(model), keras)
    own = (one for one in named if isinstance(one, (type, FunctionType)) and not one.__module__.startswith("keras."))
    return list({id(one): one for one in own}.values())


def _named(config: Any, keras: Any) -> Iterator[object]:
    """Layers, losses, metrics, wherever they stand in a configuration. Keras leaves the notebook's module out."""
    if isinstance(config, dict):
        module, name = config.get("module"), config.get("class_name")
        if isinstance(config.get("registered_name"), str):
            yield keras.saving.get_registered_object(config["registered_name"])
        if isinstance(name, str) and module != "builtins":
            yield getattr(sys.modules.get(str(module or "__main__")), name, None)
        if name == "function":
            yield getattr(sys.modules["__main__"], str(config.get("config")), None)
        parts: Any = config.values()
    else:
        parts = config if isinstance(config, (list, tuple)) else ()
    for part in parts:
        yield from _named(part, keras)
