"""The recorded examples of a project, read from their files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ExportError
from ..values import Example

if TYPE_CHECKING:
    from pydantic import TypeAdapter


def load_examples(directory: Path) -> tuple[Example, ...]:
    """The examples of ``directory`` (a project's ``examples/``) by name, ``predict-2`` before ``predict-10``.

    A missing folder holds none. Raises ``ExportError`` where a file is no example.
    """
    from pydantic import TypeAdapter

    adapter = TypeAdapter(Example)
    paths = sorted(directory.glob("*.json"), key=lambda path: _natural(path.stem))
    return tuple(_load(path, adapter) for path in paths)


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
