"""Routes of a served model: its methods by name, and the Open Inference Protocol."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field
from typing_extensions import TypedDict

from .endpoints import endpoint
from .inference import inference_router
from .rows import RowReader


class Outputs(TypedDict):
    outputs: Any


class ServedModel:
    """A model with its methods and how it takes rows. Where concurrent calls will become one."""

    def __init__(self, public: str, model: Any, methods: Sequence[str], rows: RowReader) -> None:
        self.public = public
        self.model = model
        self.methods = tuple(methods)
        self.rows = rows

    def call(self, method: str, rows: Sequence[Any]) -> Any:
        """The method's answer to checked rows, as the model gives it."""
        return getattr(self.model, method)(self.rows.stack(rows))


def model_routes(
    public: str,
    model: Any,
    *,
    methods: Sequence[str],
    features: Sequence[str] = (),
    dtypes: Sequence[str] = (),
    frame: bool = False,
    batch: bool = True,  # noqa: ARG001 - concurrent calls do not coalesce yet
    max_batch: int | None = None,  # noqa: ARG001 - as above
) -> APIRouter:
    """``POST /models/<public>/<method>``: ``{"inputs": [row, …]}`` → ``{"outputs": […]}``; and the same under ``/v2/``.

    ``features``, ``dtypes`` and ``frame`` are those of the example (:class:`.rows.RowReader`). A bad row is answered
    with 422, which names its place and feature.
    """
    width = None if features else getattr(model, "n_features_in_", None)
    rows = RowReader(tuple(features), tuple(dtypes), frame, width if isinstance(width, int) else None)
    served = ServedModel(public, model, methods, rows)
    name = "".join(part.capitalize() for part in public.replace("-", "_").split("_"))
    row: Any = rows.type
    inputs: Any = TypedDict(f"{name}Inputs", {"inputs": Annotated[list[row], Field(min_length=1)]})  # type: ignore[misc]
    router = APIRouter(tags=[public])
    for method in served.methods:
        route = endpoint(_method(served, method, inputs))
        router.post(f"/models/{public}/{method}", response_model=Outputs)(route)
    router.include_router(inference_router(served))
    return router


def _method(served: ServedModel, method: str, inputs: Any) -> Callable[..., Any]:
    def call(body: dict[str, Any]) -> Any:
        return {"outputs": served.call(method, body["inputs"])}

    call.__annotations__ = {"body": inputs}  # unannotated, the answer is written by the plain rule
    call.__name__ = f"{served.public}_{method}"
    call.__doc__ = f"Call `{method}` of the model `{served.public}` with rows, in order."
    return call
