"""Helper modules: code beside the notebook that no distribution owns, copied with its own closure."""

from __future__ import annotations

import ast
import importlib.util
import sys
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from ..values import HelperModule, Problem, Where
from .names import imported_modules

# Decides whether the module of this (top-level) name belongs to an installed distribution.
IsDistributed = Callable[[str], bool]

_RESERVED = frozenset({"service"})  # the project's own package


@cache
def in_site_packages(root: str) -> bool:
    """The rule where nothing better is known: built in, or below the interpreter's own library folders."""
    if root in sys.stdlib_module_names or root in sys.builtin_module_names:
        return True
    origin = _origin(root)
    if origin is None:
        return root in sys.modules and getattr(sys.modules[root], "__file__", None) is None
    folders = {Path(sysconfig.get_path(key)).resolve() for key in ("purelib", "platlib", "stdlib", "platstdlib")}
    return any(folder in origin.parents for folder in folders)


def _origin(name: str) -> Path | None:
    """The file of a module, from what is loaded, else from what would be."""
    loaded = sys.modules.get(name)
    file = getattr(loaded, "__file__", None)
    if file is None and loaded is None:
        try:
            spec = importlib.util.find_spec(name)
        except (ImportError, ValueError):
            return None
        file = spec.origin if spec and spec.has_location else None
    return Path(file).resolve() if file else None


@dataclass
class HelperModules:
    """Gathers helper modules; ``distributed`` are the modules of distributions that they and the notebook import."""

    is_distributed: IsDistributed
    where: Where
    found: dict[str, HelperModule] = field(default_factory=dict)
    distributed: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    def need(self, name: str, where: Where) -> None:
        """Take in a module by its import name, with all that it imports itself."""
        root = name.partition(".")[0]
        if root == "__future__" or name in self.found:
            return
        if root in sys.stdlib_module_names:
            return
        if self.is_distributed(root):
            self.distributed.add(name)
            return
        if root in _RESERVED:
            hint = f"rename {root}.py: the exported project's own package has that name"
            self.problems.append(Problem(message=f"a helper module may not be called {root}", hint=hint, where=where))
            return
        parents = [".".join(name.split(".")[: depth + 1]) for depth in range(name.count(".") + 1)]
        for one in parents:
            self._copy(one, where)

    def _copy(self, name: str, where: Where) -> None:
        if name in self.found:
            return
        origin = _origin(name)
        if origin is None:
            if name not in sys.modules and "." in name:
                return  # ``from package import name``: no module of that name
            if name in sys.modules and hasattr(sys.modules[name], "__path__"):
                return  # a namespace package has no file of its own
            hint = "install it, or put it beside the notebook; `%nb2svc require DIST` names a distribution"
            self.problems.append(Problem(message=f"the module {name} cannot be found", hint=hint, where=where))
            return
        if origin.suffix != ".py":
            hint = "install it as a distribution, so that it can be frozen with its version"
            message = f"{name} is native code that belongs to no distribution ({origin.name})"
            self.problems.append(Problem(message=message, hint=hint, where=where))
            return
        source = origin.read_bytes()
        parts = name.split(".")
        path = "/".join(["lib", *parts, "__init__.py"] if origin.stem == "__init__" else ["lib", *parts]) + (
            "" if origin.stem == "__init__" else ".py"
        )
        self.found[name] = HelperModule(name=name, path=path, source=source, where=where)
        self._follow(name, source, origin.stem == "__init__", where)

    def _follow(self, name: str, source: bytes, is_package: bool, where: Where) -> None:
        tree = ast.parse(source)
        for imported in sorted(imported_modules(tree) | _relative_imports(tree, name, is_package)):
            self.need(imported, where)


def _relative_imports(tree: ast.AST, name: str, is_package: bool) -> set[str]:
    """What ``from . import a`` and ``from .b import c`` mean inside module ``name``."""
    package = name if is_package else name.rpartition(".")[0]
    modules: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package.rsplit(".", node.level - 1)[0] if node.level > 1 else package
            module = f"{base}.{node.module}" if node.module else base
            modules.add(module)
            modules |= {f"{module}.{alias.name}" for alias in node.names if _origin(f"{module}.{alias.name}")}
    return modules
