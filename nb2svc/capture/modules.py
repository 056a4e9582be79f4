"""Helper modules: code beside the notebook that no distribution owns, copied with its own closure."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from ..runtime.manifest import OPTIONAL_DISTRIBUTIONS, RUNTIME_DISTRIBUTIONS
from ..values import HelperModule, Problem, Where
from .drift import drift_of
from .executed import text_of
from .importable import Located, is_in_site_packages, is_standard, locate
from .module_imports import imports_of

# Decides whether the module of this name belongs to an installed distribution.
IsDistributed = Callable[[str], bool]

_RESERVED = frozenset({"service"})  # the project's own package
# What the runtime imports: a module of the same name in lib/ would stand before it.
_OF_THE_RUNTIME = frozenset(
    {name.replace("-", "_") for name in {**RUNTIME_DISTRIBUTIONS, **OPTIONAL_DISTRIBUTIONS}}
    | {"starlette", "anyio", "multipart", "typing_extensions"}
)


def in_site_packages(name: str) -> bool:
    """The rule where nothing better is known: built in, or below the interpreter's own library folders."""
    located = locate(name)
    return located is not None and (is_standard(located) or is_in_site_packages(located))


@dataclass
class HelperModules:
    """Gathers helper modules; ``distributed`` are the modules of distributions that they and the notebook import."""

    is_distributed: IsDistributed
    where: Where
    found: dict[str, HelperModule] = field(default_factory=dict)
    distributed: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)

    def need(self, name: str, where: Where) -> None:
        """Take in a module by its import name, with all that it imports itself.

        A module that is not installed is passed over: importing it fails in the service as it does here, and what
        the kernel did answer, it answered without.
        """
        if name in self._seen:
            return
        self._seen.add(name)
        root = name.partition(".")[0]
        if root == "__main__":
            self._problem(
                "__main__ is imported, which is the notebook here and the server in the service",
                "pass what is needed from the notebook as an argument",
                where,
            )
        elif root != "__future__":
            self._sort(name, root, where)

    def _sort(self, name: str, root: str, where: Where) -> None:
        located = locate(name)
        if located is None:
            if root not in sys.stdlib_module_names and self.is_distributed(root):
                self.distributed.add(name)  # an attribute, or what a pickle calls its module
            return
        if is_standard(located) or (root in sys.stdlib_module_names and is_in_site_packages(located)):
            return
        # What has neither file nor folder another module makes (six.moves).
        if self.is_distributed(name if located.file or located.folders else root):
            self.distributed.add(name)
        elif located.file:
            self._need_helper(located, where)
        elif not located.folders:  # else a namespace package: what is used of it is named by itself
            hint = "write its code into a file beside the notebook, and import that"
            self._problem(f"the module {name} was made in memory: it has no file", hint, where)

    def _need_helper(self, located: Located, where: Where) -> None:
        root = located.name.partition(".")[0]
        if clash := self._clash(root):
            hint = f"rename {root} beside the notebook, and its imports"
            self._problem(f"a helper module may not be called {root}: {clash}", hint, where)
            return
        parts = located.name.split(".")
        for depth in range(1, len(parts) + 1):
            name = ".".join(parts[:depth])
            one = locate(name)
            if one is not None and one.file and name not in self.found:
                self._copy(one, where)

    def _clash(self, root: str) -> str:
        if root in _RESERVED:
            return "the exported project's own package has that name"
        if root in sys.stdlib_module_names:
            return "a module of Python itself has that name"
        return "the service itself needs the package of that name" if root in _OF_THE_RUNTIME else ""

    def _copy(self, located: Located, where: Where) -> None:
        file = located.file.replace("\\", "/").rpartition("/")[2]
        source = located.source()
        if source is None:
            what = "native code" if located.is_native else "byte code without its source"
            hint = "install it as a distribution, so that it can be frozen with its version"
            self._problem(f"{located.name} is {what} that belongs to no distribution ({file})", hint, where)
            return
        path = "/".join(["lib", *located.name.split(".")]) + ("/__init__.py" if located.is_package else ".py")
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError) as error:
            if located.name in sys.modules:  # loaded, and edited since into something that is no Python
                self.found[located.name] = HelperModule(name=located.name, path=path, source=source, where=where)
                return
            line = getattr(error, "lineno", None)
            place = f"{file}, line {line}," if line else file
            self._problem(
                f"{place} is no Python {sys.version_info[0]}.{sys.version_info[1]}, and {located.name} is imported",
                f"mend it, or take the import of {located.name} out: it fails here as well",
                where,
            )
            return
        self.found[located.name] = HelperModule(name=located.name, path=path, source=source, where=where)
        for imported in sorted(imports_of(tree, located.name, is_package=located.is_package)):
            self.need(imported, Where(notebook=where.notebook, cell=where.cell, name=located.name))

    def _problem(self, message: str, hint: str, where: Where) -> None:
        problem = Problem(message=message, hint=hint, where=where)
        if problem not in self.problems:
            self.problems.append(problem)


