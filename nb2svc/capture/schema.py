"""Requests and answers of handlers that do not say what they are, learned from examples.

The schemas are source text (``service/schemas.py``): the kernel executes the very text that the project ships. A
request passes when its JSON types are those of an example, and the handler gets what the example held: ``1`` an int,
``1.0`` a float, an ISO 8601 text the date that it was. An example that would come back otherwise is refused.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .annotations import AnswerWriter, UnknownTypeError, Writer, titled
from .examples import query_text
from .json_form import json_form
from .likeness import difference, python_scalar
from .schema_module import Schema, execute, module_source

_WITH_BODY = {"POST", "PUT", "PATCH"}
_IN_PATH = re.compile(r"{(\w+)(?::\w+)?}")
_INJECTED = {"Request", "Response", "HTTPConnection", "BackgroundTasks", "WebSocket", "SecurityScopes"}
_MOST_CLASSES = 100  # more are data rather than a choice
_ANSWER_DOC = "As the notebook answered its examples; no answer is checked by it."
_AS_JSON = "annotate the parameter with its type, or give the example as it comes from JSON"
_PLAIN = (bool, int, float, str)

#: Annotations that FastAPI reads from the text of a path or query.
_TEXTS = {
    *("str", "Date", "Datetime", "ZonedDatetime", "Time"),
    *("UUID", "Decimal", "Path", "Timestamp", "ZonedTimestamp"),
}


class NotLearnedError(Exception):
    """The examples do not say what the parameters are; ``hint`` is the next step."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True)
class Body(Schema):
    """An inferred request body; ``spread``: its keys are the parameters."""

    spread: bool = False


@dataclass(frozen=True)
class Learned:
    """What the examples say of a handler's unannotated parameters: those of the body, and those of path and query."""

    body: Body | None = None
    parameters: Schema | None = None


def class_name(public: str, part: str) -> str:
    """The name of a schema: ``PredictBody``."""
    name = titled(public) + part
    return name if name[0].isalpha() else f"_{name}"


def learn(handler: Callable[..., Any], public: str, method: str, path: str, examples: Sequence[Any]) -> Learned:
    """What the unannotated parameters of a handler take. Raises ``NotLearnedError``."""
    bare = _bare(handler)
    if not bare:
        return Learned()
    if not examples:
        names = ", ".join(bare)
        message = f"nothing says what {names} {'is' if len(bare) == 1 else 'are'}: no annotation and no example"
        raise NotLearnedError(message, f'annotate {names}, or add --example {{"{next(iter(bare))}": value}}')
    in_path = set(_IN_PATH.findall(path))
    if method not in _WITH_BODY or _annotates(handler, in_path):
        return Learned(parameters=_parameters(public, bare, examples, in_path, has_body=method in _WITH_BODY))
    addressed = {name: parameter for name, parameter in bare.items() if name in in_path}
    rest = {name: parameter for name, parameter in bare.items() if name not in in_path}
    bodies = [_without(one, in_path) for one in examples]
    return Learned(
        body=infer_body(rest, public, bodies, f"The body of {method} {path}.") if rest else None,
        parameters=_parameters(public, addressed, examples, in_path, has_body=True) if addressed else None,
    )


def infer_body(
    parameters: Mapping[str, inspect.Parameter], public: str, examples: Sequence[Any], doc: str = ""
) -> Body:
    """The body of these unannotated parameters. Raises ``NotLearnedError`` where the examples do not fit them.

    Keys that match parameter names become those parameters; else the one parameter takes the whole body.
    """
    needed = {name for name, parameter in parameters.items() if parameter.default is parameter.empty}
    spread = all(isinstance(one, dict) and needed <= set(one) <= set(parameters) for one in examples)
    if not spread and len(needed) > 1:
        keys = sorted({str(key) for one in examples if isinstance(one, dict) for key in one})
        names = ", ".join(parameters)
        raise NotLearnedError(
            f"the example's keys ({', '.join(keys) or 'none'}) are not the handler's parameters ({names})",
            "name the parameters in the example, or let the handler take one parameter: the whole body",
        )
    name, writer = class_name(public, "Body"), Writer()
    try:
        if spread:
            shown = [_with_defaults(parameters, one) for one in examples]
            writer.record(name, shown, doc, optional=set(parameters) - needed)
        else:
            writer.bind(name, writer.annotation(name, examples))
    except UnknownTypeError as error:
        raise _not_in_json(error) from None
    body = Body(name, writer.source, frozenset(writer.modules), spread=spread)
    check = _adapter(body)
    for example in examples:
        _must_return(example, _received(check, json_form(example)))
    return body


def answer_schema(public: str, answers: Sequence[Any]) -> Schema:
    """What a handler's JSON answers look like. It documents them and checks nothing."""
    name, writer = class_name(public, "Answer"), AnswerWriter()
    if all(isinstance(one, dict) and one for one in answers):
        writer.record(name, answers, _ANSWER_DOC)
    else:
        writer.bind(name, writer.annotation(f"{name}Item", answers))
    return Schema(name, writer.source)


def outputs_schema(public: str, method: str, answers: Sequence[Any], model: Any) -> Schema:
    """What a model's JSON answers look like; a classifier predicts one of its classes."""
    name, writer = class_name(public, titled(method) + "Outputs"), AnswerWriter()
    classes: Any = getattr(model, "classes_", None)
    classes = classes.tolist() if hasattr(classes, "tolist") else []
    is_choice = method == "predict" and 0 < len(classes) <= _MOST_CLASSES and all(type(one) is str for one in classes)
    if is_choice and all(isinstance(one, list) and set(map(str, one)) <= set(classes) for one in answers):
        annotation = f"list[Literal[{', '.join(map(repr, classes))}]]"
    else:
        annotation = writer.annotation(name, answers)
    return Schema(writer.typed_dict(name, {"outputs": annotation}, _ANSWER_DOC), writer.source)


