"""A case: one notebook in a folder of its own, and what must become of it.

``tests/cases/<group>/<case>/`` holds

- ``notebook.py``: on its first line a comment that says the case in a sentence, then the cells in the order in which
  they are executed. Each begins with ``# %% [id]``; the same id again is the same cell, edited or run again. After the
  id may stand ``fails`` (the cell raises, and the notebook goes on) or ``deletes other`` (the cell ``other`` is gone
  from the notebook when this one runs). A cell ``[load]`` with ``%load_ext nb2svc`` says where that stands; without
  one the harness runs it first.
- ``case.toml``: the fields of :class:`Expected`, and no other.
- ``verify.py``, where the examples do not say it all: ``verify(ask, project)`` with ``ask(method, path, json=None)``,
  which gives ``(status, value)``, and the exported folder; ``ask.address`` is where the service is.
- ``machine.py``, where the notebook lives on a machine unlike this one: ``prepare(machine)``, with a machine of
  :mod:`machines`, sets up package indexes, their settings or an interpreter before the kernel starts.
- anything else: copied to the notebook's working directory.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT: Final = Path(__file__).parent
SECTIONS: Final = (
    "Definitions",
    "Modules",
    "Objects",
    "Frameworks",
    "Schemas",
    "Files and environment",
    "Freeze",
    "Clean room",
    "All problems at once",
)
EXPORT: Final = "export"  # the cell that every notebook has at its end
_OWN: Final = {"notebook.py", "case.toml", "verify.py", "machine.py", "__pycache__"}
_CELL: Final = re.compile(
    r"^# %% \[(?P<id>[\w-]+)\](?P<fails> fails)?(?: deletes (?P<deletes>[\w -]+))?$\n", re.MULTILINE
)


class CaseError(Exception):
    """A folder that is no case; the message names the file and what is wrong in it."""


class Expected(BaseModel):
    """``case.toml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = Field(min_length=1)  # of the docs' table
    section: Literal[SECTIONS]  # type: ignore[valid-type]
    outcome: Literal["serves", "refused"]
    cell: str = ""  # refused: the id of the cell that must fail, or ``export``
    says: tuple[str, ...] = ()  # refused: each is part of the error
    warns: tuple[str, ...] = ()  # serves: each is part of what the cells showed
    docker: bool = False  # serves: in a container too
    needs: tuple[str, ...] = ()  # import names that must be installed
    engine: Literal["process", "none"] = "process"  # serves; none: what it needs is too large, the clean room must do
    export: str = ""  # options of ``%nb2svc export``
    env: dict[str, str] = {}  # environment variables of kernel and service

    @model_validator(mode="after")
    def fits_together(self) -> Expected:
        if self.outcome == "serves" and (self.cell or self.says):
            raise ValueError("cell and says are for cases that are refused")
        if self.outcome == "refused" and not (self.cell and self.says):
            raise ValueError("a refused case names the cell, and what the error says")
        if self.docker and self.engine == "none":
            raise ValueError("without an engine there is no container")
        if self.outcome == "refused" and (self.warns or self.docker):
            raise ValueError("warns and docker are for cases that are served")
        return self


@dataclass(frozen=True)
class Cell:
    """One execution of one cell."""

    id: str
    source: str
    fails: bool = False
    deletes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    folder: Path
    sentence: str
    expected: Expected
    cells: tuple[Cell, ...]

    @property
    def name(self) -> str:
        return f"{self.folder.parent.name}/{self.folder.name}"

    @property
    def files(self) -> list[Path]:
        """What belongs beside the notebook."""
        return [path for path in sorted(self.folder.iterdir()) if path.name not in _OWN]

    @property
    def verify(self) -> Path | None:
        return self._script("verify.py")

    @property
    def machine(self) -> Path | None:
        return self._script("machine.py")

    def _script(self, name: str) -> Path | None:
        path = self.folder / name
        return path if path.exists() else None


def folders() -> list[Path]:
    """Every folder of a group: each must be a case."""
    return sorted(path for path in ROOT.glob("*/*") if path.is_dir() and "__pycache__" not in path.parts)


def load(folder: Path) -> Case:
    """Raises ``CaseError``."""
    expected = _expected(folder / "case.toml")
    sentence, cells = _notebook(folder / "notebook.py")
    case = Case(folder, sentence, expected, cells)
    if expected.outcome == "refused" and expected.cell not in {EXPORT, *(cell.id for cell in cells)}:
        raise CaseError(f"{case.name}/case.toml: the notebook has no cell [{expected.cell}]")
    if expected.outcome == "refused" and case.verify:
        raise CaseError(f"{case.name}/verify.py: there is no service to verify in a refused case")
    return case


def _expected(path: Path) -> Expected:
    place = "/".join(path.parts[-3:])
    try:
        content: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        return Expected.model_validate(content)
    except OSError:
        raise CaseError(f"{place} is missing") from None
    except tomllib.TOMLDecodeError as error:
        raise CaseError(f"{place}: {error}") from None
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}".lstrip(": ") for each in error.errors()]
        raise CaseError(f"{place}: {'; '.join(faults)}") from None


def _notebook(path: Path) -> tuple[str, tuple[Cell, ...]]:
    place = "/".join(path.parts[-3:])
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        raise CaseError(f"{place} is missing") from None
    marks = list(_CELL.finditer(text))
    if len(re.findall(r"^# ?%%", text, re.MULTILINE)) != len(marks):
        raise CaseError(f"{place}: a line `# %%` that is not of the form `# %% [id]`, `fails` or `deletes` after it")
    head = text[: marks[0].start()].strip() if marks else ""
    if not re.fullmatch(r"# \S.*", head):
        raise CaseError(f"{place}: one comment that says the case must stand before the cells, and nothing else")
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    cells = tuple(
        Cell(
            id=mark["id"],
            source=text[mark.end() : end].strip("\n"),
            fails=bool(mark["fails"]),
            deletes=tuple((mark["deletes"] or "").split()),
        )
        for mark, end in zip(marks, ends, strict=True)
    )
    empty = [cell.id for cell in cells if not cell.source.strip()]
    if empty:
        raise CaseError(f"{place}: cell [{empty[0]}] is empty")
    return head.removeprefix("# "), cells
