"""Cell tags instead of magics, for notebooks that must also run where nb2svc is not installed.

A cell tagged ``nb2svc-model``, ``nb2svc-endpoint`` or ``nb2svc-startup`` runs as if it began with the magic. The
magic's options stand in a first comment line, ``# nb2svc: POST /predict --example {"x": 1}``, which takes the
magic's place, so that every other line keeps its number. Without such a line the magic comes before the cell and
tracebacks count one line more.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..values import Where

if TYPE_CHECKING:
    from nbformat import NotebookNode

MAGICS = {"nb2svc-model": "%%serve_model", "nb2svc-endpoint": "%%endpoint", "nb2svc-startup": "%%startup"}
OPTIONS = re.compile(r"#\s*nb2svc:\s*(?P<options>.*)")


def with_magic(cell: NotebookNode, where: Where) -> str:
    """The source to run for a cell: with the magic that its tag stands for, else as it is.

    Raises :class:`UsageError` for an unknown or a second ``nb2svc-`` tag, options without a tag, and a model
    without a name.
    """
    source: str = cell.source
    tags = [tag for tag in cell.metadata.get("tags", []) if tag.startswith("nb2svc-")]
    lines = source.split("\n")
    at, options = _options(lines)
    if not tags:
        if at is not None:
            raise UsageError(
                "This cell has a '# nb2svc:' line but no tag, so it would serve nothing.",
                hint=f"Tag the cell {_choices()}, or take the line away.",
                where=where,
            )
        return source
    magic = _magic(tags, where)
    if any(line.startswith(magic) for line in lines[:1]):
        return source  # marked both ways
    if at is not None:
        del lines[at]
    if magic == "%%serve_model" and (not options or options.startswith("-")):
        options = f"{_model_name(source, where)} {options}"
    return "\n".join([f"{magic} {options}".rstrip(), *lines])


def _options(lines: list[str]) -> tuple[int | None, str]:
    """Where the options stand among the comments that begin the cell, and what they are."""
    for number, line in enumerate(lines):
        text = line.strip()
        if text and not text.startswith("#"):
            break
        if match := OPTIONS.fullmatch(text):
            return number, match["options"]
    return None, ""


def _magic(tags: list[str], where: Where) -> str:
    unknown = [tag for tag in tags if tag not in MAGICS]
    if unknown:
        raise UsageError(f"There is no tag {unknown[0]!r}.", hint=f"Use {_choices()}.", where=where)
    if len(set(tags)) > 1:
        raise UsageError(
            f"The cell is tagged {' and '.join(sorted(set(tags)))}; it can be one of them.",
            hint="Split the cell in two and tag each.",
            where=where,
        )
    return MAGICS[tags[0]]


def _model_name(source: str, where: Where) -> str:
    """The variable that the cell assigns last, the same that a reader would take for the model."""
    from IPython.core.inputtransformer2 import TransformerManager

    try:
        body = ast.parse(TransformerManager().transform_cell(source)).body
    except SyntaxError:
        body = []
    for node in reversed(body):
        if isinstance(node, ast.Assign) and isinstance(node.targets[-1], ast.Name):
            return node.targets[-1].id
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            return node.target.id
    raise UsageError(
        "The cell is tagged nb2svc-model, but assigns no variable that could be the model.",
        hint="Name the variable in a first line: # nb2svc: NAME --example X[:3]",
        where=where,
    )


def _choices() -> str:
    return ", ".join(MAGICS)
