"""Where a model's file is looked for. Standard library only, as :mod:`.ahead`, which looks before anything is imported.

The project's own file is the first choice, wherever the model is said to lie: tests and reloads then need no volume and
no network. Whichever file it is, it must have the manifest's digest.
"""

from __future__ import annotations

from pathlib import Path

FOLDER = "models/"  # of the project, which the folder of a volume stands for


def place_of(path: str, root: Path, folder: Path | None) -> Path:
    """The file ``path`` of the project ``root``; where there is none, that of ``folder`` (``SERVICE_MODELS``)."""
    own = root / path
    return own if folder is None or own.exists() else folder / path.removeprefix(FOLDER)
