"""Routes of a served model: its methods by name, and the Open Inference Protocol."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.exceptions import RequestValidationError
from pydantic import Field, ValidationError
from typing_extensions import TypedDict

from .arrays import Intake
from .coalescing import Coalesced, call
from .endpoints import endpoint
from .inference import inference_router
from .media import formats_of
from .model_route import described, model_route
from .rows import Form, Stacked, form_of, untyped_form
from .stacking import Inputs, inputs_of
from .tracing import model_span

logger = logging.getLogger(__name__)

#: What models raise for rows that they do not take.
_REFUSALS = (ValueError, TypeError, OverflowError)


class Outputs(TypedDict):
    outputs: Any


class ServedModel:
    """A model with its methods and how it takes rows. Concurrent calls of its ``batched`` methods become one."""

    def __init__(
        self, public: str, model: Any, methods: Sequence[str], form: Form, batched: Sequence[str] = ()
    ) -> None:
        self.public = public
        self.model = model
        self.methods = tuple(methods)
        self.form = form
        self.batched = frozenset(batched)

    def call(self, method: str, rows: Sequence[Any] | Stacked) -> Any:
        """The method's answer to checked rows, as the model gives it.

        Raises RequestValidationError where the rows do not fit together, or the model refuses them.
        """
        try:
            inputs = self._inputs(rows)
            with model_span(f"{self.public}.{method}", inputs.rows):
                return call(self.model, method, inputs)
        except _REFUSALS as error:
            logger.warning("%s.%s refuses rows", self.public, method, exc_info=error)
            message = f"the model refuses these rows: {error}"
            problem = {"type": "value_error", "loc": ("body", "inputs"), "msg": message}
            raise RequestValidationError([problem]) from error

    def _inputs(self, rows: Sequence[Any] | Stacked) -> Inputs:
        """To be stacked with those of others as rows, where that gives what their own stacks do."""
        if isinstance(rows, Stacked):
            return inputs_of(rows.inputs)
        kind = self.form.kind(rows)
        return inputs_of(self._stack([rows])) if kind is None else Inputs(rows, len(rows), kind, self._stack)

    def _stack(self, requests: Sequence[Sequence[Any]]) -> Any:
        try:
            return self.form.stack(list(chain.from_iterable(requests)))
        except ValidationError as error:
            problems = [{**each, "loc": ("body", "inputs", *each["loc"])} for each in error.errors(include_url=False)]
            raise RequestValidationError(problems) from error


class ModelRouter(APIRouter):
    """The routes of a model; ``coalesced`` says how its concurrent calls become one, None that they do not."""

    coalesced: Coalesced | None = None


def model_routes(
    public: str,
    model: Any,
    *,
    methods: Sequence[str],
    inputs: Any = None,
    outputs: Mapping[str, Any] | None = None,
    features: Sequence[str] = (),
    frame: bool = False,
    batch: bool | Sequence[str] = True,
    max_batch: int | None = None,
) -> ModelRouter:
    """``POST /models/<public>/<method>``: ``{"inputs": [row, …]}`` → ``{"outputs": […]}``; and the same under ``/v2/``.

    ``inputs`` is the type of all rows (:mod:`.rows`), ``outputs`` that of each method's answer, which documents it and
    checks nothing. Without ``inputs`` rows are taken as the model's ``features`` and ``frame`` (it was fitted on a
    DataFrame) say. A bad row is answered with 422, which names its place and feature. ``batch`` names the methods whose
    concurrent calls, by these routes and by handlers, become one of at most ``max_batch`` rows; True stands for all.
    """
    width = getattr(model, "n_features_in_", None)
    form = untyped_form(features, frame=frame, width=width if isinstance(width, int) else None)
    batched = tuple(methods) if batch is True else tuple(batch or ())
    served = ServedModel(public, model, methods, form if inputs is None else form_of(inputs), batched)
    name = "".join(part.capitalize() for part in public.replace("-", "_").split("_"))
    rows: Any = Annotated[list[served.form.row], Field(min_length=1)]  # type: ignore[name-defined]
    request: Any = TypedDict(f"{name}Request", {"inputs": rows})  # type: ignore[misc]
    intake = Intake(served.form)
    formats = formats_of(intake)
    router = ModelRouter(tags=[public])
    if batched:
        router.coalesced = Coalesced(public, model, batched, max_batch)
    for method in served.methods:
        router.add_api_route(
            f"/models/{public}/{method}",
            endpoint(_method(served, method, request), on_loop=method in batched),
            methods=["POST"],
            response_model=(outputs or {}).get(method, Outputs),
            route_class_override=model_route(served, method, formats, request),
            **described(formats),
        )
    router.include_router(inference_router(served, intake))
    return router


def _method(served: ServedModel, method: str, request: Any) -> Callable[..., Any]:
    def call(body: dict[str, Any]) -> Any:
        return {"outputs": served.call(method, body["inputs"])}

    call.__annotations__ = {"body": request}  # unannotated, the answer is written by the plain rule
    call.__name__ = f"{served.public}_{method}"
    call.__doc__ = f"Call `{method}` of the model `{served.public}` with rows, in order."
    return call
