"""The kernel's side of ``nb2svc export``: the export runs here, its client listens."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import errors
from ..events import EVENT_MIME, RESULT_MIME, Event, to_message
from ..values import to_json

if TYPE_CHECKING:
    from ..session import Service


def export(service: Service, options: dict[str, Any]) -> None:
    """Do the export that ``options`` (the runner's ``HeadlessOptions``) ask for, and send its outcome."""
    try:
        answer = _answer(service, dict(options))
    except errors.Nb2svcError as error:
        answer = {"error": errors.to_message(error)}
    _send({RESULT_MIME: answer})


def _answer(service: Service, options: dict[str, Any]) -> dict[str, Any]:
    from ..export import load_project

    directory = Path(options.pop("directory"))
    check, force = options.pop("check"), options.pop("force")
    with service.emitting(_emit):
        if check:
            differences = [asdict(one) for one in service.compare(directory, **options)]
            return {"project": json.loads(to_json(load_project(directory))), "differences": differences}
        project = service.export(directory, force=force, **options)
    return {"project": json.loads(to_json(project))}


def _emit(event: Event) -> None:
    _send({EVENT_MIME: to_message(event)})


def _send(data: dict[str, Any]) -> None:
    from IPython.display import display

    display(data, raw=True)
