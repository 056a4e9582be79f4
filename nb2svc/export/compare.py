"""Is a folder what the notebook gives now? Nothing in it is touched."""

from __future__ import annotations

import difflib
import io
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ..runtime.manifest import Manifest
from .finish import Finisher
from .folder import project_files
from .manifest import manifest_text
from .plan import MANIFEST, OPENAPI, Content, Plan, StagedFile
from .projects import load_manifest, load_project
from .stage import digest_of, stage

_MAX_DIFF = 1 << 20  # bytes: two texts above this are compared by their digests
_SHORT = 12  # characters of a digest that a person compares
_EXAMPLES = "examples/"


@dataclass(frozen=True, slots=True)
class Difference:
    """A file that is not what the notebook gives: ``missing`` from the folder, ``unexpected`` there, or ``changed``.

    ``detail`` is a unified diff of texts from the folder (a) to the notebook (b), both digests of other files, and of
    an example what its answer was and is.
    """

    path: str
    kind: Literal["missing", "unexpected", "changed"]
    detail: str = ""


Explain = Callable[[Mapping[str, Any], Mapping[str, Any]], str]
"""How the first recorded answer (``Example.response``) differs from the second; "" where it does not."""


def compare(
    plan: Plan, directory: Path | str, *, finish: Finisher | None = None, explain: Explain | None = None
) -> tuple[Difference, ...]:
    """Where the project in ``directory`` differs from that of ``plan``, by path.

    With ``finish`` the project is made and finished in a temporary folder, so that ``openapi.json`` and
    ``verified`` are compared too; without, those are taken as they are. ``explain`` words what changed in an example's
    answer. File modes and, in texts, the kind of line ends do not count: version control rewrites both. Raises
    ``ExportError`` where ``directory`` holds no project.
    """
    root = load_project(directory).root
    if finish is None:
        return _Comparison(plan, root, _expected(plan, load_manifest(root), root), explain).differences()
    with tempfile.TemporaryDirectory(prefix="nb2svc-check-") as folder:
        stage(plan, Path(folder), finish)
        made: dict[str, Content] = {path: StagedFile(Path(folder, path)) for path in project_files(Path(folder))}
        return _Comparison(plan, root, made, explain).differences()


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


class _Comparison:
    """The files in ``root`` beside those that the notebook gives."""

    def __init__(self, plan: Plan, root: Path, expected: Mapping[str, Content], explain: Explain | None) -> None:
        self._root = root
        self._expected = expected
        self._explain = explain
        self._why = {artifact.path: artifact.why for artifact in plan.manifest.artifacts}

    def differences(self) -> tuple[Difference, ...]:
        present = set(project_files(self._root))
        found = []
        for path in sorted(present | self._expected.keys()):
            if path not in self._expected:
                found.append(Difference(path, "unexpected"))
            elif path not in present:
                found.append(Difference(path, "missing"))
            elif not self._is_same(path):
                found.append(Difference(path, "changed", self._detail(path)))
        return tuple(found)

    def _is_same(self, path: str) -> bool:
        expected, there = self._expected[path], StagedFile(self._root / path)
        if not there.source.is_file():  # a link to nowhere
            return False
        if digest_of(expected) == digest_of(there):
            return True
        if path in self._why:  # the service checks the digest of what it unpickles
            return False
        now, before = _text(expected), _text(there)
        return now is not None and before is not None and _unix(now) == _unix(before)

    def _detail(self, path: str) -> str:
        expected, there = self._expected[path], StagedFile(self._root / path)
        now, before = _text(expected), _text(there)
        if path in self._why or now is None or before is None:
            return self._digests(path, expected, there)
        if path.startswith(_EXAMPLES) and (told := self._answers(before, now)):
            return told
        if path == MANIFEST:
            before, now = self._without_digests(before, now)
        return "".join(_unified(path, _unix(before), _unix(now)))

    def _answers(self, before: str, now: str) -> str:
        """How the answer to an example changed; "" where more than that did."""
        if self._explain is None:
            return ""
        try:
            old, new = json.loads(before), json.loads(now)
            if {**old, "response": None} != {**new, "response": None}:
                return ""
            return self._explain(old["response"], new["response"])
        except (ValueError, KeyError, TypeError):  # somebody wrote it by hand
            return ""

    def _digests(self, path: str, expected: Content, there: StagedFile) -> str:
        why = f", {self._why[path]}" if path in self._why else ""
        return f"sha256 {_measures(there)} → {_measures(expected)}{why}"

    def _without_digests(self, before: str, now: str) -> tuple[str, str]:
        """Both manifests without the digests of the other files, unless nothing else differs."""
        try:
            old, new = (Manifest.model_validate_json(text) for text in (before, now))
        except ValueError:
            return before, now
        if old.model_copy(update={"files": {}}) == new.model_copy(update={"files": {}}):
            return before, now
        return manifest_text(old.model_copy(update={"files": {}})), manifest_text(new.model_copy(update={"files": {}}))


def _unified(path: str, before: str, now: str) -> Iterator[str]:
    """The lines of a unified diff as ``patch -p1`` takes it."""
    # splitlines would split at form feeds, too
    old, new = list(io.StringIO(before)), list(io.StringIO(now))
    for line in difflib.unified_diff(old, new, f"a/{path}", f"b/{path}"):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _unix(text: str) -> str:
    return text.replace("\r\n", "\n")


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
    """The digest's beginning and the size."""
    if isinstance(content, StagedFile) and not content.source.is_file():
        return "nothing"
    size = len(content) if isinstance(content, bytes) else content.source.stat().st_size
    return f"{digest_of(content)[:_SHORT]}… ({size} bytes)"
