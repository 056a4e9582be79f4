"""The stages in order. The magics, the shell and later the panel call these; nothing else puts stages together.

``Captured → Lock → Plan → Project → Image → RunningService → Report``
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from .errors import ExportError, FreezeError, UsageError
from .events import Emit, StartOver, ignore
from .values import Example, Image, Lock, Problem, Project, Report, RunningService, Sought

if TYPE_CHECKING:
    from .capture.spec import Captured
    from .engine import Engine, Finding, RunOptions
    from .export import Difference, Finish, Plan
    from .runtime.manifest import Manifest
    from .smoke import EngineFacts

Result = TypeVar("Result")


def export(
    captured: Captured,
    directory: Path,
    *,
    force: bool = False,
    platform: str | None = None,
    base: str | None = None,
    allow_secrets: Collection[str] = (),
    emit: Emit = ignore,
) -> Project:
    """Freeze the captured service, write its project and answer its examples in a clean room before it is in place.

    Raises ``FreezeError`` and ``ExportError``; ``directory`` is then as it was.
    """
    from .export import write

    return _with_lock(
        captured,
        platform,
        base,
        allow_secrets,
        emit,
        use=lambda plan, finish: write(
            plan,
            directory,
            force=force,
            finish=finish,
            allow_secrets=allow_secrets,
            secrets=captured.secrets,
            place=captured.place,
            emit=emit,
        ),
    )


def compare(
    captured: Captured,
    directory: Path,
    *,
    platform: str | None = None,
    base: str | None = None,
    allow_secrets: Collection[str] = (),
    emit: Emit = ignore,
) -> tuple[Difference, ...]:
    """How ``directory`` differs from what the notebook gives now. Raises as :func:`export`; nothing is written."""
    from .export import compare as differences

    def use(plan: Plan, finish: Callable[[Path], Finish]) -> tuple[Difference, ...]:
        return differences(plan, directory, finish=finish, explain=_answer_changed)

    return _with_lock(captured, platform, base, allow_secrets, emit, use=use)


def _answer_changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """How an example's answer changed, as the parity test words it."""
    from .smoke import compare as mismatches
    from .smoke import difference_text

    return difference_text(mismatches(before, now))


class _LockTooSmall(StartOver):
    """The service looked for distributions that its lock lacks, and the kernel's answers may depend on them."""

    def __init__(self, names: Collection[str], sought: Sought) -> None:
        super().__init__(f"once more, with {', '.join(names)}: the notebook's libraries used what is in there")
        self.sought = sought


def _with_lock(
    captured: Captured,
    platform: str | None,
    base: str | None,
    allow_secrets: Collection[str],
    emit: Emit,
    *,
    use: Callable[[Plan, Callable[[Path], Finish]], Result],
) -> Result:
    """``use`` the plan of the service, whose lock grows until the clean room misses nothing that matters."""
    from .export import plan
    from .freeze import keep_sought, known_sought

    sought = known_sought(captured.spec)
    while True:
        lock = _frozen(captured, platform, sought, allow_secrets, emit)
        planned = plan(captured.spec, lock, base=base, allow_secrets=allow_secrets)
        try:
            result = use(planned, _verified_by_clean_room(captured, lock, emit))
        except _LockTooSmall as found:
            sought |= found.sought  # names at least one distribution more, so this ends
        else:
            keep_sought(captured.spec, sought)
            return result


def _frozen(
    captured: Captured, platform: str | None, sought: Sought, allow_secrets: Collection[str], emit: Emit
) -> Lock:
    """The lock. Where there can be none, the error tells of the secrets as well, which would be the next one."""
    from .export import secrets_of
    from .freeze import freeze

    try:
        return freeze(captured.spec, platform=platform, sought=sought, emit=emit)
    except FreezeError as error:
        secrets = secrets_of(captured.spec, allow_secrets, captured.secrets, captured.place)
        if not secrets:
            raise
        found = error.problems or (Problem(message=error.message, hint=error.hint, where=error.where),)
        message = f"{len(found) + len(secrets)} things stand in the way of an export"
        raise FreezeError(message, problems=(*found, *secrets), log=error.log) from error


def _verified_by_clean_room(captured: Captured, lock: Lock, emit: Emit) -> Callable[[Path], Finish]:
    """What ``write`` calls on the staged project: it must answer every example as the kernel did."""
    from .export import Finish
    from .freeze import lacks
    from .smoke import clean_room

    spec = captured.spec
    needed = spec.closure.environment
    environment = {**{name: os.environ[name] for name in needed if name in os.environ}, **captured.secrets}

    def finish(root: Path) -> Finish:
        found = clean_room(
            root,
            allowed=[distribution.name for distribution in lock.distributions],
            examples=spec.examples,
            definitions=spec.closure.definitions,
            environment=environment,
            included=[path for path, _ in spec.closure.files],
            emit=emit,
        )
        if more := lacks(lock, found.sought):
            raise _LockTooSmall(more, found.sought)
        if found.problems:
            raise ExportError(
                "away from the notebook, the service does not answer as the notebook did",
                problems=found.problems,
                log=found.log,
            )
        return Finish(found.openapi, found.verified)

    return finish


# --- image --------------------------------------------------------------------------------------


