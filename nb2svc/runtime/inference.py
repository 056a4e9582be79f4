"""The Open Inference Protocol (v2) of a model over HTTP: metadata, ready, infer.

Inputs are one tensor of rows (``[N, features]``, or ``[N]`` where a row is one value) or one ``[N]`` or ``[N, 1]``
tensor a feature, named by it. ``outputs`` names the methods to call; by default the first one. With the header
``Inference-Header-Content-Length``, which gives the length of the JSON, the values of tensors may follow it as bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import AfterValidator, BaseModel, Field, NonNegativeInt, ValidationError
from starlette.types import Message

from .arrays import Intake
from .encoding import JSONAnswer, to_json
from .endpoints import endpoint
from .media import JSON, is_json, media_type_of
from .model_route import whole_body
from .tensor_metadata import VERSION, metadata
from .tensors import KNOWN, flattened, from_bytes, from_json, outputs_of, written

if TYPE_CHECKING:
    from .models import ServedModel

_HEADER = "Inference-Header-Content-Length"
_BINARY = "nb2svc.tensors"  # in the scope of a request: the bytes behind its JSON


def _known_datatype(name: str) -> str:
    if name not in KNOWN:
        message = f"{name!r} is none of {', '.join(KNOWN)}"
        raise ValueError(message)
    return name


class TensorParameters(BaseModel):
    binary_data_size: NonNegativeInt | None = None


class Tensor(BaseModel):
    """``data`` is flat in row-major order, or nested as ``shape`` says."""

    name: str
    shape: list[NonNegativeInt] = Field(min_length=1, max_length=32)
    datatype: Annotated[str, AfterValidator(_known_datatype)]
    data: list[Any] | None = None
    parameters: TensorParameters = TensorParameters()


class OutputParameters(BaseModel):
    binary_data: bool | None = None
    classification: int = 0


class RequestedOutput(BaseModel):
    name: str
    parameters: OutputParameters = OutputParameters()


class RequestParameters(BaseModel):
    binary_data_output: bool = False


class InferenceRequest(BaseModel):
    id: str | None = None
    inputs: list[Tensor] = Field(min_length=1)
    outputs: list[RequestedOutput] = Field(default_factory=list)
    parameters: RequestParameters = RequestParameters()


class InferenceRoute(APIRoute):
    """Takes tensors as bytes, and answers a bad request as the protocol has it: 400 with one ``error``."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(await _as_json(request))
            except (RequestValidationError, ValidationError) as error:
                return JSONAnswer({"error": _sentence(error.errors())}, status_code=400)

        return answer


def inference_router(served: ServedModel, intake: Intake) -> APIRouter:
    """The routes under ``/v2/models/<public>``, and the same with the version."""

    def describe() -> dict[str, Any]:
        return metadata(served)

    async def ready(request: Request) -> Response:
        is_ready = request.app.state.lifecycle.phase != "draining"  # it is loaded, or there were no such route
        return JSONAnswer({"name": served.public, "ready": is_ready}, 200 if is_ready else 503)

    def infer(request: InferenceRequest, raw: Request) -> Any:
        rows = _rows(request.inputs, raw.scope.get(_BINARY, memoryview(b"")), intake)
        requested = request.outputs or [RequestedOutput(name=served.methods[0])]
        _check_outputs(requested, served)
        tensors = [
            written(name, values, binary=_is_binary(output, request.parameters))
            for output in requested
            for name, values in outputs_of(output.name, served.call(output.name, rows))
        ]
        return _answer(served.public, request.id, tensors)

    router = APIRouter(route_class=InferenceRoute)
    on_loop = served.batched.issuperset(served.methods)
    for prefix, documented in ((f"/v2/models/{served.public}", True), (_versioned(served.public), False)):
        named = served.public if documented else f"{served.public}_{VERSION}"
        router.get(prefix, name=f"{named}_metadata", include_in_schema=documented)(endpoint(describe))
        router.get(f"{prefix}/ready", name=f"{named}_ready", include_in_schema=documented)(ready)
        answer = endpoint(infer, on_loop=on_loop)
        router.post(f"{prefix}/infer", name=f"{named}_infer", include_in_schema=documented)(answer)
    return router


def _versioned(public: str) -> str:
    return f"/v2/models/{public}/versions/{VERSION}"


