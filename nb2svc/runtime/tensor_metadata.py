"""What the Open Inference Protocol (v2) tells of a model: its tensors, their datatypes and shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .rows import Array, Form, Frame, Matrix, Series
from .tensors import DATATYPES

if TYPE_CHECKING:
    from .models import ServedModel

#: A service has one version of each model; clients that ask for one by number ask for this.
VERSION = "1"


def metadata(served: ServedModel) -> dict[str, Any]:
    form, width = served.form, getattr(served.model, "n_features_in_", None)
    width = len(form.features) or (width if isinstance(width, int) else None)
    inputs = _columns(form) or [
        {"name": "inputs", "datatype": _rows_datatype(form, width), "shape": _rows_shape(form, width)}
    ]
    platform = type(served.model).__module__.partition(".")[0]
    return {
        "name": served.public,
        "versions": [VERSION],
        "platform": platform,
        "inputs": inputs,
        "outputs": _outputs(served),
    }


def _columns(form: Form) -> list[dict[str, Any]]:
    """One tensor a feature, where each has a type of its own."""
    if not isinstance(form, Frame) or not any(dtype.name for dtype in form.dtypes.values()):
        return []
    return [
        {"name": name, "datatype": DATATYPES.get(dtype.name.lower(), "BYTES"), "shape": [-1]}
        for name, dtype in form.dtypes.items()
    ]


def _rows_datatype(form: Form, width: int | None) -> str:
    dtype = form.dtype if isinstance(form, (Array, Matrix)) else form.dtype.name if isinstance(form, Series) else ""
    return DATATYPES.get(dtype.lower(), "BYTES") if dtype else "FP64" if width else "BYTES"


def _rows_shape(form: Form, width: int | None) -> list[int]:
    if isinstance(form, Array):
        return [-1, *(size or -1 for size in form.shape[1:])]
    return [-1, width] if width else [-1]


def _outputs(served: ServedModel) -> list[dict[str, Any]]:
    classes = getattr(served.model, "classes_", None)
    labels = DATATYPES.get(str(getattr(classes, "dtype", "float64")), "BYTES")
    return [
        {
            "name": name,
            "datatype": labels if name == "predict" else "FP64",
            "shape": [-1] if name == "predict" else [-1, -1],
        }
        for name in served.methods
    ]
