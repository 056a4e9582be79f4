"""``README.md`` of a project: how to run, call, test, build and change it, without nb2svc."""

from __future__ import annotations

import json
from dataclasses import dataclass

from ..runtime.settings import Settings, shown, variable
from ..values import BAKE, MOUNT, Example, Lock, ServiceSpec
from .artifacts import artifacts
from .container import description
from .curl import curl
from .environment import defaults
from .render import render

URL = "http://127.0.0.1:8000"
MAX_ANSWER = 600  # characters of an answer that are shown


@dataclass(frozen=True, slots=True)
class Call:
    """One endpoint as the README shows it."""

    title: str  # ``POST /predict``
    command: str
    answer: str
    language: str  # of the answer's code block
    uses_file: bool  # the command names a file that the caller must have


def readme(spec: ServiceSpec, lock: Lock) -> str:
    """The text of ``README.md``."""
    return render(
        "README.md",
        name=spec.name,
        description=description(spec),
        notebook=spec.notebook,
        python=spec.python,
        platform=lock.platform,
        url=URL,
        calls=_calls(spec),
        examples=len(spec.examples),
        settings=[
            (variable(name), field.description, shown(field.default)) for name, field in Settings.model_fields.items()
        ],
        environment=spec.closure.environment,
        defaults=defaults(spec),
        artifacts=artifacts(spec),
        mounted=[one for one in artifacts(spec) if one.location == MOUNT],
        fetched=[one for one in artifacts(spec) if one.location not in (BAKE, MOUNT)],
        has_lib=bool(spec.closure.helpers),
        has_schemas=bool(spec.schemas.strip()),
        has_wheels=bool(lock.wheels),
        files=[path for path, _ in spec.closure.files],
    )


def _calls(spec: ServiceSpec) -> list[Call]:
    """The first example of each endpoint and of each model's method, in the order of the routes."""
    routes = {endpoint.name: f"{endpoint.method} {endpoint.path}" for endpoint in spec.endpoints}
    first: dict[str, Example] = {}
    for example in spec.examples:
        own = f"{example.request['method']} {str(example.request['path']).partition('?')[0]}"
        first.setdefault(own if own.startswith("POST /models/") else routes.get(example.endpoint, own), example)
    order = [f"POST /models/{model.public}/{method}" for model in spec.models for method in model.methods]
    order += routes.values()
    ranked = sorted(first, key=lambda route: order.index(route) if route in order else len(order))
    return [_call(route, first[route]) for route in ranked]


def _call(route: str, example: Example) -> Call:
    answer, language = _answer(example)
    return Call(route, curl(example, URL), answer, language, bool(example.request.get("files")))


def _answer(example: Example) -> tuple[str, str]:
    response = example.response
    if "json" in response:
        text, language = json.dumps(response["json"], ensure_ascii=False), "json"
    elif "text" in response:
        text, language = str(response["text"]).rstrip("\n"), "text"
    else:
        return f"({response.get('content_type') or 'no body'})", "text"
    return (text if len(text) <= MAX_ANSWER else f"{text[:MAX_ANSWER]} …"), language
