"""spaCy pipelines: the folder that spaCy writes, with the notebook's own components by name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .adapter import Needs, is_a, of_notebook


class Spacy:
    """``spacy.Language``."""

    name = "spacy"
    automatic = True
    loader = ""

    def claims(self, value: object) -> bool:
        return is_a(value, "spacy", "Language")

    def embeds(self, value: object) -> bool:  # noqa: ARG002 - by reference, components would not be registered
        return True

    def needs(self, value: Any) -> Needs:
        components = [component for _, component in value.components]
        kinds = {type(component).__module__ for component in components} | {type(value).__module__}
        modules = {module for module in kinds if module not in {"__main__", "builtins"}}
        parts = of_notebook([*_factories(value), *components, *map(type, components)])
        return Needs(modules=("spacy", *sorted(modules)), parts=parts)

    def dump(self, value: Any, folder: Path) -> Mapping[str, Any]:
        value.to_disk(folder)
        for path in folder.rglob("*.json"):
            written = json.loads(path.read_bytes())
            if isinstance(written, dict) and "punct_chars" in written:  # a set, in the order of this process
                path.write_text(
                    json.dumps({**written, "punct_chars": sorted(written["punct_chars"])}), encoding="utf-8"
                )
        return {}


def _factories(nlp: Any) -> Iterator[object]:
    """The functions that make the pipeline's components, where they are registered."""
    from spacy import registry

    known = registry.factories.get_all()
    for factory in nlp.factory_names:
        yield known.get(f"{nlp.lang}.{factory}", known.get(factory))
