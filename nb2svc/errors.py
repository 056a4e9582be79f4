"""The errors of nb2svc.

    Nb2svcError                    one root; every error says where, what and what to do next
    ├── UsageError                 a wrong option, argument or name                        exit 2
    ├── NotebookError              a cell of the notebook failed                           exit 3
    ├── CaptureError               something that the service needs cannot be captured     exit 4
    ├── FreezeError                the environment cannot be frozen                        exit 5
    ├── ExportError                the project cannot be written or does not verify        exit 6
    │   └── ProjectEditedError     the folder holds something that nb2svc did not write
    ├── BuildError                 the image cannot be built                               exit 7
    ├── EngineError                the engine refused or failed                            exit 8
    │   ├── EngineUnavailableError no such engine answers on this machine
    │   └── StartError             the service did not become ready
    └── RegistryError              a push or pull failed                                   exit 9

Exit 0 is success, 1 a difference that a test found, 130 Ctrl-C.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from .values import Problem, Where


class Nb2svcError(Exception):
    """Root of all errors that a user may see.

    ``problems`` holds all that was found, each with its place and next step; ``log`` the last lines of a
    tool that failed, where there was one.
    """

    exit_code = 1

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        where: Where | None = None,
        problems: Iterable[Problem] = (),
        log: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.where = where or Where()
        self.problems = in_cell_order(problems)
        self.log = log

    def __str__(self) -> str:
        head = str(Problem(message=self.message, hint=self.hint, where=self.where))
        parts = [head, *(str(problem) for problem in self.problems)]
        if self.log:
            parts.append(self.log.rstrip())
        return "\n".join(parts)

    def _render_traceback_(self) -> list[str]:
        """What IPython shows instead of a traceback: our frames would tell the user nothing."""
        lines = [f"{type(self).__name__}: {self!s}"]
        if self.__cause__ is not None:
            from .ui.tracebacks import user_traceback

            lines += ["", *user_traceback(self.__cause__)]
        return lines


class UsageError(Nb2svcError):
    exit_code = 2


class NotebookError(Nb2svcError):
    exit_code = 3


class CaptureError(Nb2svcError):
    exit_code = 4


class FreezeError(Nb2svcError):
    exit_code = 5


class ExportError(Nb2svcError):
    exit_code = 6


class ProjectEditedError(ExportError):
    pass


class BuildError(Nb2svcError):
    exit_code = 7


class EngineError(Nb2svcError):
    exit_code = 8


class EngineUnavailableError(EngineError):
    pass


class StartError(EngineError):
    pass


class RegistryError(Nb2svcError):
    exit_code = 9


def in_cell_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Grouped by cell, in the order in which the cells ran; what belongs to no cell last."""
    return tuple(sorted(problems, key=lambda one: (one.where.cell is None, one.where.cell or 0)))


def to_message(error: Nb2svcError) -> dict[str, Any]:
    """An error as plain JSON, to cross from a kernel to its client. The traceback of its cause joins the log."""
    cause = error._render_traceback_()[1:]
    return {
        "type": type(error).__name__,
        "message": error.message,
        "hint": error.hint,
        "where": asdict(error.where),
        "problems": [asdict(problem) for problem in error.problems],
        "log": "\n".join(part for part in (error.log.rstrip(), "\n".join(cause).strip("\n")) if part),
    }


def from_message(message: Mapping[str, Any]) -> Nb2svcError:
    """Read :func:`to_message` back; a type that this version does not know becomes the root."""
    kinds = {kind.__name__: kind for kind in _tree(Nb2svcError)}
    return kinds.get(message["type"], Nb2svcError)(
        message["message"],
        hint=message.get("hint", ""),
        where=Where(**message.get("where") or {}),
        problems=[
            Problem(message=found["message"], hint=found.get("hint", ""), where=Where(**found.get("where") or {}))
            for found in message.get("problems", ())
        ],
        log=message.get("log", ""),
    )


def _tree(kind: type[Nb2svcError]) -> Iterator[type[Nb2svcError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _tree(child)
