"""skops: scikit-learn models without a pickle, on request (``--format skops``)."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .adapter import Needs, is_a
from .archives import rewritten

_SCHEMA = "schema.json"


class Skops:
    """Anything that scikit-learn's models are made of; the types to trust are listed in the manifest."""

    name = "skops"
    automatic = False
    loader = ""

    def claims(self, value: object) -> bool:
        return is_a(value, "sklearn", "BaseEstimator")

    def embeds(self, value: object) -> bool:  # noqa: ARG002 - only chosen by name
        return False

    def needs(self, value: Any) -> Needs:  # noqa: ARG002 - the same for all of them
        return Needs(modules=("skops",))

    def dump(self, value: Any, folder: Path) -> Mapping[str, Any]:
        import skops.io

        target = folder / "model.skops"
        skops.io.dump(value, target)
        _number_anew(target)
        return {"trusted": skops.io.get_untrusted_types(file=target)}


def _number_anew(archive: Path) -> None:
    """Name parts by their order; skops does by where they lay in memory, or by chance."""
    with zipfile.ZipFile(archive) as old:
        schema = json.loads(old.read(_SCHEMA))
        content = {name: old.read(name) for name in old.namelist()}
    numbers: dict[Any, int] = {}
    files: dict[str, str] = {}
    schema = _renamed(schema, numbers, files)
    with zipfile.ZipFile(archive, "w") as new:
        for name, renamed in files.items():
            new.writestr(renamed, content[name])
        new.writestr(_SCHEMA, json.dumps(schema, indent=1))
    rewritten(archive, lambda _, data: data)


def _renamed(node: Any, numbers: dict[Any, int], files: dict[str, str]) -> Any:
    if isinstance(node, list):
        return [_renamed(part, numbers, files) for part in node]
    if not isinstance(node, dict):
        return node
    renamed: dict[str, Any] = {}
    for key, part in node.items():
        if key == "__id__":
            renamed[key] = numbers.setdefault(part, len(numbers) + 1)
        elif key == "file" and isinstance(part, str):
            renamed[key] = files.setdefault(part, f"{len(files) + 1}{Path(part).suffix}")
        else:
            renamed[key] = _renamed(part, numbers, files)
    return renamed
