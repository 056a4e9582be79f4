"""Data files that captured code reads: those of helper packages are copied along, others must be included.

They are found twice: by the paths in the code of what the service needs, and by what is opened while the examples are
answered. Files of Python, of installed packages and of the system are none, nor is what the code writes itself.
"""

from __future__ import annotations

import ast
import glob
import os
import site
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from ..values import Definition, HelperModule, Problem, Where
from .expressions import Place
from .importable import folders_of, locate
from .modules import IsDistributed
from .opened import Opened
from .paths import Named, paths_at, paths_named
from .reach import names_in_sources

_SYSTEM = tuple(
    f"/{name}/" for name in ("proc", "sys", "dev", "etc", "usr", "lib", "lib64", "bin", "sbin", "run", "var/run")
)
_CACHES = frozenset({"__pycache__", ".ipynb_checkpoints", ".git", ".cache", ".pytest_cache", ".ruff_cache"})
_OWN = frozenset({"service", "tests", "examples", "wheels", "models", "lib"})


@dataclass
class DataFiles:
    """What was found. ``copied`` maps a path in the project to the file that goes there."""

    included: Mapping[str, Path]
    is_distributed: IsDistributed
    copied: dict[str, Path] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def read_definition(self, definition: Definition, places: Iterable[Place]) -> None:
        """Paths in the notebook's own code: ``places`` are the nodes of the definition."""
        for named in paths_at(places):
            self._needs(named.path, named.takes_folder, definition.where)

    def read_helpers(
        self,
        helpers: Mapping[str, HelperModule],
        trees: Mapping[str, ast.Module],
        parts: Mapping[str, Iterable[ast.stmt]],
    ) -> None:
        """Paths in ``parts`` of helper modules: what captured code can reach (see :func:`~.reach.reached`)."""
        for name, nodes in parts.items():
            located = locate(name)
            if located is None or not Path(located.file).is_file():
                continue  # inside an archive
            values = (
                vars(sys.modules[name])
                if name in sys.modules
                else {
                    "__file__": located.file,
                    "__name__": name,
                    "__package__": name if located.is_package else name.rpartition(".")[0],
                }
            )
            absolute = {part.value for part in ast.walk(trees[name]) if isinstance(part, ast.Constant)}
            for named in paths_named(nodes, values, trees[name]):
                where = Where(notebook=helpers[name].where.notebook, cell=helpers[name].where.cell, name=name)
                if os.path.isabs(named.path) and named.path not in absolute:  # noqa: PTH117 - from ``__file__``
                    self._beside(named, located.base, where)
                else:
                    self._needs(named.path, named.takes_folder, where)

    def read_opened(self, opened: Iterable[Opened], helpers: Mapping[str, HelperModule], where: Where) -> None:
        """What was opened while ``where`` answered its examples."""
        bases = {}
        for name in helpers:
            located = locate(name)
            if located is not None and located.file:
                bases[os.path.realpath(located.file)] = located.base
        for one in opened:
            base = bases.get(os.path.realpath(one.by)) if one.by else None
            if base is not None and os.path.isabs(one.given):  # noqa: PTH117
                self._beside(Named(one.path, 0, takes_folder=one.is_folder), base, where)
            elif one.path.startswith(_here()):
                self._needs(one.path, one.is_folder, where, seen=True)
            elif not one.is_folder and not self._is_foreign(one.path) and not _is_dotenv(one.path):
                self._outside(one.path, where, self.warnings)

    # --- beside a helper module ---------------------------------------------------------------

    def _beside(self, named: Named, base: Path, where: Where) -> None:
        """A path that a helper module makes from ``__file__``: it lies as far from ``lib/`` as from ``base``."""
        for source in _expanded(named.path, takes_folder=named.takes_folder):
            if self._is_foreign(str(source)):
                continue
            relative = os.path.relpath(source, base)
            place = os.path.normpath(os.path.join("lib", relative)).replace(os.sep, "/")  # noqa: PTH118
            top = place.partition("/")[0]
            if top in {"..", "."} or (top in _OWN and top != "lib"):
                hint = f"move it to a folder beside {where.name}, and change the path there"
                self._problem(f"{_shown(source)} would not be found beside lib/ in the service", hint, where)
            elif source.suffix not in {".py", ".pyc"} or top != "lib":
                self.copied[place] = source

    # --- beside the notebook ------------------------------------------------------------------

    def _needs(self, path: str, takes_folder: bool, where: Where, *, seen: bool = False) -> None:
        """A path relative to the working directory, or an absolute one."""
        is_absolute = os.path.isabs(path)  # noqa: PTH117
        files = list(_expanded(path, takes_folder=takes_folder))
        missing = [one for one in files if not self._has(one, seen=seen)]
        if not files or self._is_foreign(str(files[0])) or _is_dotenv(path):
            return
        if takes_folder and Path(path).is_dir() and len(missing) < len(files):
            return  # what was included of it is what the service is to have
        inside = all(str(one).startswith(_here()) for one in files)
        if is_absolute and inside and not seen:
            relative = os.path.relpath(path)
            self._problem(
                f"{_shown(Path(path))} is read by its absolute path, which is another in the service",
                f"open it as {relative!r}, relative to the notebook, and %nb2svc include {relative}",
                where,
            )
        elif not inside:
            self._outside(path, where, self.problems)
        elif missing:
            relative = os.path.relpath(path)
            what = "folder" if Path(path).is_dir() else "file" if len(files) == 1 else "files"
            self._problem(
                f"the {what} {relative} {'are' if what == 'files' else 'is'} not in the service",
                f"%nb2svc include {relative}, or read {'them' if what == 'files' else 'it'} in a cell and let the"
                " handler use the variable; then run this cell again",
                where,
            )

    def _outside(self, path: str, where: Where, to: list[Problem]) -> None:
        problem = Problem(
            message=f"{_shown(Path(path))} lies outside the notebook's folder and is not in the service",
            hint="read it in a cell and let the handler use the variable, or copy it beside the notebook and"
            " %nb2svc include it",
            where=where,
        )
        if problem not in to:
            to.append(problem)

    def _is_foreign(self, path: str) -> bool:
        """Whether a file belongs to Python, an installed package, the system, or is a cache: no data of a service."""
        real = os.path.realpath(path)
        if _CACHES & set(Path(real).parts) or real.startswith((*_SYSTEM, *_interpreter())):
            return True
        for name, module in list(sys.modules.items()):
            for folder in folders_of(module) if "." not in name else ():
                if real.startswith(os.path.realpath(folder) + os.sep) and self.is_distributed(name):
                    return True  # an editable install, or one on a path of its own
        return False

    def _has(self, source: Path, *, seen: bool) -> bool:
        """Whether the service has the file, and at the path that means it here: ``os.chdir`` may have moved that."""
        if os.path.relpath(source).replace(os.sep, "/") in self.included:
            return True
        real = os.path.realpath(source)
        return seen and any(os.path.realpath(one) == real for one in self.included.values())

    def _problem(self, message: str, hint: str, where: Where) -> None:
        problem = Problem(message=message, hint=hint, where=where)
        if problem not in self.problems:
            self.problems.append(problem)


