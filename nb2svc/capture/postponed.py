"""Annotations from before and after ``from __future__ import annotations``, in one module.

In IPython the import holds for what follows it, in every later cell; in a module it holds for all. What the notebook
defined before it has its annotations as values, what came after it as texts. Where a service needs both, its module
goes without the import, and the texts are written as texts.
"""

from __future__ import annotations

import ast
from dataclasses import replace

from ..fingerprint import annotations_in, as_text
from .found import Found
from .rewriting import replaced


def settle(found: Found) -> None:
    """Write the import where all annotations are texts; where some are values, write the others in quotes."""
    annotated = [name for name, node in found.nodes.items() if _is_annotated(node.definition.source)]
    late = [name for name in annotated if found.nodes[name].postponed]
    if late and len(late) == len(annotated):
        found.imports["annotations"] = ("from __future__ import annotations",)
        return
    for name in late:
        node = found.nodes[name]
        source = quoted(node.definition.source)
        found.nodes[name] = replace(node, definition=replace(node.definition, source=source))


def _is_annotated(source: str) -> bool:
    return ":" in source and any(annotations_in(ast.parse(source)))


def quoted(source: str) -> str:
    """The source with every annotation as the text that the import makes of it."""
    edits = {annotation: repr(as_text(annotation)) for _, annotation in annotations_in(ast.parse(source))}
    return replaced(source, edits)
