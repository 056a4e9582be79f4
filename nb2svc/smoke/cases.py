"""The recorded examples of a project, read from their files."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ExportError
from ..runtime.manifest import FILE_NAME as MANIFEST
from ..values import Example

if TYPE_CHECKING:
    from pydantic import TypeAdapter


def load_examples(directory: Path) -> tuple[Example, ...]:
    """The examples of ``directory`` (a project's ``examples/``) in the order in which the notebook answered them.

    That order matters where a handler keeps something between its calls. What the manifest does not list comes last,
    by name, ``predict-2`` before ``predict-10``. A missing folder holds none. Raises ``ExportError`` where a file is
    no example.
    """
    from pydantic import TypeAdapter

    adapter = TypeAdapter(Example)
    answered = {name: number for number, name in enumerate(_answered(directory.parent / MANIFEST))}
    paths = sorted(
        directory.glob("*.json"), key=lambda path: (answered.get(path.stem, len(answered)), _natural(path.stem))
    )
    return tuple(_load(path, adapter) for path in paths)


def _answered(manifest: Path) -> list[str]:
    """The names that a manifest of any version lists; none where there is no manifest."""
    try:
        content = json.loads(manifest.read_bytes())
    except (OSError, ValueError):
        return []
    listed = content.get("examples") if isinstance(content, dict) else None
    return [name for name in listed if isinstance(name, str)] if isinstance(listed, list) else []


def _load(path: Path, adapter: TypeAdapter[Example]) -> Example:
    from pydantic import ValidationError

    try:
        return adapter.validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ExportError(
            f"{path.name} is not an example: {place + ': ' if place else ''}{first['msg']}",
            hint="export the notebook again, or delete the file",
        ) from error


def _natural(name: str) -> tuple[tuple[int, int | str], ...]:
    return tuple((0, int(part)) if part.isdecimal() else (1, part) for part in re.split(r"(\d+)", name) if part)
