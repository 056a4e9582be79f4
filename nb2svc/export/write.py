"""The only writer: a plan becomes a folder, whole or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ..errors import ExportError, ProjectEditedError
from ..events import Emit, ignore, progress
from ..runtime.manifest import Manifest
from ..values import Problem, Project
from .finish import Finish, Finisher, describe
from .folder import KEPT, Edit, edits, project_files
from .leaks import Place, nowhere, refuse_secrets, refuse_secrets_of_document
from .plan import MANIFEST, OPENAPI, Plan
from .projects import load_manifest, project_of
from .stage import digest_of, stage
from .swap import folder_beside, recover, replace_folder

_SHOWN_EDITS = 10
_NEXT_STEP = {
    errno.ENOSPC: "free some space there, or choose another folder (-o DIR)",
    errno.EDQUOT: "free some of your quota, or choose another folder (-o DIR)",
    errno.EACCES: "choose a folder that you may write to (-o DIR)",
    errno.EPERM: "choose a folder that you may write to (-o DIR)",
    errno.EROFS: "choose a folder that is not read-only (-o DIR)",
    errno.EBUSY: "choose a folder that is no mount point (-o DIR)",
}


def write(
    plan: Plan,
    directory: Path | str,
    *,
    force: bool = False,
    finish: Finisher = describe,
    allow_secrets: Collection[str] = (),
    secrets: Mapping[str, str] | None = None,
    place: Place = nowhere,
    emit: Emit = ignore,
) -> Project:
    """Write the project of ``plan`` as ``directory`` and return it.

    The folder is made beside its place, finished there by ``finish`` (called once; it answers the examples) and
    swapped in: whatever happens, ``directory`` holds the old project or the new one. One that is already what it
    should be is not touched. What stands in :data:`~.folder.KEPT` (``.git``, ``.venv``, …) survives a replacement.

    Raises ``ProjectEditedError`` where the folder holds other things than an earlier export as it was written
    (``force`` replaces an edited project, never a folder that is no project), ``ExportError`` where a likely
    secret would be written (``allow_secrets`` names those that are none, ``secrets`` gives by name the values that
    surely are, ``place`` where in an object one stands), ``finish`` refuses or the disk does.
    """
    target = Path(directory).expanduser().resolve()
    with progress("export", f"Writing {plan.name}", emit) as step:

        def finish_it(root: Path) -> Finish:
            step.step("Importing what was written")
            return finish(root)

        step.step("Looking for secrets")
        refuse_secrets(plan, allow_secrets, secrets, place)
        with _storage(target):
            recover(target, KEPT)
            present = _present(target, force=force)
        if present is not None and _is_current(plan, present, target):
            step.summary = f"{target} is as it should be"
            return project_of(target, present, _warnings(plan, present))
        with _storage(target), folder_beside(target, KEPT) as new:
            step.step(f"Writing {len(plan.files)} files")
            manifest = stage(plan, new, finish_it, reuse=_reusable(target, present))
            refuse_secrets_of_document((new / OPENAPI).read_text("utf-8"), plan, allow_secrets, secrets)
            if manifest != present:
                replace_folder(new, target, KEPT)
        project = project_of(target, manifest, _warnings(plan, manifest))
        step.summary = f"{len(project.files)} files in {target}"
        return project


def _warnings(plan: Plan, manifest: Manifest) -> tuple[Problem, ...]:
    """The plan's, and what the finished folder added to them."""
    added = manifest.warnings[len(plan.manifest.warnings) :]
    return (*plan.warnings, *(Problem(message=one) for one in added))


def _present(target: Path, *, force: bool) -> Manifest | None:
    """The manifest of the unedited project at ``target``; None where nothing is, or what is may be replaced."""
    if not os.path.lexists(target):
        return None
    if not target.is_dir():
        raise ExportError(f"{target} is a file", hint="choose another folder (-o DIR)")
    files = list(project_files(target))
    if not files:
        return None
    if MANIFEST not in files:
        raise _edited(f"{target} is no exported project", [Edit(path, "added") for path in files], may_force=False)
    try:
        manifest = load_manifest(target)
    except ExportError as error:
        if force:
            return None
        raise _edited(error.message, []) from error
    found = list(edits(target, manifest.files, manifest=MANIFEST))
    if found and not force:
        raise _edited(f"{target} was changed since nb2svc wrote it", found)
    return None if found else manifest


def _edited(message: str, found: list[Edit], *, may_force: bool = True) -> ProjectEditedError:
    shown = [Problem(message=f"{edit.kind}: {edit.path}") for edit in found[:_SHOWN_EDITS]]
    if len(found) > _SHOWN_EDITS:
        shown.append(Problem(message=f"and {len(found) - _SHOWN_EDITS} more"))
    replace = ", or --force to replace it with what the notebook gives now" if may_force else ""
    return ProjectEditedError(message, hint=f"choose another folder (-o DIR){replace}", problems=shown)


def _is_current(plan: Plan, present: Manifest, target: Path) -> bool:
    """Whether ``target``, unedited since ``present``, is what ``plan`` would give and was verified."""
    told = len(plan.manifest.warnings)
    only_of_folder = {"files": {}, "verified": False, "warnings": present.warnings[:told]}
    if not present.verified or present.model_copy(update=only_of_folder) != plan.manifest:
        return False
    planned = {path: digest_of(content) for path, content in plan.files.items()}
    return {**planned, OPENAPI: present.files.get(OPENAPI, "")} == present.files and (target / MANIFEST).is_file()


def _reusable(target: Path, present: Manifest | None) -> dict[str, Path]:
    """Artifacts of the project that is to be replaced, by SHA-256: what did not change need not be copied."""
    if present is None:
        return {}
    return {artifact.sha256: target / artifact.path for artifact in present.artifacts}


@contextmanager
def _storage(target: Path) -> Iterator[None]:
    """What the disk refuses, as an ``ExportError`` that says where and what to do."""
    try:
        yield
    except OSError as error:
        place = error.filename or target
        raise ExportError(
            f"{target} cannot be written: {error.strerror or error} ({place})",
            hint=_NEXT_STEP.get(error.errno or 0, "choose another folder (-o DIR)"),
        ) from error
