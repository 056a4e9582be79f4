"""Two seconds that ``import nbformat`` takes for nothing: they are put off until somebody needs them.

jsonschema, which nbformat checks notebooks with, imports rfc3987-syntax wherever that is installed, as it is beside
Jupyter: three dozen Earley parsers, made at its import, for formats ("iri") that no notebook's schema has.
https://github.com/python-jsonschema/jsonschema/issues/1428
"""

from __future__ import annotations

import importlib
import sys
from importlib.util import find_spec
from types import ModuleType
from typing import Any

NAME = "rfc3987_syntax"


class _Deferred(ModuleType):
    """Stands in for the module until anything of it is used; jsonschema, at its import, takes one function."""

    def is_valid_syntax(self, term: str, value: str) -> bool:
        return bool(_real(self).is_valid_syntax(term, value))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # what is asked of every module
            raise AttributeError(name)
        return getattr(_real(self), name)


def _real(deferred: ModuleType) -> ModuleType:
    if sys.modules.get(NAME) is deferred:
        del sys.modules[NAME]
    return importlib.import_module(NAME)


def defer() -> None:
    """For a process that is all ours, before it imports nbformat: whoever checks an IRI gets the very same answer."""
    if NAME not in sys.modules and find_spec(NAME):
        sys.modules[NAME] = _Deferred(NAME)