def drift_problems(
    helpers: Collection[HelperModule], used: Collection[str], replayed: Collection[tuple[int, str]] = ()
) -> tuple[list[Problem], list[Problem]]:
    """What in the loaded helper modules is not what their files say: errors, and warnings about their own state.

    ``used`` are the names that captured code uses, ``replayed`` the attributes that the service sets as they are here.
    """
    problems, warnings = [], []
    for helper in helpers:
        module = sys.modules.get(helper.name)
        if module is None or text_of(module) is None:
            continue  # to be imported by the service for the first time
        file = helper.path.removeprefix("lib/")
        try:
            drift = drift_of(module, helper.source, used, replayed)
        except (SyntaxError, ValueError) as error:
            hint = f"mend {file}, then restart the kernel and run all cells"
            problems.append(Problem(message=f"{file} is no Python any more: {error}", hint=hint, where=helper.where))
            continue
        if drift.edited:
            problems.append(
                Problem(
                    message=f"{file} was edited since it was loaded: {_listed(drift.edited)}",
                    hint=f"importlib.reload({helper.name}), or restart the kernel; then run the cells that use it",
                    where=helper.where,
                )
            )
        if drift.changed:
            problems.append(
                Problem(
                    message=f"{helper.name} is not what {file} says: {_listed(drift.changed)}",
                    hint=f"write it into {file}, since the service imports that anew; then restart the kernel and run"
                    " all cells",
                    where=helper.where,
                )
            )
        if drift.state:
            names = ", ".join(f"{helper.name}.{name}" for name in drift.state)
            warnings.append(
                Problem(
                    message=f"{names} changed since {file} was imported: each worker of the service starts with what"
                    " the file says",
                    hint="fill it in a %%startup cell, if the service needs it filled",
                    where=helper.where,
                )
            )
    return problems, warnings


def drift_of_distributions(modules: Collection[str]) -> list[Problem]:
    """Editable installs are shipped as their files are now: what is loaded of them must be the same."""
    roots = {name.partition(".")[0] for name in modules}
    problems = []
    for name, module in sorted(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if name.partition(".")[0] not in roots or not file or not file.endswith(".py"):
            continue
        located = locate(name)
        if located is None or is_in_site_packages(located) or is_standard(located) or _is_older_than_this_process(file):
            continue
        text = text_of(module)
        try:
            drift = drift_of(module, text) if text is not None else None
        except (SyntaxError, ValueError):
            continue  # building its wheel says so
        if drift is not None and drift.edited:
            problems.append(
                Problem(
                    message=f"{file} was edited since {name} was loaded: {_listed(drift.edited)}",
                    hint=f"importlib.reload({name}), or restart the kernel; then run the cells that use it",
                )
            )
    return problems


@cache
def _started() -> float:
    try:
        import psutil
    except ImportError:
        return 0.0
    return float(psutil.Process().create_time())


def _is_older_than_this_process(file: str) -> bool:
    """Then it is what was loaded; reading a large package again would take a while."""
    try:
        return Path(file).stat().st_mtime < _started()
    except OSError:
        return True


def _listed(parts: Collection[str]) -> str:
    shown = list(parts)[:6]
    more = len(parts) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
