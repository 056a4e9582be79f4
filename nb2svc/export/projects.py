"""Exported folders read back: as a :class:`Project`, and as a zip archive."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path

from ..errors import ExportError
from ..runtime.errors import ManifestError
from ..runtime.manifest import FILE_NAME, Manifest
from ..values import Problem, Project

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date that a zip archive can hold
_REGULAR_FILE_0644 = 0o100644 << 16


def load_project(directory: Path | str) -> Project:
    """The project in ``directory``.

    Raises ``ExportError`` where there is no such folder, it holds no project, or a newer nb2svc wrote it.
    """
    root = Path(directory).expanduser().resolve()
    if not root.is_dir():
        raise ExportError(f"there is no folder {root}", hint=f"nb2svc export NOTEBOOK.ipynb -o {directory}")
    if not (root / FILE_NAME).is_file():
        raise ExportError(
            f"{root} is no exported project: it holds no {FILE_NAME}",
            hint=f"nb2svc export NOTEBOOK.ipynb -o {directory}",
        )
    return project_of(root, load_manifest(root))


def load_manifest(root: Path) -> Manifest:
    """The manifest of the project in ``root``. Raises ``ExportError`` where it cannot be read."""
    try:
        return Manifest.load(root / FILE_NAME)
    except ManifestError as error:
        raise ExportError(error.message, hint=error.hint) from error


def project_of(root: Path, manifest: Manifest, warnings: Iterable[Problem] | None = None) -> Project:
    """The record of a project whose ``manifest`` is at hand; ``size`` counts the files that are there."""
    paths = tuple(sorted({*manifest.files, FILE_NAME}))
    if warnings is None:
        warnings = (Problem(message=warning) for warning in manifest.warnings)
    return Project(
        root=root,
        name=manifest.name,
        digest=manifest.digest,
        python=manifest.python,
        platform=manifest.platform,
        files=paths,
        size=sum((root / path).stat().st_size for path in paths if (root / path).is_file()),
        verified=manifest.verified,
        warnings=tuple(warnings),
    )


def zip_project(root: Path) -> bytes:
    """The project in ``root`` as a zip archive with one folder; the same project gives the same bytes.

    Raises ``ExportError`` as :func:`load_project` does, or where a file of the project is gone.
    """
    project = load_project(root)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for path in project.files:
            entry = zipfile.ZipInfo(f"{project.name}/{path}", _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = _REGULAR_FILE_0644
            try:
                archive.writestr(entry, (project.root / path).read_bytes())
            except OSError as error:
                raise ExportError(
                    f"{path} of {project.root} cannot be read: {error.strerror}", hint="export the notebook again"
                ) from error
    return buffer.getvalue()