def _with_defaults(parameters: Mapping[str, inspect.Parameter], example: Mapping[str, Any]) -> dict[str, Any]:
    """The example, and what a parameter that it leaves out is by default, where that is a plain value."""
    defaults = {name: one.default for name, one in parameters.items() if type(one.default) in _PLAIN}
    whole = {**defaults, **example}
    return {name: whole[name] for name in parameters if name in whole}


def _parameters(
    public: str,
    parameters: Mapping[str, inspect.Parameter],
    examples: Sequence[Any],
    in_path: Collection[str],
    *,
    has_body: bool,
) -> Schema:
    """Types of parameters one by one, as a person would annotate them.

    As with annotations, FastAPI reads plain values from the path or the query, and the rest from keys of the body.
    """
    name, writer = class_name(public, "Parameters"), Writer(decorator="")
    seen = {key: _values(key, parameter, examples) for key, parameter in parameters.items()}
    fields, sent = {}, {}
    for key, values in seen.items():
        try:
            annotation = writer.annotation(name + titled(key), values)
        except UnknownTypeError as error:
            raise _not_in_json(error) from None
        fields[key] = _from_text(annotation, values, several=not has_body and key not in in_path)
        sent[key] = [query_text(json_form(value)) for value in values]
        if not fields[key] and has_body and key not in in_path:
            fields[key] = f"Annotated[{annotation}, Body(embed=True)]"
            sent[key] = [json_form(value) for value in values]
        if not fields[key]:
            raise NotLearnedError(f"{key} cannot be read from the text of a path or query", f"annotate {key}")
    schema = Schema(writer.typed_dict(name, fields), writer.source, frozenset(writer.modules))
    check = _adapter(schema)
    for key, values in seen.items():
        for value, text in zip(values, sent[key], strict=True):
            others = {name: texts[0] for name, texts in sent.items()}
            _must_return({key: value}, {key: _received(check, {**others, key: text})[key]})
    return schema


def _values(key: str, parameter: inspect.Parameter, examples: Sequence[Any]) -> list[Any]:
    """What the examples give for a parameter, None being what they leave out; else what it is by default."""
    values = [one[key] for one in examples if isinstance(one, dict) and one.get(key) is not None]
    if not values and type(parameter.default) in _PLAIN:
        values = [parameter.default]
    if not values:
        raise NotLearnedError(f"no example gives a value for {key}", f'annotate {key}, or add it: {{"{key}": value}}')
    return values


def _from_text(annotation: str, values: Sequence[Any], *, several: bool) -> str:
    """The annotation by which the text of a path or query becomes such values; "" for what is no plain value.

    A query may give ``several`` values of one name.
    """
    if annotation == "StrictBool":
        return "bool"
    if annotation == "Number":
        whole = [isinstance(python_scalar(value), int) for value in values]
        return "int" if all(whole) else "int | float" if any(whole) else "float"
    if several and (matched := re.fullmatch(r"list\[(\w+)\]", annotation)):
        item = _from_text(matched[1], [each for value in values for each in value], several=False)
        return f"Annotated[list[{item}], Query()]" if item else ""
    return annotation if annotation in _TEXTS else ""


def _adapter(schema: Schema) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(execute(module_source([schema]))[schema.name])


def _received(check: Any, sent: Any) -> Any:
    try:
        return check.validate_python(sent)
    except ValueError as error:
        first = error.errors()[0]  # type: ignore[attr-defined]
        place = ".".join(map(str, first["loc"]))
        raise NotLearnedError(f"the example does not pass as a request: {place}: {first['msg']}", _AS_JSON) from None


def _must_return(value: Any, got: Any) -> None:
    """What the handler had in the notebook, it must have in the service."""
    if found := difference(value, got):
        raise NotLearnedError(
            f"the example does not come back from a request as it is: {found}",
            _AS_JSON,
        )


def _not_in_json(error: UnknownTypeError) -> NotLearnedError:
    return NotLearnedError(f"the example holds {error}", _AS_JSON)


def _without(example: Any, names: Collection[str]) -> Any:
    if not isinstance(example, dict):
        return example
    return {key: value for key, value in example.items() if key not in names}


def _bare(handler: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """The parameters that neither an annotation nor FastAPI's default explains."""
    return {
        parameter.name: parameter
        for parameter in _named(handler)
        if parameter.annotation is parameter.empty and not _is_fastapi_default(parameter.default)
    }


def _annotates(handler: Callable[..., Any], in_path: Collection[str]) -> bool:
    """Whether a parameter that clients fill, beside those of the path, is annotated."""
    return any(
        parameter.name not in in_path and _annotation_name(parameter.annotation) not in _INJECTED
        for parameter in _named(handler)
        if parameter.annotation is not parameter.empty
    )


def _annotation_name(annotation: Any) -> str:
    return str(getattr(annotation, "__name__", annotation)).rpartition(".")[2]


def _named(handler: Callable[..., Any]) -> Iterable[inspect.Parameter]:
    from ..runtime.signatures import described

    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    try:
        signature = described(handler)
    except NameError:  # said where the handler is served
        signature = inspect.signature(handler)
    return (one for one in signature.parameters.values() if one.kind not in variadic)


def _is_fastapi_default(default: object) -> bool:
    return type(default).__module__.partition(".")[0] == "fastapi"
