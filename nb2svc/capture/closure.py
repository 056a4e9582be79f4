"""From a name to everything it needs: imports, notebook definitions, constants, live objects, helper modules.

What a value becomes is decided in ``rules``; here is what the rules share: which names stand for what, what was taken
in already, what follows from a definition or a pickle. All problems are gathered; none is raised here.
"""

from __future__ import annotations

import builtins
import inspect
import re
import sys
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from types import FunctionType
from typing import Any

from ..fingerprint import first_line
from ..values import Definition, Problem, Where
from . import effects, formats, functions, literals, loading, made, postponed, rules, set_since
from .cells import Binding, CellLog
from .environment import variables_set
from .found import Found, Served
from .hidden import hidden_names
from .kinds import words
from .left_out import left_out
from .located import locate_function
from .modules import HelperModules, IsDistributed
from .names import names_of
from .objects import References, UnpicklableError, probe
from .ordering import Node
from .taken import Taken, one_class
from .unsteady import unsteady
from .versions import same_version

# What every module has of its own; in the service they are those of service/notebook.py.
_MODULES_OWN = frozenset(
    {"__name__", "__file__", "__doc__", "__builtins__", "__annotations__", "__spec__", "__package__"}
)
_HISTORY = re.compile(r"_{1,3}|_\d+|_i{1,3}|_i\d+|In|Out|_[io]h|_dh")  # what IPython keeps of earlier cells
_LAST = (sys.maxsize, 0)
_ATOMS = (bool, int, float, complex, str, bytes, type(None))


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
        self.log = log
        self.namespace = namespace
        self.served = {id(model.value): model for model in served}
        self.started = frozenset(started)
        self.needed_at_start: set[str] = set()  # those of them that anything uses
        self.helpers = HelperModules(is_distributed, Where(notebook=log.notebook))
        self.made: dict[int, made.Made] = {}  # functions that calls made, by id
        self.set_since: list[set_since.SetSince] = []  # attributes of classes
        self.found = Found()
        self._given: dict[int, str] = {}  # id → name of what has no name of its own in the notebook, or another's
        self._kept: list[object] = []  # alive, so that no other object gets their id
        self._named: dict[int, str] | None = None
        self._waiting: list[tuple[str, Where, FunctionType | None]] = []  # names to be taken in, the next one last
        self._mutable: dict[int, str] = {}  # id of a list, dict or set → the constant that it is part of

    # --- entry points -------------------------------------------------------------------------

    def need(self, name: str, user: Where, function: FunctionType | None = None) -> None:
        """Take in what ``name`` stands for in the notebook, or in ``function``'s own globals where %run made it;
        ``user`` is where it is used.
        """
        found = self.found
        self.needed_at_start |= {name} & self.started
        taken = name in found.nodes or name in found.imports or name in self._given.values()
        if taken or name in self.started or name in _MODULES_OWN:
            self._check_script(name, user, function)
            return
        namespace = self.namespace
        if name not in namespace and function is not None and name in function.__globals__:
            namespace = function.__globals__
        if _HISTORY.fullmatch(name) and self.log.binding(name, namespace.get(name)) is None:
            self.problem(f"{name} is the notebook's history", "give what it holds a name, and use that", user)
            return
        if name not in namespace:
            if not hasattr(builtins, name):
                hint = "run the cell that defines it"
                self.problem(f"{name} is used, but nothing in the notebook defines it", hint, user)
            elif name in rules.INJECTED:
                rules.injected(self, name, user)
            return
        self._check_script(name, user, function)
        value = namespace[name]
        if rules.is_injected(name, value):
            rules.injected(self, name, user)
        else:
            self._take(name, name, value, user)

    def need_model(self, public: str, variable: str, value: Any, where: Where) -> None:
        """Take in what a served model's pickle names."""
        if public in self.found.model_references:
            return
        try:
            references = probe(value, variable)
        except UnpicklableError as error:
            self.unpicklable(error, where)
            references = References()
        self.found.model_references[public] = references
        self._moved(variable, value, references, where)
        self.references(references, where)

    def need_startup(self, name: str, source: str, where: Where, *, postponed: bool) -> None:
        """Take in a startup cell by the source of its function."""
        self.add(name, "startup", source, where, (where.cell or 0, 1), postponed=postponed)

    def finish(self) -> Found:
        """All that was found, helper modules included."""
        found, helpers = self.found, self.helpers
        self.take_in()
        effects.replay(self)
        functions.write_factories(self)
        found.helpers.update(helpers.found)
        found.modules |= helpers.distributed
        found.problems += helpers.problems
        helpers.problems = []
        postponed.settle(found)
        found.set_here = variables_set((one.tree for one in self.log.newest_first()), self.namespace)
        loading.arrange(self)
        set_since.place(self, self.set_since)
        return found

    def take_in(self) -> None:
        """Take in all that definitions name. A list and no recursion: functions may call each other a thousand deep."""
        while self._waiting:
            self.need(*self._waiting.pop())

    # --- values -------------------------------------------------------------------------------

    def place(self, value: Any, suggestion: str, user: Where, *, bare: bool = False) -> str:
        """What ``service/notebook.py`` calls ``value``: its name in the notebook, where it has one, else a new one
        made from ``suggestion``. Taken in with all that it needs; ``bare``: a function without its decorators.
        """
        if id(value) in self._given:
            return self._given[id(value)]
        current = None if bare else self._name_of(value, suggestion)
        if current is not None:
            self.need(current, user)
            return current
        name = self._free_name(suggestion)
        self._given[id(value)] = name
        self._kept.append(value)
        self._take(name, suggestion, value, user, bare=bare)
        return name

    def expression(self, value: Any, suggestion: str, user: Where) -> str:
        """``value`` as it can stand inside other code: a short literal, or a name (see :meth:`place`)."""
        written = literals.expression(value)
        if written is not None:
            return written
        name = getattr(value, "__name__", "")
        if isinstance(name, str) and getattr(builtins, name, None) is value and name not in self.namespace:
            return name
        if isinstance(value, (staticmethod, classmethod)):
            return f"{type(value).__name__}({self.expression(value.__func__, suggestion, user)})"
        if type(value) is property and value.fset is None and value.fdel is None:
            return f"property({self.expression(value.fget, suggestion, user)})"
        if isinstance(value, (FunctionType, type)):
            suggestion = _suggestion(value, suggestion)
        return self.place(value, suggestion, user)

    def add(
        self,
        name: str,
        kind: Any,
        source: str,
        where: Where,
        position: tuple[int, int],
        *,
        function: FunctionType | None = None,
        postponed: bool = False,
    ) -> None:
        """A definition by its source, with all that the source names; ``postponed``: its annotations are texts."""
        names = names_of(source, future=postponed)
        own = {name} if name.isidentifier() else set()
        definition = Definition(name=name, kind=kind, source=source, where=where)
        bound = frozenset(one for one in names.if_bound if one in self.namespace)
        self.found.nodes[name] = Node(
            definition, position, (names.at_definition | bound) - own, names.when_called, postponed
        )
        self._there_in_time(name, (names.at_definition | bound) - own, where)
        needs = (names.at_definition | names.when_called | bound) - own
        if name != where.name and where.name in names.own_used:
            needs |= {where.name}  # an earlier version that names itself means the newest when it is called
        for message, hint in (*hidden_names(source), *unsteady(source, self.namespace)):
            self.warn(f"{where.name or name}: {message}", hint, where)
        self._waiting += [(needed, where, function) for needed in sorted(needs, reverse=True)]
        for module in sorted(names.modules):
            self.helpers.need(module, where)

    def _there_in_time(self, name: str, needs: Collection[str], where: Where) -> None:
        """Say what a definition needs at once although only a startup cell will bind it."""
        for late in sorted(self.started & {*needs}):
            self.problem(
                f"{name} needs {late} at once, which is not there before a startup cell has run",
                f"move what makes {name} to that cell, or {late} to an ordinary one",
                where,
            )

    def add_attributes(self, name: str, lines: list[str], *, last: bool = False) -> None:
        """Statements that come after the definition of ``name``, and may need what needs that definition.

        ``last``: after all definitions, as those may change what the statements set.
        """
        if not lines:
            return
        node = self.found.nodes[name]
        key = f"{name}'s attributes"
        needs = names_of("\n".join(lines))
        self._there_in_time(name, needs.at_definition, node.definition.where)
        where = replace(node.definition.where, name=key)
        definition = Definition(name=key, kind="statement", source="\n".join(lines), where=where)
        self.found.nodes[key] = Node(
            definition, _LAST if last else node.position, needs.at_definition | {name}, needs.when_called
        )

    def references(self, references: References, where: Where) -> None:
        """Take in what a pickle names."""
        current = {one.__qualname__ for one in references.notebook.values() if self._is_current(one)}
        self._there_in_time(where.name, {name.partition(".")[0] for name in current}, where)
        for key, one in references.notebook.items():
            if self._is_current(one):
                self.need(_root(one), where)
                continue
            plain = one.__qualname__.replace(".", "").isidentifier()
            now = _by_path(self.namespace, one.__qualname__) if plain else None
            if now is not None and same_version(self.log, one, now) and one.__qualname__ not in current:
                references.names[key] = one.__qualname__  # the cell ran again, unchanged
                if isinstance(one, type):
                    one_class(self, where.name, one.__qualname__, where)
                self.need(_root(one), where)
                continue
            references.names[key] = self.place(one, _suggestion(one, where.name), where)
        for module in sorted(references.modules - {"builtins", "__main__"}):
            self.helpers.need(module, where)

    def load_as_object(self, name: str, value: Any, where: Where, position: tuple[int, int]) -> None:
        """A live object, to be pickled."""
        found = self.found
        try:
            references = probe(value, name, {key: model.public for key, model in self.served.items()})
        except UnpicklableError as error:
            self.unpicklable(error, where)
            return
        found.objects[name] = value
        found.object_references[name] = references
        self._moved(name, value, references, where)
        definition = Definition(name=name, kind="object", source=f'{name} = load_object("{name}")', where=where)
        found.nodes[name] = Node(definition, position)  # what it needs first: see finish
        self.references(references, where)
        models = {model.public: model for model in self.served.values()}
        for public in sorted(references.models):
            self.need_model(public, models[public].variable, models[public].value, where)

    def is_shared(self, name: str, value: object) -> bool:
        """Whether another constant holds this very list or dict, or one inside it: then it must stay one object."""
        inside = {id(one): one for one in literals.containers(value)}
        others = {self._mutable.setdefault(key, name) for key in inside} - {name}
        for other in sorted(others):
            node = self.found.nodes.get(other)
            if node is not None and node.definition.kind == "constant":
                del self.found.nodes[other]
                whole = self.found.constants[other]
                self.load_as_object(other, whole, node.definition.where, node.position)
        self.found.constants[name] = value
        return bool(others)

    # --- words --------------------------------------------------------------------------------

    def problem(self, message: str, hint: str, where: Where) -> None:
        problem = Problem(message=message, hint=hint, where=where)
        if problem not in self.found.problems:
            self.found.problems.append(problem)

    def warn(self, message: str, hint: str, where: Where) -> None:
        warning = Problem(message=message, hint=hint, where=where)
        if warning not in self.found.warnings:
            self.found.warnings.append(warning)

    def unpicklable(self, error: UnpicklableError, where: Where) -> None:
        message, hint = words(error)
        self.problem(message, hint, where)

    def _moved(self, name: str, value: Any, references: References, where: Where) -> None:
        kind = type(value).__qualname__
        references.set_on = {f"{kind}.{one}" for one in self.log.attributes_set(value, self.namespace)}
        for kind, lost in left_out(references.reduced.values()):
            references.left_out |= {f"{kind}.{attribute}" for attribute in lost}
            message = f"{kind}.__getstate__ leaves out {', '.join(lost)}, which the service therefore begins without"
            self.warn(message, "keep in it what answers depend on", where)
        if references.devices and formats.adapter_of(value) is None:  # an adapter says so itself
            devices = ", ".join(sorted(references.devices))
            self.warn(f"{name}: its tensors are on {devices} here, and on the CPU in the service", "", where)

    # --- names --------------------------------------------------------------------------------

    def _take(self, name: str, original: str, value: Any, user: Where, *, bare: bool = False) -> None:
        binding = None if bare else self._binding(original, value)
        where = Where(notebook=self.log.notebook, cell=user.cell, name=original)
        if binding is not None:
            where = self.log.where(binding.logged, original)
        if isinstance(value, (FunctionType, type)):
            self.found.live[name] = value
        rules.apply(self, Taken(name, original, value, user, binding, where))

    def _binding(self, name: str, value: Any) -> Binding | None:
        """The statement that bound the name; of several in one cell, the one whose code this is."""
        binding = self.log.binding(name, value)
        code = getattr(inspect.unwrap(value), "__code__", None) if isinstance(value, FunctionType) else None
        if binding is None or code is None:
            return binding
        nodes = binding.logged.binders.get(name, [])
        if len(nodes) > 1 and (located := locate_function(self.log, inspect.unwrap(value))):
            line = located.node.lineno
            holding = [node for node in nodes if first_line(node) <= line <= (node.end_lineno or line)]
            return Binding(binding.logged, holding[-1]) if holding else binding
        return binding

    def _is_current(self, one: Any) -> bool:
        return one.__qualname__.replace(".", "").isidentifier() and _by_path(self.namespace, one.__qualname__) is one

    def _name_of(self, value: Any, suggestion: str) -> str | None:
        """The notebook's own name for just this object."""
        for name in (suggestion, getattr(value, "__name__", None)):
            if isinstance(name, str) and name.isidentifier() and self.namespace.get(name, self) is value:
                return name
        if isinstance(value, _ATOMS):
            return None
        if self._named is None:
            self._named = {}
            for name in sorted(self.namespace, reverse=True):
                if name.isidentifier() and not name.startswith("_") and name not in {"In", "Out"}:
                    self._named[id(self.namespace[name])] = name
        return self._named.get(id(value))

    def _free_name(self, suggestion: str) -> str:
        def taken(name: str) -> bool:
            used = {*self._given.values(), *self.found.nodes, *self.found.imports}
            return name in self.namespace or name in used or hasattr(builtins, name) or name in self.started

        if suggestion != "_" and not taken(suggestion):
            return suggestion
        number = 2 if suggestion.startswith("_") else 1
        while taken(f"_{suggestion.strip('_')}_{number}"):
            number += 1
        return f"_{suggestion.strip('_')}_{number}"

    def _check_script(self, name: str, user: Where, function: FunctionType | None) -> None:
        """A function of %run sees its script's globals; the service has one module for all."""
        if function is None or function.__globals__ is self.namespace or name not in self.namespace:
            return
        own = function.__globals__.get(name, self)
        value = self.namespace[name]
        if own is self or own is value or literals.equal(own, value) or same_version(self.log, own, value):
            return
        file = function.__code__.co_filename
        self.problem(
            f"{name} is one thing in {file} and another in the notebook", f"rename one of them, or import {name}", user
        )


def _suggestion(value: Any, owner: str) -> str:
    """A name for a function or class: its own, or one that says what it is part of."""
    own: str = value.__name__
    if own.isidentifier():
        return own
    return f"_{owner.strip('_')}_lambda" if "<" in own else "_" + re.sub(r"\W+", "_", own).strip("_")[:40]


def _root(one: Any) -> str:
    root: str = one.__qualname__.partition(".")[0]
    return root


def _by_path(namespace: Mapping[str, Any], qualname: str) -> Any:
    first, *rest = qualname.split(".")
    value = namespace.get(first)
    for part in rest:
        value = getattr(value, part, None)
    return value
