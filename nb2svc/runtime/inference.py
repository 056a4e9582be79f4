"""The Open Inference Protocol (v2) of a model, in JSON: metadata, ready, infer.

Inputs are one tensor of rows (``[N, features]``, or ``[N]`` where a row is one value) or one ``[N]`` or ``[N, 1]``
tensor a feature, named by it. ``outputs`` names the methods to call; by default the first one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Coroutine, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field, NonNegativeInt, ValidationError

from .encoding import JSONAnswer, encode
from .endpoints import endpoint
from .rows import Array, Form, Frame, Matrix, Series, adapter_of

if TYPE_CHECKING:
    from .models import ServedModel

_DATATYPES = {
    "bool": "BOOL",
    **{f"{sign}int{bits}": f"{sign}int{bits}".upper() for sign in ("", "u") for bits in (8, 16, 32, 64)},
    **{f"float{bits}": f"FP{bits}" for bits in (16, 32, 64)},
}
_PYTHON_DATATYPES = ((bool, "BOOL"), (int, "INT64"), (float, "FP64"))


class Tensor(BaseModel):
    """``data`` is flat in row-major order, or nested as ``shape`` says."""

    name: str
    shape: list[NonNegativeInt] = Field(min_length=1)
    datatype: str
    data: list[Any]
    parameters: dict[str, Any] = Field(default_factory=dict)


class RequestedOutput(BaseModel):
    name: str


class InferenceRequest(BaseModel):
    id: str | None = None
    inputs: list[Tensor] = Field(min_length=1)
    outputs: list[RequestedOutput] = Field(default_factory=list)
    parameters: dict[str, Any] = Field(default_factory=dict)


class InferenceRoute(APIRoute):
    """Answers a bad request as the protocol has it: 400 with one ``error``."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except (RequestValidationError, ValidationError) as error:
                return JSONAnswer({"error": _sentence(error.errors())}, status_code=400)

        return answer


def inference_router(served: ServedModel) -> APIRouter:
    """The routes under ``/v2/models/<public>``."""
    row_list = adapter_of(served.form)

    def metadata() -> dict[str, Any]:
        return _metadata(served)

    def ready() -> dict[str, Any]:
        return {"name": served.public, "ready": True}

    def infer(request: InferenceRequest) -> dict[str, Any]:
        rows = row_list.validate_python(_rows(request.inputs, served.form.features))
        methods = [output.name for output in request.outputs] or [served.methods[0]]
        outputs = [
            tensor for method in _known(methods, served) for tensor in _tensors(method, served.call(method, rows))
        ]
        return {"model_name": served.public, **({"id": request.id} if request.id else {}), "outputs": outputs}

    router = APIRouter(prefix=f"/v2/models/{served.public}", route_class=InferenceRoute)
    router.get("", name=f"{served.public}_metadata")(endpoint(metadata))
    router.get("/ready", name=f"{served.public}_ready")(endpoint(ready))
    router.post("/infer", name=f"{served.public}_infer")(
        endpoint(infer, on_loop=served.batched.issuperset(served.methods))
    )
    return router


# --- inputs -------------------------------------------------------------------------------------


def _rows(tensors: list[Tensor], features: tuple[str, ...]) -> list[Any]:
    names = [tensor.name for tensor in tensors]
    if features and set(names) == set(features):
        columns = {tensor.name: _column(tensor) for tensor in tensors}
        if len({len(column) for column in columns.values()}) > 1:
            raise _bad("inputs", "the tensors of the features differ in their first dimension")
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    if len(tensors) > 1:
        expected = f"one tensor of rows, or one a feature ({', '.join(features)})" if features else "one tensor of rows"
        raise _bad("inputs", f"expected {expected}; got {', '.join(names)}")
    rows: list[Any] = _values(tensors[0])
    return rows


def _column(tensor: Tensor) -> list[Any]:
    if len(tensor.shape) > 1 and any(size != 1 for size in tensor.shape[1:]):
        raise _bad(tensor.name, f"the tensor of one feature has the shape [N] or [N, 1], not {tensor.shape}")
    return _flattened(_values(tensor))


def _values(tensor: Tensor) -> Any:
    try:
        return _nested(_flattened(tensor.data), tensor.shape)
    except ValueError as error:
        raise _bad(tensor.name, str(error)) from error


