"""A handler's signature as FastAPI must see it."""

from __future__ import annotations

import functools
import inspect
from collections import abc
from inspect import Parameter, Signature
from types import NoneType, SimpleNamespace, UnionType
from typing import Annotated, Any, ForwardRef, Union, get_args, get_origin, get_type_hints

from fastapi import Body, Response, params
from pydantic import TypeAdapter

_TABLES = {"numpy": {"ndarray"}, "pandas": {"DataFrame", "Series", "Timestamp", "Timedelta"}}
_STREAMS = (abc.Iterator, abc.Iterable, abc.Generator, abc.AsyncIterator, abc.AsyncIterable, abc.AsyncGenerator)


def described(handler: Any) -> Signature:
    """:func:`resolved`, in which a parameter that is an array or a frame has no annotation.

    Such a type does not say what a request holds; the examples do.
    """
    signature = resolved(handler)
    return signature.replace(
        parameters=[
            each.replace(annotation=Parameter.empty) if table_type(each.annotation) else each
            for each in signature.parameters.values()
        ]
    )


def table_type(annotation: Any) -> Any:
    """The class of numpy or pandas that an annotation names, ``NDArray[…]`` and optional ones included; else None."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return table_type(annotation.__origin__)
    if origin in (Union, UnionType):
        found = [table_type(each) for each in get_args(annotation) if each is not NoneType]
        return found[0] if len(found) == 1 else None
    kind = origin or annotation  # told without importing their libraries
    if hasattr(kind, "__value__"):  # an alias made by a ``type`` statement, as NDArray is one from Python 3.12 on
        return table_type(kind.__value__)
    root = getattr(kind, "__module__", "").partition(".")[0]
    return kind if inspect.isclass(kind) and kind.__name__ in _TABLES.get(root, ()) else None


def resolved(handler: Any) -> Signature:
    """The signature with every annotation evaluated where the handler was written, strings at any depth included.

    Raises NameError where a parameter's annotation names something that is not there; such an annotation of the
    answer counts as none.
    """
    signature = inspect.signature(handler)
    namespace = _namespace(handler)
    parameters = []
    for parameter in signature.parameters.values():
        try:
            annotation = _evaluate(parameter.annotation, namespace)
        except NameError as error:
            message = f"{getattr(handler, '__name__', handler)}: the annotation of {parameter.name!r} fails: {error}"
            raise NameError(message) from error
        parameters.append(parameter.replace(annotation=annotation))
    try:
        returns = _evaluate(signature.return_annotation, namespace)
    except (NameError, SyntaxError, TypeError):  # names under TYPE_CHECKING, remarks in quotes
        returns = Signature.empty
    return signature.replace(parameters=parameters, return_annotation=returns)


def _namespace(handler: Any) -> dict[str, Any]:
    function = inspect.unwrap(handler)
    while isinstance(function, functools.partial):
        function = inspect.unwrap(function.func)
    if not hasattr(function, "__globals__") and not inspect.isclass(function):
        function = getattr(type(function), "__call__", function)  # noqa: B004 - its globals, not whether it has one
    namespace: dict[str, Any] = getattr(function, "__globals__", {})
    return namespace


def _evaluate(annotation: Any, namespace: dict[str, Any]) -> Any:
    if not _holds_names(annotation):
        return annotation
    holder = SimpleNamespace(__annotations__={"it": annotation})
    return get_type_hints(holder, globalns=namespace, include_extras=True)["it"]


def _holds_names(annotation: Any) -> bool:
    if isinstance(annotation, (str, ForwardRef)):
        return True
    if get_origin(annotation) is Annotated:
        return _holds_names(annotation.__origin__)
    return any(_holds_names(each) for each in get_args(annotation) if get_origin(annotation) is not None)


def is_coroutine_function(handler: Any) -> bool:
    while isinstance(handler, functools.partial):
        handler = handler.func
    return inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(type(handler).__call__)


def answer_type(handler: Any, returns: Any) -> Any:
    """The annotation of the answer where FastAPI can check and document it, else ``Signature.empty``.

    Streams and what pydantic knows nothing of (arrays, frames, responses beside other values) have no such type.
    """
    if any(returns is nothing for nothing in (Signature.empty, None, type(None))) or stream_item(returns) is not None:
        return Signature.empty
    if inspect.isgeneratorfunction(inspect.unwrap(handler)) or inspect.isasyncgenfunction(inspect.unwrap(handler)):
        return Signature.empty
    if inspect.isclass(returns) and issubclass(returns, Response):
        return returns
    return returns if adapter(returns) is not None else Signature.empty


def stream_item(returns: Any) -> Any:
    """The item type of a stream's annotation, ``Any`` where it names none; None where it is no stream."""
    origin = get_origin(returns) or returns
    if not any(origin is each for each in _STREAMS):
        return None
    arguments = get_args(returns)
    return arguments[0] if arguments else Any


