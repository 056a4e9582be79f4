"""PyTorch's files, on the CPU."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, BinaryIO


def load(source: BinaryIO, options: Mapping[str, Any]) -> Any:
    """A module, by the restricted unpickler: it makes tensors, and objects of the listed classes. Memory-mapped."""
    import torch

    path = getattr(source, "name", None)
    allowed = [(_member(name), name) for name in options["classes"]]
    with torch.serialization.safe_globals(allowed):
        return torch.load(path or source, map_location="cpu", mmap=path is not None, weights_only=True)


def load_script(source: BinaryIO, options: Mapping[str, Any]) -> Any:  # noqa: ARG001 - has none
    import torch

    return torch.jit.load(source, map_location="cpu")


def load_exported(source: BinaryIO, options: Mapping[str, Any]) -> Any:  # noqa: ARG001 - has none
    import torch

    return torch.export.load(source)


def _member(name: str) -> Any:
    """The class or function of a dotted name, found below the longest part of it that is a module."""
    parts = name.split(".")
    for length in range(len(parts) - 1, 0, -1):
        try:
            found: Any = import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            found = getattr(found, part)
        return found
    raise ModuleNotFoundError(name)
