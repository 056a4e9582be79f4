"""What captured code needs of its surroundings: helper modules as their files say, data files, the environment."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..values import Definition, Problem
from .environment import is_settings, variables_at, variables_in, variables_of_settings
from .expressions import places_in
from .files import DataFiles, used_names
from .found import Found
from .modules import IsDistributed, drift_of_distributions, drift_problems
from .reach import reached
from .syntax import tree_of


def look_around(
    found: Found, namespace: Mapping[str, Any], included: Mapping[str, Path], is_distributed: IsDistributed
) -> None:
    """Complete ``found`` by what its code and its helper modules need, with a problem for what is not at hand.

    ``included`` maps paths in the project to the files that a person included.
    """
    definitions = [node.definition for node in found.nodes.values()]
    trees = {name: tree for name, helper in found.helpers.items() if (tree := tree_of(helper.source))}
    helpers = {name: found.helpers[name] for name in trees}
    used = used_names((one.source for one in definitions), found.import_lines())
    pickled = {
        module
        for references in [*found.object_references.values(), *found.model_references.values()]
        for module in references.modules
    } & helpers.keys()
    replayed = set(_replayed(definitions, namespace))
    problems, warnings = drift_problems(list(found.helpers.values()), used, replayed)
    problems += drift_of_distributions(found.modules)
    files = DataFiles(included, is_distributed)
    for definition in definitions:
        places = places_in(definition.source, namespace)  # gone through once for both
        files.read_definition(definition, places)
        found.environment |= variables_at(places)
    parts = reached(trees, used, pickled)
    files.read_helpers(helpers, trees, parts)
    found.files.update(files.copied)
    found.problems += [one for one in (*problems, *files.problems) if one not in found.problems]
    found.warnings += [one for one in (*warnings, *files.warnings) if one not in found.warnings]
    _environment(found, definitions, namespace)
    for name, nodes in parts.items():
        values = vars(sys.modules[name]) if name in sys.modules else {}
        found.environment |= variables_in(nodes, values, trees[name])
        for node in nodes:
            if isinstance(node, ast.ClassDef) and is_settings(values.get(node.name)):
                _settings(found, values[node.name])


def _replayed(definitions: list[Definition], namespace: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    """Attributes of modules and classes that a statement of the service sets: ``helpers.RATE = 3``."""
    for definition in definitions:
        if definition.kind != "statement" or "." not in definition.name:
            continue
        first, *path, last = definition.name.split(".")
        owner: Any = namespace.get(first)
        for part in path:
            owner = getattr(owner, part, None)
        yield id(owner), last


def _environment(found: Found, definitions: list[Definition], namespace: Mapping[str, Any]) -> None:
    for definition in definitions:
        if definition.kind == "class" and is_settings(namespace.get(definition.name)):
            _settings(found, namespace[definition.name])
        if "dotenv_values" in definition.source:
            found.problems.append(
                Problem(
                    message=f"{definition.name} reads a .env file, which never goes into a service",
                    hint='load_dotenv() in a cell, and os.environ["NAME"] here: the variable is then declared',
                    where=definition.where,
                )
            )


def _settings(found: Found, settings: Any) -> None:
    for name, value in variables_of_settings(settings).items():
        found.environment.add(name)
        if value is not None:  # of a .env file: the clean room needs it, and it goes no further
            found.secrets.setdefault(name, value)