def _known(methods: list[str], served: ServedModel) -> list[str]:
    if unknown := [method for method in methods if method not in served.methods]:
        raise _bad("outputs", f"unknown {', '.join(unknown)}; this model has {', '.join(served.methods)}")
    return methods


def _bad(place: str, message: str) -> RequestValidationError:
    return RequestValidationError([{"type": "value_error", "loc": ("body", place), "msg": message}])


def _sentence(problems: Any) -> str:
    return "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in problems)


def _nested(flat: list[Any], shape: Sequence[int]) -> Any:
    """Row-major values as nested lists of ``shape``. Raises ValueError where their number is another."""
    if len(flat) != math.prod(shape):
        message = f"shape {list(shape)} needs {math.prod(shape)} values, there are {len(flat)}"
        raise ValueError(message)
    if 0 in shape[1:]:
        message = f"the shape {list(shape)} has rows of nothing"
        raise ValueError(message)
    for size in reversed(shape[1:]):
        flat = [flat[start : start + size] for start in range(0, len(flat), size)]
    return flat


def _flattened(values: Any) -> list[Any]:
    if not isinstance(values, list):
        return [values]
    return list(chain.from_iterable(map(_flattened, values)))


# --- outputs ------------------------------------------------------------------------------------


def _tensors(method: str, answer: Any) -> list[dict[str, Any]]:
    """One tensor a method; of a frame one a column, of a list of arrays one an array."""
    if hasattr(answer, "columns") and hasattr(answer, "dtypes"):
        return [_tensor(str(name), answer[name].to_numpy()) for name in answer.columns]
    if isinstance(answer, (list, tuple)) and any(hasattr(each, "shape") and len(each.shape) for each in answer):
        return [_tensor(f"{method}_{position}", each) for position, each in enumerate(answer)]
    return [_tensor(method, answer)]


def _tensor(name: str, answer: Any) -> dict[str, Any]:
    values = encode(answer)
    values = values if isinstance(values, list) else [values]
    flat = _flattened(values)
    return {"name": name, "shape": _shape(values), "datatype": _datatype(answer, flat), "data": flat}


def _shape(values: Any) -> list[int]:
    shape = []
    while isinstance(values, list):
        shape.append(len(values))
        values = values[0] if values else None
    return shape


def _datatype(answer: Any, flat: list[Any]) -> str:
    known = _DATATYPES.get(str(getattr(answer, "dtype", "")))
    if known:
        return known
    matching = (datatype for kind, datatype in _PYTHON_DATATYPES if flat and all(type(each) is kind for each in flat))
    return next(matching, "BYTES")


# --- metadata -----------------------------------------------------------------------------------


def _metadata(served: ServedModel) -> dict[str, Any]:
    form, width = served.form, getattr(served.model, "n_features_in_", None)
    width = len(form.features) or (width if isinstance(width, int) else None)
    inputs = _columns(form) or [
        {"name": "inputs", "datatype": _rows_datatype(form, width), "shape": _rows_shape(form, width)}
    ]
    platform = type(served.model).__module__.partition(".")[0]
    return {"name": served.public, "versions": [], "platform": platform, "inputs": inputs, "outputs": _outputs(served)}


def _columns(form: Form) -> list[dict[str, Any]]:
    """One tensor a feature, where each has a type of its own."""
    if not isinstance(form, Frame) or not any(dtype.name for dtype in form.dtypes.values()):
        return []
    return [
        {"name": name, "datatype": _DATATYPES.get(dtype.name.lower(), "BYTES"), "shape": [-1]}
        for name, dtype in form.dtypes.items()
    ]


def _rows_datatype(form: Form, width: int | None) -> str:
    dtype = form.dtype if isinstance(form, (Array, Matrix)) else form.dtype.name if isinstance(form, Series) else ""
    return _DATATYPES.get(dtype.lower(), "BYTES") if dtype else "FP64" if width else "BYTES"


def _rows_shape(form: Form, width: int | None) -> list[int]:
    if isinstance(form, Array):
        return [-1, *(size or -1 for size in form.shape[1:])]
    return [-1, width] if width else [-1]


def _outputs(served: ServedModel) -> list[dict[str, Any]]:
    classes = getattr(served.model, "classes_", None)
    labels = _DATATYPES.get(str(getattr(classes, "dtype", "float64")), "BYTES")
    return [
        {
            "name": name,
            "datatype": labels if name == "predict" else "FP64",
            "shape": [-1] if name == "predict" else [-1, -1],
        }
        for name in served.methods
    ]
