"""From a name to everything it needs: imports, notebook definitions, constants, live objects, helper modules.

A live value becomes, first match: a served model · an import · notebook source · a literal constant · a pickled
live object · a problem that says where it is and what to do. All problems are gathered; none is raised here.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import FunctionType, ModuleType
from typing import Any

from ..values import Definition, Problem, Where
from . import literals
from .cells import Binding, CellLog
from .environment import variables_read
from .found import Found, Served
from .imports import import_statements, modules_in
from .modules import HelperModules, IsDistributed
from .names import names_of
from .objects import References, UnpicklableError, probe
from .ordering import Node
from .sharing import groups
from .sources import binding_of, first_line, source_of

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
# What every module has of its own; in the service they are those of service/notebook.py.
_MODULES_OWN = frozenset(
    {"__name__", "__file__", "__doc__", "__builtins__", "__annotations__", "__spec__", "__package__"}
)
_INJECTED = {
    "get_ipython": "a service has no IPython: take what it gives as a parameter or constant",
    "display": "a service has no cell to display in: return the value instead",
    "exit": "raise fastapi.HTTPException to end a request early",
    "quit": "raise fastapi.HTTPException to end a request early",
}


class ClosureBuilder:
    """Follows names through one namespace. ``served`` maps variables to models; ``started`` names are bound by
    a startup cell, so they are neither copied nor pickled.
    """

    def __init__(
        self,
        log: CellLog,
        namespace: Mapping[str, Any],
        *,
        served: Iterable[Served] = (),
        started: Iterable[str] = (),
        is_distributed: IsDistributed,
    ) -> None:
        self._log = log
        self._namespace = namespace
        models = tuple(served)
        self._served = {id(model.value): model.public for model in models}
        self._variables = {model.public: model.variable for model in models}
        self._values = {model.public: model.value for model in models}
        self._started = frozenset(started)
        self._helpers = HelperModules(is_distributed, Where(notebook=log.notebook))
        self._mutable: dict[int, str] = {}
        self.found = Found()

    # --- entry points -------------------------------------------------------------------------

    def need(self, name: str, user: Where) -> None:
        """Take in what ``name`` stands for in the notebook; ``user`` is where it is used."""
        found = self.found
        if name in found.nodes or name in found.imports or name in self._started or name in _MODULES_OWN:
            return
        if name not in self._namespace:
            self._unbound(name, user)
            return
        value = self._namespace[name]
        if _is_injected(name, value):
            if name in _INJECTED:
                self._problem(f"{name}() is IPython's", _INJECTED[name], user)
            return
        self._take(name, value, user)

    def need_model(self, public: str, variable: str, value: Any, where: Where) -> None:
        """Take in what a served model's pickle names."""
        if public in self.found.model_references:
            return
        try:
            references = probe(value, variable)
        except UnpicklableError as error:
            self._unpicklable(error, where)
            references = References()
        self.found.model_references[public] = references
        self._references(references, where)

    def need_source(self, name: str, source: str, kind: Any, where: Where, position: tuple[int, int]) -> None:
        """Take in a definition whose source is already known, such as a startup function."""
        self._add(name, kind, source, where, position)

    def finish(self) -> Found:
        """All that was found, helper modules included."""
        found, helpers = self.found, self._helpers
        found.helpers.update(helpers.found)
        found.modules |= helpers.distributed
        found.problems += helpers.problems
        helpers.problems = []
        if found.nodes and self._log.future_annotations:
            found.imports["annotations"] = ("from __future__ import annotations",)
        found.object_groups = groups(found.objects, self._served)
        for group in found.object_groups:
            self._load_after_what_it_names(group)
        return found

    def _load_after_what_it_names(self, group: tuple[str, ...]) -> None:
        """The first name of a file loads all of it, so each stands after every class and function that it names."""
        found = self.found
        needed = [found.object_references[name] for name in group]
        needed += [found.model_references[public] for one in needed for public in one.models]
        roots = frozenset(_root(one) for references in needed for one in references.notebook.values())
        for name in group:
            found.nodes[name] = replace(found.nodes[name], at_definition=roots)

    # --- one value ----------------------------------------------------------------------------

    def _take(self, name: str, value: Any, user: Where) -> None:
        rules: tuple[Callable[[str, Any, Where], bool], ...] = (
            self._as_model,
            self._as_import,
            self._as_secret,
            self._as_literal,
            self._as_function,
            self._as_statement,
            self._as_object,
        )
        for rule in rules:
            if rule(name, value, user):
                return

    def _as_model(self, name: str, value: Any, user: Where) -> bool:
        public = self._served.get(id(value))
        if public is None:
            return False
        binding = binding_of(self._log, name, value)
        where = self._where(binding, name, user)
        self.need_model(public, name, value, where)
        names = frozenset(_root(one) for one in self.found.model_references[public].notebook.values())
        definition = Definition(
            name=name, kind="model", source=f'{name} = load_model("{self._variables[public]}")', where=where
        )
        self.found.nodes[name] = Node(definition, _position(binding, where), at_definition=names)
        return True

    def _as_import(self, name: str, value: Any, user: Where) -> bool:
        statements = import_statements(self._log, name, value)
        if not statements:
            if isinstance(value, ModuleType):
                self._problem(f"the module {name} was not imported by name", f"import {value.__name__}", user)
                return True
            return False
        self.found.imports[name] = statements
        for statement in statements:
            for module in sorted(modules_in(statement)):
                self._helpers.need(module, user)
        return True

    def _as_secret(self, name: str, value: Any, user: Where) -> bool:
        if not literals.is_secret(name, value):
            return False
        binding = binding_of(self._log, name, value)
        where = self._where(binding, name, user)
        read = f'os.environ["{name}"]' + (".encode()" if isinstance(value, bytes) else "")
        definition = Definition(name=name, kind="environment", source=f"{name} = {read}", where=where)
        self.found.nodes[name] = Node(definition, _position(binding, where))
        self.found.imports.setdefault("os", ("import os",))
        self.found.environment.add(name)
        self.found.secrets[name] = value.decode() if isinstance(value, bytes) else value
        self.found.warnings.append(
            Problem(
                message=f"{name} looks like a secret: its value stays here, the service reads it from its environment",
                hint=f"set {name} where the service runs",
                where=where,
            )
        )
        return True

    def _as_literal(self, name: str, value: Any, user: Where) -> bool:
        binding = binding_of(self._log, name, value)
        where = self._where(binding, name, user)
        if binding and literals.says_the_same(binding.node, name, value):
            source: str | None = source_of(binding.logged, binding.node)
        else:
            source = literals.literal_source(name, value)
        if source is None or (isinstance(value, (list, dict, set)) and self._is_shared(name, value)):
            return False
        self._add(name, "constant", source, where, _position(binding, where))
        return True

    def _as_function(self, name: str, value: Any, user: Where) -> bool:
        if not isinstance(value, FunctionType) or value.__module__ != "__main__":
            return False
        binding = binding_of(self._log, name, value)
        where = self._where(binding, name, user)
        if binding is None:
            self._no_source(name, value, where)
        elif isinstance(binding.node, _FUNCTIONS):
            own_name = binding.node.name
            source = source_of(binding.logged, binding.node) if own_name == name else f"{name} = {own_name}"
            self._add(name, "function", source, where, _position(binding, where))
        elif _is_replayable(binding.node):
            self._add(name, "function", source_of(binding.logged, binding.node), where, _position(binding, where))
        else:
            message = f"{name} is a function that a call made ({ast.unparse(binding.node)})"
            self._problem(message, f"write it as `def {name}(…)`, or as a class with __call__", where)
        return True

    def _as_statement(self, name: str, value: Any, user: Where) -> bool:
        """Classes, decorated functions and declarations: what stands in the notebook is run again."""
        binding = binding_of(self._log, name, value)
        where = self._where(binding, name, user)
        is_class = isinstance(value, type) and value.__module__ == "__main__"
        if binding is None:
            if is_class:
                self._no_source(name, value, where)
            return is_class
        defines = isinstance(binding.node, (*_FUNCTIONS, ast.ClassDef))
        if not (defines or is_class or literals.is_declaration(value, binding.node)):
            return False
        kind = "class" if isinstance(binding.node, ast.ClassDef) else "function" if defines else "statement"
        self._add(name, kind, source_of(binding.logged, binding.node), where, _position(binding, where))
        return True

    def _as_object(self, name: str, value: Any, user: Where) -> bool:
        binding = binding_of(self._log, name, value)
        where = self._where(binding, name, user)
        try:
            references = probe(value, name, self._served)
        except UnpicklableError as error:
            self._unpicklable(error, where)
            return True
        self.found.objects[name] = value
        self.found.object_references[name] = references
        definition = Definition(name=name, kind="object", source=f'{name} = load_object("{name}")', where=where)
        self.found.nodes[name] = Node(definition, _position(binding, where))  # what it needs first: see finish
        self._references(references, where)
        for public in sorted(references.models):
            self.need_model(public, self._variables[public], self._values[public], where)
        return True

    # --- what definitions and pickles need in turn --------------------------------------------

    def _add(self, name: str, kind: Any, source: str, where: Where, position: tuple[int, int]) -> None:
        names = names_of(source)
        definition = Definition(name=name, kind=kind, source=source, where=where)
        bound = frozenset(one for one in names.if_bound if one in self._namespace)
        self.found.nodes[name] = Node(definition, position, names.at_definition | bound, names.when_called)
        self.found.environment |= variables_read(source)
        for needed in sorted(names.at_definition | names.when_called | bound):
            self.need(needed, where)
        for module in sorted(names.modules):
            self._helpers.need(module, where)

    def _references(self, references: References, where: Where) -> None:
        for one in references.notebook.values():
            root = _root(one)
            if "<" in one.__qualname__:
                self._problem(
                    f"{where.name} holds {one.__qualname__}, which a pickle cannot name",
                    "define it with `def` or `class` at the top level of a cell",
                    where,
                )
            elif _by_path(self._namespace, one.__qualname__) is not one:
                self._problem(
                    f"{where.name} was made with an earlier version of {one.__qualname__}",
                    f"run the cell that makes {where.name} again, so that it uses the {one.__qualname__} of now",
                    where,
                )
            else:
                self.need(root, where)
        for module in sorted(references.modules - {"builtins", "__main__"}):
            self._helpers.need(module, where)

    def _is_shared(self, name: str, value: object) -> bool:
        """Whether another captured name is this very list or dict: then both must stay one object."""
        other = self._mutable.setdefault(id(value), name)
        if other == name:
            return False
        node = self.found.nodes.get(other)
        if node is not None and node.definition.kind == "constant":
            del self.found.nodes[other]
            self._as_object(other, value, node.definition.where)
        return True

    # --- words --------------------------------------------------------------------------------

    def _unbound(self, name: str, user: Where) -> None:
        if hasattr(builtins, name):
            if name in _INJECTED:
                self._problem(f"{name}() is IPython's", _INJECTED[name], user)
            return
        self._problem(f"{name} is used, but nothing in the notebook defines it", "run the cell that defines it", user)

    def _no_source(self, name: str, value: Any, where: Where) -> None:
        code = getattr(value, "__code__", None)
        origin = f" ({code.co_filename})" if code is not None and code.co_filename.endswith(".py") else ""
        hint = "define it in a cell, or import it from a module instead of %run or exec"
        self._problem(f"the source of {name} is not in any cell{origin}", hint, where)

    def _unpicklable(self, error: UnpicklableError, where: Where) -> None:
        culprit = type(error.culprit)
        self._problem(
            f"{error.path} cannot be saved: {culprit.__module__}.{culprit.__qualname__}: {error.reason}",
            "make it when the service starts, in a %%startup cell, or leave it out of what the handler uses",
            where,
        )

    def _problem(self, message: str, hint: str, where: Where) -> None:
        problem = Problem(message=message, hint=hint, where=where)
        if problem not in self.found.problems:
            self.found.problems.append(problem)

    def _where(self, binding: Binding | None, name: str, user: Where) -> Where:
        if binding is None:
            return Where(notebook=self._log.notebook, cell=user.cell, name=name)
        return self._log.where(binding.logged, name)


def _is_injected(name: str, value: object) -> bool:
    # A wrapper names the module of what it wraps: IPython's own ``open`` says ``_io``. Its globals do not lie.
    told = getattr(value, "__globals__", {}).get("__name__") or getattr(value, "__module__", None)
    module = told or type(value).__module__
    is_ipython = isinstance(module, str) and module.partition(".")[0] in {"IPython", "ipykernel"}
    return is_ipython and (name in _INJECTED or hasattr(builtins, name))


def _is_replayable(node: ast.stmt) -> bool:
    """``f = lambda …`` and ``f = g``: running the statement again gives the same function."""
    return isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, (ast.Lambda, ast.Name))


def _position(binding: Binding | None, where: Where) -> tuple[int, int]:
    if binding is None:
        return (where.cell or 0, 0)
    return (binding.logged.cell.number, first_line(binding.node))


def _root(one: Any) -> str:
    root: str = one.__qualname__.partition(".")[0]
    return root


def _by_path(namespace: Mapping[str, Any], qualname: str) -> Any:
    first, *rest = qualname.split(".")
    value = namespace.get(first)
    for part in rest:
        value = getattr(value, part, None)
    return value
