"""Which format each model and object of a service is written in; what will not do is written as a pickle, and said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import CaptureError, UsageError
from ..values import Artifact, Problem, Where
from . import formats
from .artifacts import dump_model
from .formats import Adapter, UnsuitableError
from .formats.writing import dump
from .json_form import json_form, same

if TYPE_CHECKING:
    from .found import Found
    from .registry import MarkedModel

_INSTEAD = "another format: --format joblib or pickle"


def chosen(value: object, format_: str, where: Where) -> Adapter | None:
    """The adapter that writes a served model; None where joblib or pickle does. Raises ``UsageError``."""
    if format_ in formats.PICKLES:
        return None
    automatic = formats.adapter_of(value)
    if format_ == "auto" or (format_ == "native" and automatic is not None):
        return automatic
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    adapter = formats.named(format_)
    if adapter is None:
        raise UsageError(f"a {kind} has no format of its own that nb2svc knows", hint=_INSTEAD, where=where)
    if not adapter.claims(value):
        usual = f"leave --format out: {automatic.name}" if automatic is not None else _INSTEAD
        raise UsageError(f"--format {format_} cannot hold a {kind}", hint=usual, where=where)
    return adapter


def model_artifact(model: MarkedModel, found: Found, staging: Path) -> Artifact:
    """The file of a served model. Raises ``CaptureError`` where a format that was asked for will not do."""
    references = found.model_references[model.public]
    adapter, why = chosen(model.value, model.options.format, model.where), f"the model served as {model.public}"
    if adapter is not None:
        try:
            return dump(
                model.value,
                adapter,
                staging=staging,
                name=model.public,
                references=references,
                why=why,
                difference=lambda loaded: _difference(model, loaded),
            )
        except UnsuitableError as error:
            found.warnings += _fallen_back(model, adapter, error)
    format_ = model.options.format if adapter is None else "auto"
    return dump_model(model.value, staging=staging, name=model.public, format_=format_, references=references, why=why)


def object_artifact(names: tuple[str, ...], found: Found, stem: str, staging: Path) -> Artifact | None:
    """The file of an object that has a format of its own and shares no parts with others; None for all the rest."""
    name, *others = names
    value = found.objects[name]
    shares = others or found.object_references[name].models  # no format of a framework can refer to a served model
    adapter = None if shares else formats.adapter_of(value)
    if adapter is None:
        return None
    references, why = found.object_references[name], f"{name} of the notebook"
    try:
        return dump(value, adapter, staging=staging, name=stem, references=references, why=why)
    except UnsuitableError as error:
        where = found.nodes[name].definition.where
        if adapter.embeds(value):
            raise _refusal(name, adapter, error, where) from error
        found.warnings.append(_pickled(name, adapter, error, where))
        return None


def _fallen_back(model: MarkedModel, adapter: Adapter, error: UnsuitableError) -> Iterator[Problem]:
    if model.options.format != "auto" or adapter.embeds(model.value):
        raise _refusal(model.options.variable, adapter, error, model.where) from error
    yield _pickled(model.options.variable, adapter, error, model.where)


def _refusal(name: str, adapter: Adapter, error: UnsuitableError, where: Where) -> CaptureError:
    pickles = _INSTEAD if not adapter.automatic else f"make {name} when the service starts, in a %%startup cell"
    return CaptureError(f"{name} cannot be written in the format {adapter.name}: {error}", hint=pickles, where=where)


def _pickled(name: str, adapter: Adapter, error: UnsuitableError, where: Where) -> Problem:
    message = f"{name} is written as a pickle, not in the format {adapter.name}: {error}"
    return Problem(message=message, where=where)


def _difference(model: MarkedModel, loaded: Any) -> str:
    """How the answers of a model that was read back differ from those of the live one, on its example."""
    adapter = formats.adapter_of(model.value)
    if type(loaded) is not type(model.value) and not (adapter and adapter.embeds(loaded)):
        return f"it comes back as a {type(loaded).__module__}.{type(loaded).__qualname__}"
    for method in model.methods if model.example is not None else ():
        live, read = (json_form(getattr(one, method)(model.example)) for one in (model.value, loaded))
        if not same(read, live):
            return f"read back, its {method} gives another answer to the example"
    return ""


def notes(models: Iterable[MarkedModel], found: Found) -> list[Problem]:
    """What the adapters of models and objects have to say about them."""
    told = [(one.options.variable, one.value, one.where) for one in models]
    told += [(name, value, found.nodes[name].definition.where) for name, value in found.objects.items()]
    return [
        Problem(message=f"{name}: {note}", where=where)
        for name, value, where in told
        if (adapter := formats.adapter_of(value)) is not None
        for note in adapter.needs(value).notes
    ]