def _is_binary(output: RequestedOutput, of_all: RequestParameters) -> bool:
    own = output.parameters.binary_data
    return of_all.binary_data_output if own is None else own


def _answer(public: str, identifier: str | None, tensors: Sequence[tuple[dict[str, Any], bytes]]) -> Any:
    content = {
        "model_name": public,
        "model_version": VERSION,
        **({"id": identifier} if identifier else {}),
        "outputs": [description for description, _ in tensors],
    }
    if not any("data" not in description for description, _ in tensors):
        return content
    described = to_json(content)
    body = b"".join((described, *(data for _, data in tensors)))
    return Response(body, headers={_HEADER: str(len(described))}, media_type="application/octet-stream")


# --- inputs -------------------------------------------------------------------------------------


async def _as_json(request: Request) -> Request:
    """The request with its JSON as its whole body, whatever type the client gave it; the rest stands in its scope."""
    length = request.headers.get(_HEADER)
    media_type, _ = media_type_of(request.headers.get("content-type", ""))
    if request.method != "POST" or (length is None and is_json(media_type)):
        return request
    body = memoryview(await whole_body(request))
    size = len(body) if length is None else _size(length, len(body))
    headers = [(name, value) for name, value in request.scope["headers"] if name != b"content-type"]
    scope = {
        **request.scope,
        "headers": [*headers, (b"content-type", JSON.encode())],
        _BINARY: body[size:],
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": bytes(body[:size]), "more_body": False}

    return Request(scope, receive)


def _size(text: str, limit: int) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > len(str(limit)) or int(text) > limit:
        raise _bad(_HEADER, f"{text!r} is no length of JSON within a body of {limit} bytes")
    return int(text)


def _rows(tensors: list[Tensor], data: memoryview, intake: Intake) -> Any:
    """Checked rows, or what the form makes of them."""
    values = list(_all_values(tensors, data))
    names, features = [tensor.name for tensor in tensors], intake.form.features
    if features and sorted(names) == sorted(features):
        return intake.columns(dict(zip(names, map(_column, tensors, values), strict=True)))
    if len(tensors) > 1:
        expected = f"one tensor of rows, or one a feature ({', '.join(features)})" if features else "one tensor of rows"
        raise _bad("inputs", f"expected {expected}; got {', '.join(names)}")
    return intake.rows(values[0]) if isinstance(values[0], list) else intake.array(values[0])


def _all_values(tensors: list[Tensor], data: memoryview) -> Any:
    """Of each tensor an array where it came as bytes, else nested lists."""
    start = 0
    for tensor in tensors:
        size = tensor.parameters.binary_data_size
        try:
            if size is None:
                yield from_json(tensor.data or [], tensor.shape)
                continue
            _check_size(tensor, size, len(data) - start)
            yield from_bytes(data[start : start + size], tensor.datatype, tensor.shape)
        except ValueError as error:
            raise _bad(tensor.name, str(error)) from error
        start += size
    if start != len(data):
        raise _bad("inputs", f"{len(data) - start} bytes are left behind the last tensor")


def _check_size(tensor: Tensor, size: int, left: int) -> None:
    if tensor.data is not None:
        message = "it has both data and binary_data_size"
        raise ValueError(message)
    if size > left:
        message = f"{size} bytes are announced, {left} follow"
        raise ValueError(message)


def _column(tensor: Tensor, values: Any) -> Any:
    if len(tensor.shape) > 1 and any(size != 1 for size in tensor.shape[1:]):
        raise _bad(tensor.name, f"the tensor of one feature has the shape [N] or [N, 1], not {tensor.shape}")
    return flattened(values) if isinstance(values, list) else values.reshape(-1)


def _check_outputs(outputs: Sequence[RequestedOutput], served: ServedModel) -> None:
    if unknown := [output.name for output in outputs if output.name not in served.methods]:
        raise _bad("outputs", f"unknown {', '.join(unknown)}; this model has {', '.join(served.methods)}")
    if any(output.parameters.classification for output in outputs):
        raise _bad("outputs", "classification is not offered: ask for predict_proba")


def _bad(place: str, message: str) -> RequestValidationError:
    return RequestValidationError([{"type": "value_error", "loc": ("body", place), "msg": message}])


def _sentence(problems: Any) -> str:
    return "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in problems)
