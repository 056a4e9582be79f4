"""Results of the shell's commands as a person reads them, and lists of records as JSON."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..wording import count, duration, size_text
from .why import tree_of_why

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from ..engine import Finding
    from ..runtime.manifest import ArtifactEntry, Manifest
    from ..values import Image, Project, RunningService


_KINDS = {
    "changed": "changed",
    "missing": "the notebook gives it, the folder lacks it",
    "unexpected": "the folder has it, the notebook does not give it",
}
_MOST_LINES = 200  # of one file's diff: a lock that is all new has thousands


def records_json(records: Iterable[object]) -> str:
    """Records (or plain mappings) as one JSON array."""
    return json.dumps([_plain(record) for record in records], indent=2, ensure_ascii=False)


def _plain(record: object) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(type(record)).dump_python(record, mode="json")


def listing_json(images: Sequence[Image], services: Sequence[RunningService]) -> str:
    both = {"images": [_plain(image) for image in images], "services": [_plain(service) for service in services]}
    return json.dumps(both, indent=2, ensure_ascii=False)


def project_summary(project: Project, directory: Path) -> str:
    """``iris → ./iris  (24 files, 1.3 MB; answers as the notebook did)``."""
    verified = "answers as the notebook did" if project.verified else "not verified, for it has no example"
    return f"{project.name} → {directory}  ({len(project.files)} files, {size_text(project.size)}; {verified})"


def image_summary(image: Image) -> str:
    """``iris:latest  (412 MB, 212 MB above its base; linux/amd64)``."""
    above = "" if image.base_size is None else f", {size_text(image.size - image.base_size)} above its base"
    platform = f"; {image.platform}" if image.platform else ""
    return f"{image.reference}  ({size_text(image.size)}{above}{platform})"


def check_json(found: Mapping[Path, Sequence[Mapping[str, Any]]]) -> str:
    """Differences by export."""
    return json.dumps(
        {str(directory): differences for directory, differences in found.items()}, indent=2, ensure_ascii=False
    )


def check_summary(directory: Path, found: Sequence[Mapping[str, Any]]) -> str:
    """Whether an export is what its notebook gives now; each difference, and a line that counts them."""
    if not found:
        return f"{directory} is what the notebook gives now."
    parts = [text for difference in found for text in _difference(difference)]
    counted = [
        f"{number} {kind}" for kind in ("changed", "missing", "unexpected") if (number := _number_of(found, kind))
    ]
    return "\n".join([*parts, f"{directory} is not what the notebook gives now: {', '.join(counted)}."])


def _number_of(found: Sequence[Mapping[str, Any]], kind: str) -> int:
    return sum(difference["kind"] == kind for difference in found)


def _difference(difference: Mapping[str, Any]) -> Iterator[str]:
    """A file's difference: a patch as it is, so that what is printed can be applied; else its name, and more below."""
    lines = difference.get("detail", "").splitlines()
    if not lines or not lines[0].startswith("--- a/"):
        yield f"{difference['path']}: {_KINDS[difference['kind']]}"
        yield from (f"    {line}" for line in lines)
        return
    yield from lines[:_MOST_LINES]
    if len(lines) > _MOST_LINES:
        yield f"    … and {count(len(lines) - _MOST_LINES, 'line')} more; --json shows all"


def listing(images: Sequence[Image], services: Sequence[RunningService]) -> RenderableType:
    """Images that nb2svc built, and services that run."""
    from rich.console import Group

    built = _table("IMAGE", "ID", "SIZE", "PLATFORM", "CREATED")
    for image in images:
        _row(built, image.reference, _short(image.id), size_text(image.size), image.platform, image.created[:19])
    running = _table("SERVICE", "URL", "ENGINE", "IMAGE", "UP")
    for service in services:
        up = duration(max(0.0, time.time() - service.started)) if service.started else ""
        _row(running, service.name, service.url, service.engine, service.image, up)
    parts = [built if images else "No images.", "", running if services else "No services run."]
    return Group(*parts)


def findings(found: Sequence[Finding]) -> RenderableType:
    """What ``doctor`` found, each with the next step below it."""
    from rich.text import Text

    marks = {"ok": ("✓", "green"), "warn": ("!", "yellow"), "missing": ("–", "dim")}  # noqa: RUF001 - the report's own
    table = _facts()
    for finding in found:
        mark, style = marks[finding.state]
        table.add_row(Text(mark, style=style), Text(finding.name, style="bold"), Text(finding.detail))
        if finding.hint:
            table.add_row("", "", Text(f"→ {finding.hint}", style="cyan"))
    return table


