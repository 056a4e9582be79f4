"""What a magic answers with: the capture of one mark, checked and put into a card."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ..capture.answers import answer_examples, raise_problems
from ..capture.found import Found
from ..capture.registry import Marked, MarkedEndpoint, MarkedModel, MarkedStartup, Registry
from ..capture.spec import LiveKernel, closure_of, live_app
from ..values import BAKE, MOUNT, WEBSOCKET, Example
from ..wording import count, shorten, size_text
from .cards import Card, Shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_KINDS = {
    "function": "function",
    "class": "class",
    "constant": "constant",
    "statement": "definition",
    "object": "live object",
    "model": "model",
    "environment": "environment variable",
}


def card(mark: Marked, before: Registry, kernel: LiveKernel, name: str) -> Card:
    """Check a mark against the kernel, with the models already served, and say what was found.

    Raises ``CaptureError`` for all that would go wrong in a container.
    """
    found = closure_of(before.put(mark), kernel, [mark])
    raise_problems(found.problems)
    replaced = before.replaced_by(mark)
    if isinstance(mark, MarkedStartup):
        return _startup_card(mark, found, replaced)
    examples = answer_examples(mark, live_app(Registry((mark,)), name), found, kernel)
    if isinstance(mark, MarkedModel):
        return _model_card(mark, found, replaced, examples)
    return _endpoint_card(mark, found, replaced, examples)


def _model_card(mark: MarkedModel, found: Found, replaced: Iterable[Marked], examples: Sequence[Example]) -> Card:
    inputs = mark.inputs
    kind = type(mark.value)
    facts = [
        ("type", kind.__qualname__ if kind.__module__ == "__main__" else f"{kind.__module__}.{kind.__qualname__}"),
        ("serves", ", ".join(f"POST /models/{mark.public}/{method}" for method in mark.methods)),
    ]
    if inputs.features:
        facts.append(("columns", shorten(", ".join(inputs.features))))
    facts += [(f"{method} alone", f"concurrent calls stay apart: {why}") for method, why in mark.alone]
    facts += _location_facts(mark)
    facts += _closure_facts(found, but=mark.options.variable)
    footer = "" if examples else "No example: answers of the container will not be verified. Add --example X_test[:3]"
    return Card(
        title=mark.public,
        kind=_kind("model", replaced),
        facts=facts,
        examples=[_shown(example, mark) for example in examples],
        warnings=found.warnings,
        footer=footer,
    )


def _location(mark: MarkedModel) -> str:
    location = mark.options.location
    return "" if location == BAKE else f" · {location}"


def _location_facts(mark: MarkedModel) -> list[tuple[str, str]]:
    location = mark.options.location
    if location == BAKE:
        return []
    if location == MOUNT:
        return [
            ("location", "not in the image: the service reads it from /models, where you mount the project's models/")
        ]
    return [
        ("location", f"not in the image: fetched from {location} at start; upload it there from the project's models/")
    ]


def _endpoint_card(mark: MarkedEndpoint, found: Found, replaced: Iterable[Marked], examples: Sequence[Example]) -> Card:
    footer = "" if examples else "No example: answers of the container will not be verified. Add --example {…}"
    if mark.method == WEBSOCKET:
        footer = "Messages are not recorded: try it in %nb2svc serve, and in the container."
    return Card(
        title=f"{mark.method} {mark.path}",
        kind=_kind("endpoint", replaced),
        facts=_closure_facts(found, but=mark.handler),
        examples=[_shown(example, mark) for example in examples],
        warnings=found.warnings,
        footer=footer,
    )


def _startup_card(mark: MarkedStartup, found: Found, replaced: Iterable[Marked]) -> Card:
    facts = [("binds", ", ".join(mark.names) or "nothing"), *_closure_facts(found, but=mark.handler)]
    return Card(title="startup", kind=_kind("runs once at start", replaced), facts=facts, warnings=found.warnings)


def _kind(word: str, replaced: Iterable[Marked]) -> str:
    old = [mark.key[1] for mark in replaced]
    return f"{word}, replaces {', '.join(old)}" if old else word


def _shown(example: Example, called: Marked) -> Shown:
    request, response = example.request, example.response
    if "json" in request:
        sent = json.dumps(request["json"], ensure_ascii=False)
    elif "files" in request:
        sent = ", ".join([*(f"{name}: {one['filename']}" for name, one in request["files"].items()), *request["form"]])
    else:
        sent = f"{request['method']} {request['path']}"
    if isinstance(called, MarkedModel):
        sent = f"{request['path'].rpartition('/')[2]} {sent}"
    if "json" in response:
        got = json.dumps(response["json"], ensure_ascii=False)
    elif "text" in response:
        got = response["text"].rstrip("\n")
    else:
        got = f"{response['content_type']}, {size_text(len(response.get('base64', '')) * 3 // 4)}"
    return Shown(shorten(sent), shorten(got))


def _closure_facts(found: Found, *, but: str = "") -> list[tuple[str, str]]:
    """What the closure holds, by kind, in a fixed order."""
    names: dict[str, list[str]] = {}
    for definition in found.definitions:
        if definition.name != but and definition.kind in _KINDS:
            names.setdefault(definition.kind, []).append(definition.name)
    needs = [f"{', '.join(names[kind])} ({_noun(names[kind], noun)})" for kind, noun in _KINDS.items() if kind in names]
    facts = [("needs", " · ".join(needs))] if needs else []
    packages = sorted({module.partition(".")[0] for module in found.modules})
    if packages:
        facts.append(("packages", ", ".join(packages)))
    if found.helpers:
        facts.append(("modules", f"{', '.join(sorted(found.helpers))} (copied)"))
    if found.files:
        facts.append(("files", f"{', '.join(sorted(found.files))} (copied)"))
    if environment := found.environment - found.set_here.keys():
        facts.append(("environment", ", ".join(sorted(environment))))
    return facts


def _noun(names: list[str], noun: str) -> str:
    """``class`` for one name, ``classes`` for more."""
    return count(len(names), noun).partition(" ")[2]


def status(registry: Registry, kernel: LiveKernel, name: str, given: list[tuple[str, str]]) -> Card:
    """The whole service as it is now, with everything that would go wrong as warnings; ``given`` are more facts."""
    found = closure_of(registry, kernel)
    facts = [
        ("model", f"{one.public}: {', '.join(one.methods)}{_location(one)}  (cell [{one.where.cell}])")
        for one in registry.models
    ]
    facts += [
        (
            "endpoint",
            (
                f"{one.method} {one.path} → {one.handler}, {count(len(one.requests), 'example')}"
                f"  (cell [{one.where.cell}])"
            ),
        )
        for one in registry.endpoints
    ]
    facts += [
        ("startup", f"binds {', '.join(one.names) or 'nothing'}  (cell [{one.where.cell}])")
        for one in registry.startups
    ]
    facts += _closure_facts(found)
    facts += given
    footer = "" if registry.marks else "Nothing is marked yet: %%serve_model VARIABLE, or %%endpoint above a handler."
    return Card(title=name, kind="service", facts=facts, warnings=[*found.problems, *found.warnings], footer=footer)
