"""The files that differ from project to project, from the templates in ``templates/``."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from ..values import WEBSOCKET, EndpointSpec, ModelSpec, ServiceSpec
from .formatting import docstring, format_source

if TYPE_CHECKING:
    from jinja2 import Environment

_DECORATORS = {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE"}  # those FastAPI has by name


def render(template: str, **context: Any) -> str:
    """The text of ``templates/<template>.j2``. A name that the context lacks is an error, not an empty string."""
    return _environment().get_template(f"{template}.j2").render(**context)


def main_module(spec: ServiceSpec) -> str:
    """The source of ``service/main.py``: the application and its routes, models first, then the handlers in order."""
    names = ["create_app"]
    names += ["endpoint"] if any(one.method != WEBSOCKET for one in spec.endpoints) else []
    names += ["model_routes"] if spec.models else []
    source = render(
        "main.py",
        docstring=docstring(f"{spec.name}, a service captured from {spec.notebook or 'a notebook'}."),
        schemas=bool(spec.schemas.strip()),
        runtime_names=names,
        startup=[f"notebook.{startup.handler}" for startup in spec.startup],
        models=[_model_arguments(model) for model in spec.models],
        endpoints=[{"decorator": _decorator(endpoint), "handler": _handler(endpoint)} for endpoint in spec.endpoints],
    )
    return format_source(source, python=spec.python) or source


def _decorator(endpoint: EndpointSpec) -> str:
    verb = endpoint.method.lower() if endpoint.method in {*_DECORATORS, WEBSOCKET} else "api_route"
    arguments = [repr(endpoint.path)]
    if verb == "api_route":
        arguments.append(f"methods=[{endpoint.method!r}]")
    if endpoint.status != 200:  # noqa: PLR2004 - what FastAPI answers by itself
        arguments.append(f"status_code={endpoint.status}")
    if endpoint.answer:
        arguments.append(f'responses={{{endpoint.status}: {{"model": schemas.{endpoint.answer}}}}}')
    if endpoint.name != endpoint.handler:
        arguments.append(f"name={endpoint.name!r}")
    return f"{verb}({', '.join(arguments)})"


def _handler(endpoint: EndpointSpec) -> str:
    if endpoint.method == WEBSOCKET:
        return f"notebook.{endpoint.handler}"
    arguments = [f"notebook.{endpoint.handler}"]
    if endpoint.body:
        arguments.append(f"body=schemas.{endpoint.body}")
    if endpoint.spread:
        arguments.append("spread=True")
    if endpoint.parameters:
        arguments.append(f"parameters=schemas.{endpoint.parameters}")
    if endpoint.timeout is not None:
        arguments.append(f"timeout={endpoint.timeout!r}")
    if endpoint.batch:
        arguments.append("batch=True")
    return f"endpoint({', '.join(arguments)})"


def _model_arguments(model: ModelSpec) -> list[str]:
    arguments = [repr(model.public), f"notebook.{model.name}", f"methods={list(model.methods)!r}"]
    if model.inputs:
        arguments.append(f"inputs=schemas.{model.inputs}")
    else:
        arguments += [f"features={list(model.features)!r}"] if model.features else []
        arguments += ["frame=True"] if model.frame else []
    if model.outputs:
        types = ", ".join(f"{method!r}: schemas.{name}" for method, name in model.outputs)
        arguments.append(f"outputs={{{types}}}")
    if not model.batched:
        arguments.append("batch=False")
    elif model.batched != model.methods:
        arguments.append(f"batch={list(model.batched)!r}")
    if model.batched and model.max_batch is not None:
        arguments.append(f"max_batch={model.max_batch}")
    return arguments


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("nb2svc.export", "templates"),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - Python, Markdown and Dockerfiles, no HTML
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["cell"] = _table_cell
    return environment


def _table_cell(text: object) -> str:
    """``text`` as it may stand in a cell of a Markdown table."""
    return " ".join(str(text).split()).replace("|", "\\|")
