"""``RunningService → Report``: smoke and parity."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..events import Emit, ignore
from ..values import Example, Report, RunningService
from .services import explain, start

if TYPE_CHECKING:
    from ..engine import Engine
    from ..smoke import EngineFacts


def test(
    target: RunningService | Path | str,
    *,
    project: Path | None = None,  # noqa: PT028 - the stage of that name, no test of pytest
    engine: str = "auto",  # noqa: PT028
    emit: Emit = ignore,  # noqa: PT028
) -> Report:
    """Replay the examples against a folder, an image, a URL or what already runs, and check the service.

    What is not running is started for the test and stopped after it. The examples are those of ``project`` (an
    exported folder); by default of the folder itself, or those inside the image. For a URL without ``project``
    only health and OpenAPI are checked. Never raises for what the service does: that is in the report.
    """
    if isinstance(target, str) and target.startswith(("http://", "https://")):
        service = RunningService(name=target.partition("//")[2], url=target.rstrip("/"), engine="url")
        return _probe(service, project, None, load_seconds=0.0, emit=emit)
    if isinstance(target, RunningService):
        with _project_of(project, target.image) as folder:
            return _probe(target, folder, _engine_of(target), emit=emit)
    return _started_and_probed(target, project, engine, emit)


def _started_and_probed(target: Path | str, project: Path | None, engine: str, emit: Emit) -> Report:
    from ..engine import RunOptions

    folder = Path(target) if Path(target).is_dir() else None
    options = RunOptions(wait=0, explain=explain)  # the probe waits: a service that does not start is a finding
    chosen, service = start(target, engine, options, emit)
    try:
        with _project_of(project or folder, service.image) as examples:
            return _probe(service, examples, chosen, emit=emit)
    finally:
        chosen.stop(service)


def _probe(
    service: RunningService,
    folder: Path | None,
    engine: Engine | None,
    *,
    load_seconds: float = 1.5,
    emit: Emit,
) -> Report:
    from ..smoke import EngineFacts, load_examples, probe

    examples: Sequence[Example] = load_examples(folder / "examples") if folder else ()
    if engine is None:
        return probe(service, examples, project=folder, load_seconds=load_seconds, emit=emit)

    def facts() -> EngineFacts:
        stats = engine.stats(service)
        image, base = _image_sizes(service)
        return EngineFacts(
            memory_bytes=stats.memory_bytes,
            uid=stats.uid,
            image_bytes=image,
            base_bytes=base,
            exit_code=stats.exit_code,
            oom_killed=stats.oom_killed,
        )

    return probe(
        service,
        examples,
        facts=facts,
        project=folder,
        load_seconds=load_seconds,
        logs=lambda: engine.logs(service, 200),
        alive=lambda: engine.stats(service).running,
        listening=lambda: engine.stats(service).listening is not False,
        emit=emit,
    )


def _engine_of(service: RunningService) -> Engine | None:
    from ..engine import get

    return get(service.engine) if service.engine in {"docker", "podman", "process"} else None


def _image_sizes(service: RunningService) -> tuple[int | None, int | None]:
    from .. import image

    if not service.image:
        return None, None
    found = image.inspect(service.image)
    return found.size, found.base_size


@contextmanager
def _project_of(folder: Path | None, image_reference: str) -> Iterator[Path | None]:
    """The folder with the examples: the one given, else what the image itself holds of it."""
    from .. import image

    if folder is not None or not image_reference:
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="nb2svc-image-") as target:
        image.extract(image_reference, ("examples", "openapi.json", "nb2svc.json"), Path(target))
        yield Path(target)