def details(found: Image | Manifest, sizes: Mapping[str, int] | None = None) -> RenderableType:
    """What ``inspect`` shows of an image, or of a project with the installed ``sizes`` of its distributions."""
    from ..values import Image

    return image_details(found) if isinstance(found, Image) else project_details(found, sizes)


def details_json(found: Image | Manifest, sizes: Mapping[str, int] | None = None) -> str:
    """The same as JSON: the record, and of a project the ``sizes`` in bytes where they are known."""
    from ..values import Image

    record = _plain(found)
    more = {} if isinstance(found, Image) else {"sizes": dict(sorted((sizes or {}).items()))}
    return json.dumps({**record, **more}, indent=2, ensure_ascii=False)


def image_details(image: Image) -> RenderableType:
    """An image's facts, labels and layers."""
    from rich.console import Group

    base = "" if image.base_size is None else f"{size_text(image.base_size)} of it the base image"
    facts = _facts(
        ("image", image.reference),
        ("id", image.id),
        ("platform", image.platform),
        ("created", image.created),
        ("size", ", ".join(part for part in (size_text(image.size), base) if part)),
        *sorted(image.labels.items()),
    )
    layers = _table("LAYER", "SIZE", "CREATED BY")
    for layer in image.layers:
        _row(layers, _short(layer.digest), size_text(layer.size), layer.created_by)
    return Group(facts, "", layers) if image.layers else facts


def _place(artifact: ArtifactEntry) -> str:
    """Where the artifact is, if not in the image."""
    if artifact.location == "bake":
        return ""
    return f", fetched from {artifact.location}" if artifact.is_fetched else ", mounted"


def project_details(manifest: Manifest, sizes: Mapping[str, int] | None = None) -> RenderableType:
    """What a project holds: routes, models, objects, environment, and its distributions as the tree of why."""
    from rich.console import Group
    from rich.text import Text

    facts = _facts(
        ("service", manifest.name),
        ("description", manifest.description),
        ("notebook", manifest.notebook.file),
        ("digest", manifest.digest),
        ("python", manifest.python),
        ("platform", manifest.platform),
        ("verified", "yes, every example answered as in the notebook" if manifest.verified else "no"),
        ("needs to be set", ", ".join(manifest.environment)),
        ("system packages", ", ".join(manifest.system)),
        ("written by", f"nb2svc {manifest.nb2svc}"),
    )
    routes = _table("ROUTE", "FROM", "CELL")
    for model in manifest.models:
        for method in model.methods:
            _row(routes, f"POST /models/{model.public}/{method}", f"model {model.name}", _number(model.cell))
    for endpoint in manifest.endpoints:
        _row(routes, f"{endpoint.method} {endpoint.path}", f"{endpoint.handler}()", _number(endpoint.cell))
    artifacts = _table("FILE", "SIZE", "TYPE", "WHY")
    for artifact in manifest.artifacts:
        _row(artifacts, artifact.path, size_text(artifact.size), artifact.type, artifact.why + _place(artifact))
    distributions = _table("DISTRIBUTION", "VERSION", "SIZE", "WHY")
    for branch in tree_of_why(manifest.distributions, sizes or {}):
        size = "" if branch.size is None else size_text(branch.size)
        _row(distributions, branch.line, branch.distribution.version, size, branch.why)
    if sizes:
        known = [sizes[one.name] for one in manifest.distributions if one.name in sizes]
        unknown = len(manifest.distributions) - len(known)
        rest = f", and {unknown} of unknown size" if unknown else ""
        _row(distributions, f"{len(known)} together{rest}", "", size_text(sum(known)), "")
    return Group(
        *_spaced(facts, routes, artifacts, distributions), *(Text(f"⚠ {warning}") for warning in manifest.warnings)
    )


def _spaced(first: RenderableType, *tables: Table) -> Iterator[RenderableType]:
    yield first
    for table in tables:
        if table.row_count:
            yield ""
            yield table


def _table(*columns: str) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold", justify="right" if column == "SIZE" else "left")
    return table


def _row(table: Table, *cells: str) -> None:
    from rich.text import Text

    table.add_row(*map(Text, cells))  # as they are: brackets in them are no markup


def _facts(*facts: tuple[str, str]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    for name, value in facts:
        if value:
            table.add_row(Text(name, style="bold"), Text(value))
    return table


def _short(digest: str) -> str:
    return digest.removeprefix("sha256:")[:12]


def _number(cell: int | None) -> str:
    return "" if cell is None else f"[{cell}]"