def adapter(annotation: Any) -> TypeAdapter[Any] | None:
    """The adapter of an annotation that pydantic can both write and describe."""
    try:
        found = TypeAdapter[Any](annotation)
        found.json_schema(mode="serialization")
    except Exception:  # noqa: BLE001 - an annotation may be any object, and pydantic runs its hooks
        return None
    return found


def annotated(signature: Signature, types: Any) -> Signature:
    """The signature with the annotations of ``types``, a TypedDict, where it has none of its own."""
    hints = get_type_hints(types, include_extras=True)
    return signature.replace(
        parameters=[
            each.replace(annotation=hints[each.name])
            if each.annotation is Parameter.empty and each.name in hints
            else each
            for each in signature.parameters.values()
        ]
    )


def keyword_only(signature: Signature) -> list[Parameter]:
    """The parameters without their order, which means nothing to FastAPI: it calls by keyword."""
    return [parameter.replace(kind=Parameter.KEYWORD_ONLY) for parameter in signature.parameters.values()]


class BodyBinding:
    """One request body of a given type in place of a handler's unannotated parameters.

    ``spread``: the body's keys are parameters. Otherwise the whole body is the one parameter that has neither
    annotation nor default (the last such, since those of the path stand first).
    """

    def __init__(self, signature: Signature, body: Any, *, spread: bool) -> None:
        names = set(signature.parameters)
        self._spread = spread
        self._taken = names & set(_keys(body)) if spread else {_body_parameter(signature)}
        self.name = "body" if "body" not in names - self._taken else "request_body"
        kept = [parameter for parameter in keyword_only(signature) if parameter.name not in self._taken]
        if spread:
            kept = [each for each in kept if signature.parameters[each.name].kind is not Parameter.VAR_KEYWORD]
        whole = Parameter(self.name, Parameter.KEYWORD_ONLY, annotation=Annotated[body, Body()])
        self.parameters = [*kept, whole]

    def __call__(self, arguments: dict[str, Any]) -> dict[str, Any]:
        body = arguments.pop(self.name)
        return {**arguments, **dict(body)} if self._spread else {**arguments, next(iter(self._taken)): body}


def _keys(body: Any) -> list[str]:
    return list(getattr(body, "model_fields", None) or get_type_hints(body))


def _body_parameter(signature: Signature) -> str:
    unannotated = [each for each in signature.parameters.values() if each.annotation is Parameter.empty]
    required = [each.name for each in unannotated if each.default is Parameter.empty]
    if not unannotated:
        message = "A request body type was given, but every parameter of the handler is annotated."
        raise TypeError(message)
    return required[-1] if required else unannotated[0].name


def unbatched(signature: Signature) -> tuple[Signature, frozenset[str]]:
    """The signature of one item of a handler that takes and gives lists, and the parameters that are lists.

    Those are the ones annotated as a list or sequence, and unannotated ones that FastAPI does not fill itself.
    """
    parameters, lists = [], set()
    for parameter in signature.parameters.values():
        item = _list_item(parameter.annotation)
        unannotated = parameter.annotation is Parameter.empty
        if item is not None or (unannotated and not isinstance(parameter.default, params.Depends)):
            lists.add(parameter.name)
        parameters.append(parameter if item is None else parameter.replace(annotation=item))
    answer = _list_item(signature.return_annotation)
    single = signature.replace(parameters=parameters, return_annotation=Signature.empty if answer is None else answer)
    return single, frozenset(lists)


def _list_item(annotation: Any) -> Any:
    if get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        item = None if any(isinstance(each, params.Depends) for each in metadata) else _list_item(inner)
        parts = (item, *metadata)
        return None if item is None else Annotated[parts]
    if get_origin(annotation) in (list, abc.Sequence) and len(get_args(annotation)) == 1:
        return get_args(annotation)[0]
    return Any if annotation in (list, abc.Sequence) else None
