"""spaCy pipelines from their folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def load(source: Path, options: Mapping[str, Any]) -> Any:  # noqa: ARG001 - has none
    from spacy.util import load_model_from_path

    return load_model_from_path(source)
