"""What a model's rows and answers may be written in beside JSON, and which of it a request means."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from . import arrow, csv_text, npy
from .arrays import Intake

JSON = "application/json"
#: All that there is; a service speaks those whose libraries it has.
KNOWN = (npy.MEDIA_TYPE, csv_text.MEDIA_TYPE, arrow.MEDIA_TYPE)


@dataclass(frozen=True, slots=True)
class Format:
    """``read`` gives checked rows, or what a form makes of them, and raises pydantic's ValidationError; ``write``
    raises ValueError or TypeError for an answer that has no such form.
    """

    read: Callable[[bytearray, Mapping[str, str]], Any]
    write: Callable[[Any], bytes]


def formats_of(intake: Intake) -> dict[str, Format]:
    """By media type."""
    reader = cache(lambda: csv_text.Reader(intake))  # made when the first client needs it
    found = {csv_text.MEDIA_TYPE: Format(lambda body, parameters: reader().rows(body, parameters), csv_text.write)}
    if "numpy" in sys.modules:  # a model that has to do with arrays has imported it
        found[npy.MEDIA_TYPE] = Format(lambda body, _: intake.array(npy.read(body)), npy.write)
        if arrow.is_installed():
            found[arrow.MEDIA_TYPE] = Format(lambda body, _: arrow.read(body, intake), arrow.write)
    return {media_type: found[media_type] for media_type in KNOWN if media_type in found}


def media_type_of(header: str) -> tuple[str, dict[str, str]]:
    """``text/csv; header=absent`` as its type and parameters."""
    media_type, *parameters = header.split(";")
    pairs = (parameter.partition("=") for parameter in parameters)
    return media_type.strip().lower(), {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}


def is_json(media_type: str) -> bool:
    kind, _, subtype = media_type.partition("/")
    return kind == "application" and (subtype == "json" or subtype.endswith("+json"))


def accepted(header: str, available: Mapping[str, Format]) -> str:
    """The media type of the answer that ``Accept`` asks for; "" where it asks for what this service has not.

    The more exactly a type is named, the better; JSON where that leaves a choice, and to a client that names none of
    these: an answer that it did not expect helps it more than a refusal.
    """
    asked = [media_type_of(part) for part in header.lower().split(",") if part.strip()]
    ranks = {media_type: _rank(media_type, asked) for media_type in (JSON, *available)}
    best = max(ranks, key=lambda media_type: ranks[media_type])
    if ranks[best][0] > 0:
        return best
    return "" if any(media_type in KNOWN for media_type, _ in asked) else JSON


def _rank(media_type: str, asked: list[tuple[str, dict[str, str]]]) -> tuple[float, int]:
    """The weight that the client gives a type, and how exactly it names it."""
    patterns = ("*/*", f"{media_type.partition('/')[0]}/*", media_type)
    named = [(patterns.index(pattern), _weight(parameters)) for pattern, parameters in asked if pattern in patterns]
    exactness, weight = max(named, default=(0, 0.0))
    return weight, exactness


def _weight(parameters: Mapping[str, str]) -> float:
    try:
        return float(parameters.get("q", "1"))
    except ValueError:
        return 0.0
