"""Which file each live object is in, and what has to stand in the module before it is loaded."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..values import Where
from .objects import References
from .sharing import sharing

if TYPE_CHECKING:
    from .closure import ClosureBuilder


def arrange(closure: ClosureBuilder) -> None:
    """Put objects that share parts together, and everything in an order in which it can be loaded."""
    _share(closure)
    closure.take_in()  # what is an object now may name more
    for group in closure.found.object_groups:
        _load_after_what_it_names(closure, group)
    _newest_last(closure)


def _share(closure: ClosureBuilder) -> None:
    """Objects and models that share parts go to one file, for what was one object to stay one; lists, dicts and
    sets that were written out become objects where others hold them, too.
    """
    nodes, needed = closure.found.nodes, {one.variable: one for one in closure.served.values()}
    needed = {name: one for name, one in needed.items() if one.public in closure.found.model_references}
    own = [variable for variable, model in needed.items() if model.format != "auto"]
    written = {
        name: value
        for name, value in closure.found.constants.items()
        if name in nodes and nodes[name].definition.kind == "constant"
    }
    models = {variable: model.value for variable, model in needed.items()}
    found = sharing({**closure.found.objects, **written}, models, own)
    for name in sorted(found.tied & written.keys()):
        closure.load_as_object(name, written.pop(name), nodes[name].definition.where, nodes[name].position)
    closure.found.object_groups = tuple(group for group in found.groups if not written.keys() & {*group})
    for variable, other in found.apart:
        message = f"{variable} and {other} share parts, of which each has a copy of its own in the service"
        hint = f"leave --format {needed[variable].format} out, so that both go to one file"
        closure.warn(message, hint, Where(notebook=closure.log.notebook, name=variable))
    closure.found.views = found.views
    for names in (one for one in found.copied if one <= nodes.keys()):
        message = (
            f"arrays of {', '.join(sorted(names))} are views of one memory, of which each has a copy in the service"
        )
        where = nodes[min(names)].definition.where
        closure.warn(message, "make one of the other where it is used, or copy what nobody is to change", where)


def _load_after_what_it_names(closure: ClosureBuilder, group: tuple[str, ...]) -> None:
    """The first name of a file loads all of it, and of those that it refers to, so each stands after every class
    and function that it names.
    """
    found, models = closure.found, {model.variable: model.public for model in closure.served.values()}
    variables = {public: variable for variable, public in models.items()}
    waiting, needed = {*group}, dict[str, References]()
    while waiting:
        name = waiting.pop()
        needed[name] = found.object_references.get(name) or found.model_references[models[name]]
        inside = {variables[public] for public in needed[name].models}
        inside |= {one for other in found.object_groups if inside & {*other} for one in other}
        waiting |= inside - needed.keys()
    roots = frozenset(
        references.names.get(key, one.__qualname__).partition(".")[0]
        for references in needed.values()
        for key, one in references.notebook.items()
    )
    for name in set(group) & found.nodes.keys():
        found.nodes[name] = replace(found.nodes[name], at_definition=roots)


def _newest_last(closure: ClosureBuilder) -> None:
    """An earlier version of something is defined under the same name, so the newest has to come after it."""
    nodes = closure.found.nodes
    for name, node in list(nodes.items()):
        original = node.definition.where.name
        if original in nodes and node.definition.source.endswith(f"\n{name} = {original}"):
            nodes[original] = replace(nodes[original], at_definition=nodes[original].at_definition | {name})
