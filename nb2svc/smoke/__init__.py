"""Smoke and parity: is a service what the notebook was? In a clean room at export, over HTTP once it runs."""

from .cases import load_examples
from .causes import Cause, likely_cause
from .clean_room import CleanRoom, clean_room
from .compare import compare
from .difference import difference_text
from .facts import EngineFacts
from .probe import probe
from .report import to_html, to_json, to_junit, to_table, to_text

__all__ = [
    "Cause",
    "CleanRoom",
    "EngineFacts",
    "clean_room",
    "compare",
    "difference_text",
    "likely_cause",
    "load_examples",
    "probe",
    "to_html",
    "to_json",
    "to_junit",
    "to_table",
    "to_text",
]
