"""Is a folder what the notebook gives now? Nothing in it is touched."""

from __future__ import annotations

import difflib
import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..runtime.manifest import Manifest
from .finish import Finisher
from .folder import project_files, sha256_of
from .manifest import manifest_text
from .plan import MANIFEST, OPENAPI, Content, Plan, StagedFile
from .projects import load_manifest, load_project
from .stage import digest_of, stage

_MAX_DIFF = 1 << 20  # bytes: two texts above this are compared by their digests


@dataclass(frozen=True, slots=True)
class Difference:
    """A file that is not what the notebook gives: ``missing`` from the folder, ``unexpected`` there, or ``changed``.

    ``detail`` is a unified diff of texts, or sizes and digests.
    """

    path: str
    kind: Literal["missing", "unexpected", "changed"]
    detail: str = ""


def compare(plan: Plan, directory: Path | str, *, finish: Finisher | None = None) -> tuple[Difference, ...]:
    """Where the project in ``directory`` differs from that of ``plan``, by path.

    With ``finish`` the project is made and finished in a temporary folder, so that ``openapi.json`` and
    ``verified`` are compared too; without, those are taken as they are. Raises ``ExportError`` where
    ``directory`` holds no project.
    """
    root = load_project(directory).root
    if finish is None:
        return _differences(_expected(plan, load_manifest(root), root), root)
    with tempfile.TemporaryDirectory(prefix="nb2svc-check-") as folder:
        stage(plan, Path(folder), finish)
        made = {path: StagedFile(Path(folder, path)) for path in project_files(Path(folder))}
        return _differences(dict(made), root)


def _expected(plan: Plan, present: Manifest, root: Path) -> dict[str, Content]:
    files = {path: digest_of(content) for path, content in plan.files.items()}
    files[OPENAPI] = present.files.get(OPENAPI, "")
    told = len(plan.manifest.warnings)
    manifest = plan.manifest.model_copy(
        update={
            "files": dict(sorted(files.items())),
            "verified": present.verified,
            "warnings": (*plan.manifest.warnings, *present.warnings[told:]),
        }
    )
    return {
        **plan.files,
        OPENAPI: StagedFile(root / OPENAPI, files[OPENAPI]),
        MANIFEST: manifest_text(manifest).encode(),
    }


def _differences(expected: dict[str, Content], root: Path) -> tuple[Difference, ...]:
    present = set(project_files(root))
    found = []
    for path in sorted(present | expected.keys()):
        if path not in expected:
            found.append(Difference(path, "unexpected"))
        elif path not in present:
            found.append(Difference(path, "missing"))
        elif sha256_of(root / path) != digest_of(expected[path]):
            found.append(Difference(path, "changed", _detail(path, expected[path], root / path)))
    return tuple(found)


def _detail(path: str, expected: Content, actual: Path) -> str:
    now, there = _text(expected), _text(StagedFile(actual))
    if now is None or there is None:
        return f"{_measures(StagedFile(actual))} in the folder, {_measures(expected)} from the notebook"
    lines = difflib.unified_diff(
        there.splitlines(keepends=True), now.splitlines(keepends=True), f"{path} (folder)", f"{path} (notebook)"
    )
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _text(content: Content) -> str | None:
    if isinstance(content, StagedFile):
        if not content.source.is_file() or content.source.stat().st_size > _MAX_DIFF:
            return None
        content = content.source.read_bytes()
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _measures(content: Content) -> str:
    if isinstance(content, bytes):
        return f"{len(content)} bytes (sha256 {hashlib.sha256(content).hexdigest()[:12]}…)"
    size = content.source.stat().st_size if content.source.is_file() else "no"
    return f"{size} bytes (sha256 {digest_of(content)[:12]}…)"
