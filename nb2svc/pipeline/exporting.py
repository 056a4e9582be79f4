"""``Captured → Lock → Plan → Project``: the project is written when its examples are answered in the clean room."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import ExportError, FreezeError
from ..events import Emit, StartOver, ignore
from ..values import Lock, Problem, Project, Sought

if TYPE_CHECKING:
    from ..capture.spec import Captured
    from ..export import Difference, Finish, Plan

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
    from ..export import write

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
    from ..export import compare as differences

    def use(plan: Plan, finish: Callable[[Path], Finish]) -> tuple[Difference, ...]:
        return differences(plan, directory, finish=finish, explain=_answer_changed)

    return _with_lock(captured, platform, base, allow_secrets, emit, use=use)


def _answer_changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """How an example's answer changed, as the parity test words it."""
    from ..smoke import compare as mismatches
    from ..smoke import difference_text

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
    from ..export import plan
    from ..freeze import keep_sought, known_sought

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
    from ..export import secrets_of
    from ..freeze import freeze

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
    from ..export import Finish
    from ..freeze import lacks
    from ..smoke import clean_room

    spec = captured.spec
    needed = spec.closure.environment
    zone = {} if "TZ" in dict(spec.closure.set_here) else {"TZ": "UTC"}  # a container's, unless a cell sets another
    declared = {name: os.environ[name] for name in needed if name in os.environ}
    environment = {**zone, **declared, **captured.secrets}

    def finish(root: Path) -> Finish:
        found = clean_room(
            root,
            allowed=[distribution.name for distribution in lock.distributions],
            examples=spec.examples,
            definitions=spec.closure.definitions,
            helpers=[helper.name for helper in spec.closure.helpers],
            settings=spec.ambient,
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
        return Finish(found.openapi, found.verified, found.told)

    return finish