def used_names(sources: Iterable[str], imports: Iterable[str]) -> set[str]:
    """Every name that captured code uses, its imports included."""
    return names_in_sources([*sources, *imports])


def _is_dotenv(path: str) -> bool:
    """Its variables are declared instead: where the service runs, they are set."""
    return Path(path).name.startswith(".env")


def _expanded(path: str, *, takes_folder: bool) -> Iterator[Path]:
    """The files that a path means: itself, those of a folder, those that a pattern matches."""
    if glob.has_magic(path):
        yield from (Path(one).absolute() for one in sorted(glob.glob(path, recursive=True)) if Path(one).is_file())  # noqa: PTH207
    elif Path(path).is_file():
        yield Path(path).absolute()
    elif takes_folder and Path(path).is_dir() and not _holds_the_work(Path(path)):
        yield from (
            one
            for one in sorted(Path(path).absolute().rglob("*"))
            if one.is_file() and not _CACHES & set(one.parts) and one.suffix != ".pyc"
        )


def _holds_the_work(folder: Path) -> bool:
    """The working directory itself, or one above it: a listing of that says nothing."""
    real = folder.resolve()
    return Path.cwd().resolve().is_relative_to(real)


@cache
def _interpreter() -> tuple[str, ...]:
    folders = [sysconfig.get_path(key) for key in ("stdlib", "platstdlib", "purelib", "platlib")]
    folders += [site.getusersitepackages(), sys.prefix, sys.base_prefix]
    return tuple({os.path.realpath(folder).rstrip(os.sep) + os.sep for folder in folders if folder != "/"})


def _here() -> str:
    return str(Path.cwd()) + os.sep


def _shown(path: Path) -> str:
    """A path as a person reads it: relative where it lies below the notebook, ~ for home."""
    text = str(path.absolute())
    if text.startswith(_here()):
        return text.removeprefix(_here())
    home = str(Path.home()) + os.sep
    return f"~/{text.removeprefix(home)}" if text.startswith(home) else str(path)