def build(
    directory: Path | str,
    *,
    tag: str | None = None,
    builder: str = "auto",
    platform: str | None = None,
    base: str | None = None,
    no_cache: bool = False,
    push: str | None = None,
    emit: Emit = ignore,
) -> Image:
    """Build the image of an exported folder, and push it to ``push`` if that is given.

    Raises ``BuildError``, ``EngineUnavailableError`` and, for a folder that is no project, ``ExportError``.
    """
    from . import image
    from .export import load_project

    built = image.build(
        load_project(directory), tag=tag, builder=builder, platform=platform, base=base, no_cache=no_cache, emit=emit
    )
    if push is not None:
        image.push(built.reference, push, emit=emit)
    return built


def push(reference: str, target: str, *, emit: Emit = ignore) -> str:
    """Push an image; its digest at the registry. Raises ``RegistryError``."""
    from . import image

    return image.push(reference, target, emit=emit)


def images() -> list[Image]:
    """Images that nb2svc built, on the engine of this machine; none where no engine answers."""
    from . import image
    from .errors import EngineError

    try:
        return image.list_images()
    except EngineError:
        return []


def inspect(target: str) -> Manifest | Image:
    """What a folder or an image holds. Raises ``UsageError`` where it is neither."""
    from . import image
    from .export import load_project
    from .runtime.manifest import Manifest

    if Path(target).is_dir():
        return Manifest.load(load_project(target).root)
    return image.inspect(target)


def installed_sizes(found: Manifest | Image) -> dict[str, int]:
    """Bytes of a project's distributions, by name, where this interpreter has the same version of them."""
    from .freeze import installed_owners
    from .runtime.manifest import Manifest

    if not isinstance(found, Manifest):
        return {}
    here = ((one, installed_owners().named(one.name)) for one in found.distributions)
    return {one.name: size for one, of in here if of and of.version == one.version and (size := of.size) is not None}


# --- running ------------------------------------------------------------------------------------


def run(
    target: Path | str,
    *,
    engine: str = "auto",
    port: int | None = None,
    host: str = "127.0.0.1",
    env: Mapping[str, str] | None = None,
    memory: str | None = None,
    cpus: float | None = None,
    emit: Emit = ignore,
) -> RunningService:
    """Start a folder or an image and wait until it is ready.

    An engine that runs images gets a folder's image built first (nothing is built that did not change). ``auto``
    is Docker where it answers, else a process; an image always needs an engine that runs images.
    """
    from .engine import RunOptions

    options = RunOptions(port=port, host=host, env=dict(env or {}), memory=memory, cpus=cpus, explain=_explain)
    return _start(target, engine, options, emit)[1]


def _start(target: Path | str, engine: str, options: RunOptions, emit: Emit) -> tuple[Engine, RunningService]:
    from dataclasses import replace

    from .engine import get
    from .export import load_project
    from .package_index import user_index

    if not Path(target).is_dir():
        chosen = get("docker" if engine == "auto" else engine, emit=emit)
        return chosen, chosen.start(str(target), options, emit=emit)
    project = load_project(target)
    chosen = get(engine, index=lambda: user_index().install_environment, emit=emit)
    if chosen.name != "process":
        options = replace(options, image=build(project.root, emit=emit).reference)
    return chosen, chosen.start(project, options, emit=emit)


def _explain(log: str, exit_code: int | None) -> str:
    from .smoke import likely_cause

    cause = likely_cause(log, exit_code=exit_code)
    return "" if cause is None else str(cause)


def running() -> list[RunningService]:
    """Services that nb2svc left running on this machine."""
    from . import engine

    return engine.running()


def _found(service: RunningService | str) -> RunningService:
    if isinstance(service, RunningService):
        return service
    known = running()
    for one in known:
        if service in {one.name, one.id, one.url}:
            return one
    names = ", ".join(one.name for one in known) or "none"
    raise UsageError(f"No service {service!r} runs.", hint=f"Running: {names}.")


def logs(service: RunningService | str, *, tail: int = 100) -> str:
    """The last ``tail`` lines of a service's log. Raises ``UsageError`` where no such service runs."""
    from .engine import get

    found = _found(service)
    return get(found.engine).logs(found, tail)


def follow(service: RunningService | str) -> Iterator[str]:
    """A service's log, past and to come, until it ends."""
    from .engine import get

    found = _found(service)
    return get(found.engine).follow(found)


def stop(service: RunningService | str, *, emit: Emit = ignore) -> None:
    """Stop a service: SIGTERM, time to finish what it is answering, then SIGKILL."""
    from .engine import get
    from .events import progress

    found = _found(service)
    with progress("run", f"Stopping {found.name}", emit):
        get(found.engine).stop(found)


def doctor() -> list[Finding]:
    """What this machine can do, and what to do about the rest."""
    from . import engine

    return engine.doctor()


# --- smoke and parity ---------------------------------------------------------------------------


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
    from .engine import RunOptions

    folder = Path(target) if Path(target).is_dir() else None
    options = RunOptions(wait=0, explain=_explain)  # the probe waits: a service that does not start is a finding
    chosen, service = _start(target, engine, options, emit)
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
    from .smoke import EngineFacts, load_examples, probe

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
    from .engine import get

    return get(service.engine) if service.engine in {"docker", "podman", "process"} else None


def _image_sizes(service: RunningService) -> tuple[int | None, int | None]:
    from . import image

    if not service.image:
        return None, None
    found = image.inspect(service.image)
    return found.size, found.base_size


@contextmanager
def _project_of(folder: Path | None, image_reference: str) -> Iterator[Path | None]:
    """The folder with the examples: the one given, else what the image itself holds of it."""
    from . import image

    if folder is not None or not image_reference:
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="nb2svc-image-") as target:
        image.extract(image_reference, ("examples", "openapi.json", "nb2svc.json"), Path(target))
        yield Path(target)
