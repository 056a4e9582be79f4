"""The images on the engine that nb2svc built: list and inspect."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ..errors import EngineError, UsageError
from ..values import Image, Layer
from . import client

NAME_LABEL = "io.nb2svc.name"
DIGEST_LABEL = "io.nb2svc.digest"
_MAKES_A_LAYER = ("RUN ", "COPY ", "ADD ", "WORKDIR ")


def list_images() -> list[Image]:
    """The images that carry nb2svc's labels, the newest first. Raises EngineUnavailableError."""
    listed = client.run_json_lines(
        "image", "ls", "--no-trunc", "--filter", f"label={NAME_LABEL}", "--format", "{{json .}}"
    )
    references = [f"{each['Repository']}:{each['Tag']}" for each in listed if each["Repository"] != "<none>"]
    if not references:
        return []
    found = json.loads(client.run("image", "inspect", *references))
    images = [_image(name, each, ()) for name, each in zip(references, found, strict=True)]
    return sorted(images, key=lambda image: image.created, reverse=True)


def inspect(reference: str) -> Image:
    """One image with its layers and the part of the base. Raises UsageError where the engine has none of that name."""
    try:
        found = json.loads(client.run("image", "inspect", reference))[0]
    except EngineError as error:
        if "No such image" in error.log:
            raise UsageError(
                f"There is no image {reference} on this machine.", hint="nb2svc list shows those that nb2svc built."
            ) from error
        raise
    history = client.run_json_lines("history", "--no-trunc", "--human=false", "--format", "{{json .}}", reference)
    return _image(reference, found, history)


def _image(reference: str, found: dict[str, Any], history: Iterable[dict[str, Any]]) -> Image:
    oldest_first = list(history)[::-1]
    return Image(
        reference=reference,
        id=found["Id"],
        size=found["Size"],
        base_size=_base_size(oldest_first),
        created=found["Created"],
        platform="/".join(filter(None, (found["Os"], found["Architecture"], found.get("Variant", "")))),
        labels=found["Config"].get("Labels") or {},
        layers=_layers(found["RootFS"].get("Layers") or [], oldest_first),
    )


def _base_size(history: list[dict[str, Any]]) -> int | None:
    """The bytes below the last stage's own ``ARG BASE``; None where there is no such line."""
    below = 0
    for entry in history:
        if _plain(entry["CreatedBy"]).startswith("ARG BASE"):
            return below
        below += int(entry["Size"])
    return None


def _layers(digests: list[str], history: list[dict[str, Any]]) -> tuple[Layer, ...]:
    """Layers with what made them.

    The history does not say which of its lines made none; where the lines do not tell either, the digests are left out.
    """
    made = [entry for entry in history if int(entry["Size"]) or _plain(entry["CreatedBy"]).startswith(_MAKES_A_LAYER)]
    known = digests if len(digests) == len(made) else [""] * len(made)
    return tuple(
        Layer(digest=digest, size=int(entry["Size"]), created_by=_plain(entry["CreatedBy"]))
        for digest, entry in zip(known, made, strict=True)
    )


def _plain(created_by: str) -> str:
    """The instruction, without the classic builder's shell prefix and BuildKit's mark."""
    text = created_by.removesuffix("# buildkit").strip()
    return text.replace("/bin/sh -c #(nop) ", "").strip()
