"""All schemas of a service: what its requests hold, as learned, and what its answers look like, as answered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from inspect import Signature
from typing import Any

from ..errors import CaptureError
from ..values import Example
from .inputs import learn
from .registry import MarkedEndpoint, MarkedModel, Registry
from .rowwise import reasons_against
from .schema import answer_schema, outputs_schema
from .schema_module import Schema, doubled_names, module_source


def relearned(registry: Registry) -> Registry:
    """With what the models take now: one may have been fitted again since its cell ran."""
    return replace(
        registry,
        marks=tuple(
            replace(
                mark,
                inputs=learn(mark.value, mark.example, mark.public, mark.methods, mark.where),
                alone=reasons_against(mark.value, mark.methods, mark.example) if mark.options.batch else (),
            )
            if isinstance(mark, MarkedModel)
            else mark
            for mark in registry
        ),
    )


def request_schemas(registry: Registry) -> list[Schema]:
    found = [one.inputs.schema for one in registry.models]
    found += [schema for one in registry.endpoints for schema in (one.body, one.parameters)]
    return [schema for schema in found if schema is not None]


@dataclass(frozen=True)
class AnswerSchemas:
    """What answers look like that no annotation describes: of endpoints by name, of models by name and method."""

    endpoints: dict[str, Schema]
    models: dict[tuple[str, str], Schema]

    def outputs_of(self, mark: MarkedModel) -> tuple[tuple[str, str], ...]:
        """(method, schema's name) of each method that has one."""
        return tuple(
            (method, self.models[mark.public, method].name)
            for method in mark.methods
            if (mark.public, method) in self.models
        )


def answer_schemas(registry: Registry, examples: Sequence[Example]) -> AnswerSchemas:
    endpoints = {}
    for mark in registry.endpoints:
        answers = [one.response["json"] for one in _of(mark.public, mark.where, examples) if "json" in one.response]
        if answers and not _describes_its_answer(mark):
            endpoints[mark.public] = answer_schema(mark.public, answers)
    models = {}
    for model in registry.models:
        for method in model.methods:
            path = f"/models/{model.public}/{method}"
            answers = [one.response["json"]["outputs"] for one in examples if one.request["path"] == path]
            if answers:
                models[model.public, method] = outputs_schema(model.public, method, answers, model.value)
    return AnswerSchemas(endpoints, models)


def _of(public: str, where: Any, examples: Iterable[Example]) -> Iterable[Example]:
    return (one for one in examples if one.endpoint == public and one.where == where)


def _describes_its_answer(mark: MarkedEndpoint) -> bool:
    from ..runtime.signatures import answer_type, resolved

    return answer_type(mark.function, resolved(mark.function).return_annotation) is not Signature.empty


def service_schemas(registry: Registry, answers: AnswerSchemas) -> str:
    """``service/schemas.py``. Raises ``CaptureError`` where two schemas would have one name."""
    schemas = [*request_schemas(registry), *answers.endpoints.values(), *answers.models.values()]
    if doubled := sorted(doubled_names(schemas)):
        raise CaptureError(
            f"two endpoints or models would both have a schema named {doubled[0]}",
            hint="give one of them another --name",
        )
    return module_source(schemas)
