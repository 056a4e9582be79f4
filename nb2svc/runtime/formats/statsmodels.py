"""Fitted results of statsmodels with a formula: its pickle, read among the names that the formula uses."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from importlib import import_module
from typing import Any, BinaryIO

from .plain import class_named, decode

# The formula is evaluated in the namespace of whoever unpickles: statsmodels looks some frames up the stack.
_READ = compile("results = _load(_file)", __name__, "exec")


def load(source: BinaryIO, options: Mapping[str, Any]) -> Any:
    names = {name: _meant(reference) for name, reference in options["names"].items()}
    namespace: dict[str, Any] = {**names, "_load": pickle.load, "_file": source}
    exec(_READ, namespace)  # noqa: S102 - the line above
    return namespace["results"]


def _meant(reference: Mapping[str, Any]) -> Any:
    if "module" in reference:
        return import_module(reference["module"])
    return class_named(reference["member"]) if "member" in reference else decode(reference["value"])
