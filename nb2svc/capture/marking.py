"""Turns the cell that just ran into a mark: what ``%%serve_model``, ``%%endpoint`` and ``%%startup`` stand for.

Nothing here changes the service: each function returns the mark, the caller puts it in the registry once its
closure and its answers are known to be good.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from ..errors import CaptureError, UsageError
from ..values import WEBSOCKET
from . import examples, inputs, location, native, options, rowwise, schema, startup, tables
from .registry import MarkedEndpoint, MarkedModel, MarkedStartup

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..values import Where
    from .cells import LoggedCell
    from .registry import Registry
    from .spec import LiveKernel


def model(line: str, cell: LoggedCell, kernel: LiveKernel) -> MarkedModel:
    """The variable under ``%%serve_model``. Raises ``UsageError`` or ``CaptureError``."""
    where = kernel.log.where(cell)
    chosen = options.model_options(line, where)
    where = kernel.log.where(cell, chosen.variable)
    if chosen.variable not in kernel.namespace:
        raise CaptureError(
            f"{chosen.variable} is not bound after this cell",
            hint=f"bind it in the cell ({chosen.variable} = …), or name the variable that the cell does bind",
            where=where,
        )
    value = kernel.namespace[chosen.variable]
    native.chosen(value, chosen.format, where)
    location.fetching_modules(chosen.location, where)
    public, methods = chosen.name or chosen.variable, _methods(value, chosen, where)
    example = examples.evaluate(chosen.example, kernel.namespace, where) if chosen.example else None
    return MarkedModel(
        options=chosen,
        public=public,
        value=value,
        methods=methods,
        example=example,
        inputs=inputs.learn(value, example, public, methods, where),
        alone=rowwise.reasons_against(value, methods, example) if chosen.batch else (),
        where=where,
        cell_id=cell.cell.cell_id,
    )


def _methods(value: Any, chosen: options.ModelOptions, where: Where) -> tuple[str, ...]:
    methods = chosen.methods or inputs.default_methods(value)
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    if not methods:
        raise CaptureError(
            f"{chosen.variable} is a {kind}, which has no method to predict with",
            hint="name its methods: --methods encode, or write a handler under %%endpoint",
            where=where,
        )
    missing = [name for name in methods if name.startswith("_") or not callable(getattr(value, name, None))]
    if missing:
        raise UsageError(f"{chosen.variable}, a {kind}, has no method {', '.join(missing)}", where=where)
    return tuple(methods)


def endpoint(line: str, cell: LoggedCell, kernel: LiveKernel) -> MarkedEndpoint:
    """The last function of the cell under ``%%endpoint``. Raises ``UsageError`` or ``CaptureError``."""
    where = kernel.log.where(cell)
    chosen = options.endpoint_options(line, where)
    name = _last_function(cell, kernel.namespace, where)
    where = kernel.log.where(cell, name)
    function = kernel.namespace[name]
    if not callable(function):
        raise CaptureError(
            f"{name} is a {type(function).__qualname__} after its decorators, and cannot be called",
            hint="serve the function itself: leave the decorator out",
            where=where,
        )
    given = (examples.evaluate(text, kernel.namespace, where) for text in chosen.examples)
    values = [tables.as_annotated(function, value, where) for value in given]
    public = chosen.name or name
    method, path = chosen.method, chosen.path or f"/{name}"
    _check_websocket(function, method, where)
    try:
        learned = schema.learn(function, public, method, path, values)
    except schema.NotLearnedError as error:
        raise CaptureError(f"{name}: {error}", hint=error.hint, where=where) from None
    draft = MarkedEndpoint(
        options=chosen,
        public=public,
        handler=name,
        function=function,
        method=method,
        path=path,
        requests=(),
        body=learned.body,
        parameters=learned.parameters,
        where=where,
        cell_id=cell.cell.cell_id,
    )
    return _with_requests(draft, values)


def _last_function(cell: LoggedCell, namespace: Mapping[str, Any], where: Where) -> str:
    """The cell's last ``def``; without one, the last name that it binds to something callable, such as a method."""
    definitions = [node for node in cell.tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    if definitions:
        return definitions[-1].name
    assigned = [
        target.id
        for node in cell.tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name) and _is_handler(namespace.get(target.id))
    ]
    if not assigned:
        raise CaptureError(
            "this cell defines no function to serve",
            hint="define the handler with `def` at the top level of the cell: %%endpoint serves its last function",
            where=where,
        )
    return assigned[-1]


def _check_websocket(function: Any, method: str, where: Where) -> None:
    """That the handler has what it talks through, and that it can wait for it."""
    from ..runtime.signatures import is_coroutine_function, resolved

    if method != WEBSOCKET:
        return
    kinds = [each.annotation for each in resolved(function).parameters.values()]
    if is_coroutine_function(function) and any(getattr(kind, "__name__", "") == "WebSocket" for kind in kinds):
        return
    raise CaptureError(
        f"{where.name} takes no WebSocket, or cannot wait for its messages",
        hint=f"from fastapi import WebSocket; async def {where.name}(socket: WebSocket): …",
        where=where,
    )


def _is_handler(value: object) -> bool:
    return callable(value) and not isinstance(value, type)


def _with_requests(draft: MarkedEndpoint, values: list[Any]) -> MarkedEndpoint:
    """The examples as requests; FastAPI itself says which parameter comes from where."""
    from dataclasses import replace

    from ..runtime.manifest import OWN_PATHS
    from .registry import Registry
    from .spec import live_app

    if draft.path in OWN_PATHS or draft.path.startswith("/v2/"):
        raise CaptureError(
            f"{draft.path} is one of the service's own paths",
            hint=f"choose another, such as %%endpoint {draft.method} /my{draft.path}",
            where=draft.where,
        )
    try:
        app = live_app(Registry((draft,)), "example")
    except Exception as error:
        raise CaptureError(
            f"FastAPI cannot serve {draft.handler}: {str(error).partition(chr(10))[0]}",
            hint="annotate parameters with types that pydantic knows, and the answer too or not at all",
            where=draft.where,
        ) from error
    if draft.method == WEBSOCKET:
        return draft
    route = next(route for route in reversed(app.routes) if getattr(route, "path", None) == draft.path)
    requests = tuple(examples.request_for(route, draft.method, value, draft.where) for value in values)  # type: ignore[arg-type]
    return replace(draft, requests=requests)


def startup_cell(line: str, cell: LoggedCell, kernel: LiveKernel, registry: Registry) -> MarkedStartup:
    """The cell under ``%%startup``. Raises ``UsageError``."""
    where = kernel.log.where(cell, "startup")
    if line.strip():
        raise UsageError(f"%%startup takes no options, but {line.strip()!r} follows it", where=where)
    source = "\n".join(cell.lines).strip("\n")
    if not source.strip():
        raise CaptureError("this startup cell is empty", hint="put the code to run at start below it", where=where)
    if "*" in startup.names_bound(source):
        raise CaptureError(
            "a startup cell cannot import *",
            hint="name what it imports, or import it in an ordinary cell",
            where=where,
        )
    same = [one.handler for one in registry.startups if one.cell_id and one.cell_id == cell.cell.cell_id]
    same += [one.handler for one in registry.startups if one.source == source]
    others = {one.handler for one in registry.startups}
    handler = same[0] if same else startup.free_name({*kernel.namespace, *others}, len(others) + 1)
    return MarkedStartup(
        handler=handler,
        source=source,
        names=startup.names_bound(source),
        where=where,
        postponed=cell.postponed,
        cell_id=cell.cell.cell_id,
    )
