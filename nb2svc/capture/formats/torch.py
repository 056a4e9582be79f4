"""PyTorch: modules for its restricted unpickler, TorchScript and exported programs in their archives."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from .adapter import Needs, UnsuitableError, is_a
from .archives import rewritten

_CONSTANTS = re.compile(rb"(?:^  \w+ : Final\[.*\n)+", re.MULTILINE)


class Torch:
    """``nn.Module`` in PyTorch's own file, read with ``weights_only=True``: tensors, and the listed classes only."""

    name = "torch"
    automatic = True
    loader = ""

    def claims(self, value: object) -> bool:
        return is_a(value, "torch", "Module") and not is_a(value, "torch", "ScriptModule")

    def embeds(self, value: object) -> bool:  # noqa: ARG002 - inside other objects it shares parts with them
        return False

    def needs(self, value: Any) -> Needs:
        return Needs(modules=("torch",), notes=(*_moved(value), *_training(value)))

    def dump(self, value: Any, folder: Path) -> Mapping[str, Any]:
        import torch

        target = folder / "model.pt"
        torch.save(value, target)
        try:
            names = torch.serialization.get_unsafe_globals_in_checkpoint(target)
        except AttributeError as error:  # before PyTorch 2.6
            raise UnsuitableError("this version of PyTorch cannot list the classes of a file") from error
        return {"classes": sorted({*names, *_dtypes(names)})}


class TorchScript:
    """``torch.jit`` modules, without the paths of the files that they were compiled from."""

    name = "torchscript"
    automatic = True
    loader = ""

    def claims(self, value: object) -> bool:
        return is_a(value, "torch", "ScriptModule")

    def embeds(self, value: object) -> bool:  # noqa: ARG002 - pickle cannot hold them
        return True

    def needs(self, value: Any) -> Needs:
        return Needs(modules=("torch",), notes=_moved(value))

    def dump(self, value: Any, folder: Path) -> Mapping[str, Any]:
        import torch

        target = folder / "model.pt"
        torch.jit.save(value, str(target))
        rewritten(target, _compiled)
        return {}


class TorchExport:
    """``torch.export.ExportedProgram``, without the stack traces of where it was exported."""

    name = "torch_export"
    automatic = True
    loader = ""

    def claims(self, value: object) -> bool:
        return is_a(value, "torch", "ExportedProgram")

    def embeds(self, value: object) -> bool:  # noqa: ARG002 - pickle cannot hold them
        return True

    def needs(self, value: Any) -> Needs:  # noqa: ARG002 - the same for all of them
        return Needs(modules=("torch",))

    def dump(self, value: Any, folder: Path) -> Mapping[str, Any]:
        # Unlike a module, a program names the devices that it computes on.
        if devices := _devices([*value.state_dict.values(), *value.constants.values()]):
            raise UnsuitableError(f"it was exported for {devices}, which a service does not have; export it on the CPU")
        import torch

        target = folder / "model.pt2"
        torch.export.save(value, str(target))
        rewritten(target, lambda name, data: _without_traces(data) if name.endswith("/models/model.json") else data)
        return {}


def _dtypes(names: Iterable[str]) -> tuple[str, ...]:
    """The types of NumPy arrays have classes of their own, which the list of a file leaves out."""
    kinds = ("Bool", "Float16", "Float32", "Float64", "Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32")
    has_arrays = any(name.startswith("numpy.") for name in names)
    return tuple(f"numpy.dtypes.{kind}DType" for kind in kinds) if has_arrays else ()


def _compiled(name: str, content: bytes) -> bytes | None:
    """A file of a TorchScript archive without what differs from kernel to kernel; None to leave it out.

    Constants of a module stand in the order of a set, debug files hold the paths of the notebook's cells, and the
    archive's number is made of all the others.
    """
    if name.endswith((".debug_pkl", "/serialization_id")):
        return None
    if not name.endswith(".py"):
        return content
    return _CONSTANTS.sub(lambda lines: b"".join(sorted(lines[0].splitlines(True))), content)


def _without_traces(document: bytes) -> bytes:
    """They hold the paths of the notebook's cells, which are others in each kernel, and the name of its module."""
    document = re.sub(rb'"stack_trace": "(?:[^"\\]|\\.)*"', b'"stack_trace": ""', document)
    return document.replace(b"__main__.", b"service.notebook.")


def _moved(module: Any) -> tuple[str, ...]:
    devices = _devices(chain(module.parameters(), module.buffers()))
    return (f"its tensors are on {devices} here, and on the CPU in the service",) if devices else ()


def _devices(values: Iterable[Any]) -> str:
    """Where the tensors among the values are, but for what every machine has; "" for nowhere else."""
    devices = {str(one.device) for one in values if hasattr(one, "device")}
    return ", ".join(sorted(devices - {"cpu", "meta"}))


def _training(module: Any) -> tuple[str, ...]:
    return ("it is in training mode, and stays so in the service: call eval() on it first",) if module.training else ()
