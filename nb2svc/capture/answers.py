"""The kernel's answers to the examples of a mark, and errors that hold all problems at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ..errors import CaptureError
from ..values import Example, Problem
from .files import DataFiles
from .json_form import json_form, same
from .live import answer
from .opened import watching
from .registry import MarkedEndpoint, MarkedModel

if TYPE_CHECKING:
    from fastapi import FastAPI

    from .found import Found
    from .spec import LiveKernel


def answer_examples(
    mark: MarkedModel | MarkedEndpoint, app: FastAPI, found: Found, kernel: LiveKernel
) -> tuple[Example, ...]:
    """The examples of a mark with the kernel's answers; ``found`` learns which files of helper modules they opened.

    Raises ``CaptureError`` where one fails, and for every file that was opened and is not in the service.
    """
    with watching(mark.where) as watch:
        examples = answers_of_model(mark, app) if isinstance(mark, MarkedModel) else answers_with_errors(mark, app)
    files = DataFiles(dict(kernel.files), kernel.is_distributed)
    files.read_opened(watch.opened, found.helpers, mark.where)
    found.files.update(files.copied)
    found.warnings += [one for one in files.warnings if one not in found.warnings]
    raise_problems(files.problems)
    return examples


def answers_with_errors(endpoint: MarkedEndpoint, app: FastAPI) -> tuple[Example, ...]:
    """:func:`answers_of`, a failing handler as a ``CaptureError`` of its cell."""
    try:
        examples = answers_of(endpoint, app)
    except Exception as error:
        raise CaptureError(
            f"{endpoint.handler} fails on its example: {type(error).__name__}: {error}",
            hint="mend the handler or the example; the service is as it was before",
            where=endpoint.where,
        ) from error
    for example in examples:
        if example.response["status"] >= 400:  # noqa: PLR2004
            raise CaptureError(
                f"{endpoint.handler} answers its example with {example.response['status']}: "
                f"{_short(example.response.get('json', example.response.get('text', '')))}",
                hint="give an example that the handler accepts",
                where=endpoint.where,
            )
    return examples


def answers_of(endpoint: MarkedEndpoint, app: FastAPI) -> tuple[Example, ...]:
    """The handler's examples with the kernel's answers. A handler's exception comes out as it is."""
    return tuple(
        Example(
            name=f"{endpoint.public}-{number}",
            endpoint=endpoint.public,
            request=request,
            response=answer(app, request),
            where=endpoint.where,
        )
        for number, request in enumerate(endpoint.requests, 1)
    )


def answers_of_model(model: MarkedModel, app: FastAPI) -> tuple[Example, ...]:
    """The model's answers to its example, one per method.

    Raises ``CaptureError`` where a request in JSON gives another answer than the direct call: then JSON cannot
    carry the example as it is.
    """
    if model.inputs.rows is None:
        return ()
    examples = []
    for method in model.methods:
        try:
            direct = json_form(getattr(model.value, method)(model.example))
        except Exception as error:
            raise CaptureError(
                f"{model.options.variable}.{method} fails on its example: {type(error).__name__}: {error}",
                hint="mend the model or the example; the service is as it was before",
                where=model.where,
            ) from error
        request = {"method": "POST", "path": f"/models/{model.public}/{method}", "json": {"inputs": model.inputs.rows}}
        response = answer(app, request)
        got = response.get("json", {})
        if response["status"] != 200 or not same(got.get("outputs"), direct):  # noqa: PLR2004
            shown = got.get("outputs", got)
            raise CaptureError(
                f"{model.options.variable}.{method}(example) gives {_short(direct)}, but the same rows sent as JSON "
                f"give {_short(shown)}",
                hint="give the example as a list, array or DataFrame of numbers, texts and dates, or write a handler",
                where=model.where,
            )
        examples.append(
            Example(
                name=f"{model.public}-{method}",
                endpoint=model.public,
                request=request,
                response=response,
                where=model.where,
            )
        )
    return tuple(examples)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 200 else text[:197] + "…"  # noqa: PLR2004


def raise_problems(problems: Iterable[Problem]) -> None:
    """Raise ``CaptureError`` with all problems at once, if there are any."""
    gathered = tuple(problems)
    if len(gathered) == 1:
        raise CaptureError(gathered[0].message, hint=gathered[0].hint, where=gathered[0].where)
    if gathered:
        raise CaptureError(f"{len(gathered)} things cannot be captured", problems=gathered)


def raise_all(problems: Iterable[Problem], failures: Sequence[CaptureError]) -> None:
    """Raise ``CaptureError`` with the problems and those of the errors; a single error as it is, with its cause."""
    gathered = list(dict.fromkeys(problems))
    if not gathered and len(failures) == 1:
        raise failures[0]
    for error in failures:
        gathered += error.problems or [Problem(message=error.message, hint=error.hint, where=error.where)]
    raise_problems(dict.fromkeys(gathered))
