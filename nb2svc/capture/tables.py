"""Examples of handlers whose annotations name arrays and frames: what JSON gives becomes what the handler takes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, get_args

from ..errors import UsageError

if TYPE_CHECKING:
    from ..values import Where


def as_annotated(handler: Callable[..., Any], example: Any, where: Where) -> Any:
    """The example, in which a parameter annotated as an array or a frame is one.

    It may stand under the parameter's name, or be the whole example of the one parameter that there is. Raises
    ``UsageError`` for what makes none.
    """
    from ..runtime.signatures import resolved, table_type

    try:
        signature = resolved(handler)
    except NameError:  # said where the handler is served
        return example
    annotations = {name: each.annotation for name, each in signature.parameters.items() if table_type(each.annotation)}
    if not annotations:
        return example
    if isinstance(example, dict) and set(example) <= set(signature.parameters):
        return {
            name: _made(annotations[name], value, name, where) if name in annotations else value
            for name, value in example.items()
        }
    if len(signature.parameters) == 1:
        ((name, annotation),) = annotations.items()
        return _made(annotation, example, name, where)
    return example


def _made(annotation: Any, value: Any, name: str, where: Where) -> Any:
    from ..runtime.signatures import table_type

    kind = table_type(annotation)
    if value is None or isinstance(value, kind):
        return value
    try:
        if kind.__name__ == "ndarray":
            return sys.modules["numpy"].asarray(value, dtype=_dtype(annotation))
        return kind(value)
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"the example of {name} makes no {kind.__name__}: {error}",
            hint=f"give {name} as the notebook has it, by an expression such as --example '{{\"{name}\": X_test[:2]}}'",
            where=where,
        ) from error


def _dtype(annotation: Any) -> Any:
    """That of ``NDArray[np.float32]``; None where there is no such word."""
    numpy = sys.modules["numpy"]
    kinds = [kind for each in _parts(annotation) for kind in get_args(each) if isinstance(kind, type)]
    concrete = [kind for kind in kinds if issubclass(kind, numpy.generic) and kind.__subclasses__() == []]
    return concrete[0] if len(concrete) == 1 else None


def _parts(annotation: Any) -> list[Any]:
    """The annotation and all that stands in its brackets, at any depth."""
    return [annotation, *(part for each in get_args(annotation) for part in _parts(each))]
