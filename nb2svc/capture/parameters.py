"""``-p NAME=VALUE``: values from outside for the cell tagged ``parameters``, as papermill has them."""

from __future__ import annotations

import ast
import json
import keyword
import math
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..values import Where
from .cells import bound_names, statements

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nbformat import NotebookNode

TAG = "parameters"
INJECTED_TAG = "injected-parameters"  # papermill's: a notebook that it wrote already has such a cell


def parse(text: str) -> tuple[str, Any]:
    """Read ``NAME=VALUE``. The value is a Python literal, or JSON, or else the text itself.

    Raises :class:`UsageError` where there is no name, or it is none that Python takes.
    """
    name, equals, value = text.partition("=")
    name = name.strip()
    if not equals:
        raise UsageError(f"-p {text} gives no value.", hint=f"Write -p {text or 'NAME'}=VALUE.")
    if not name.isidentifier() or keyword.iskeyword(name):
        raise UsageError(
            f"-p {text}: {name!r} is no name of a variable.", hint="Write -p NAME=VALUE, as in -p n_estimators=200."
        )
    return name, _value(value)


def _value(text: str) -> Any:
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        pass
    try:
        return json.loads(text)
    except ValueError:
        return text


def _literal(value: Any) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'  # nan and inf have no literal
    return repr(value)


def inject(notebook: NotebookNode, parameters: Mapping[str, Any], *, file: str = "") -> None:
    """Put a cell that assigns ``parameters`` right after the one tagged ``parameters``, in place.

    Raises :class:`UsageError` where no cell is tagged, or the tagged one does not assign a given name: a name that
    nothing reads would change nothing, silently.
    """
    if not parameters:
        return
    from nbformat.v4 import new_code_cell

    cells = notebook.cells
    tagged = [position for position, cell in enumerate(cells) if _has_tag(cell, TAG)]
    if not tagged:
        raise _untagged(notebook, parameters, file)
    position = tagged[0]
    _refuse_unknown(notebook, position, parameters, file)
    source = "\n".join(["# Parameters", *(f"{name} = {_literal(value)}" for name, value in parameters.items())])
    cell = new_code_cell(source, metadata={"tags": [INJECTED_TAG]})
    following = position + 1
    replaces = following < len(cells) and _has_tag(cells[following], INJECTED_TAG)
    cells[following : following + int(replaces)] = [cell]


def numbered(notebook: NotebookNode) -> Iterator[tuple[int, NotebookNode]]:
    """The cells that will run, with the numbers that their prompts will show when all run from the top."""
    running = (cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip())
    yield from enumerate((cell for cell in running if not _has_tag(cell, "skip-execution")), start=1)


def _has_tag(cell: NotebookNode, tag: str) -> bool:
    return tag in cell.metadata.get("tags", [])


def _assigned(source: str) -> set[str]:
    from IPython.core.inputtransformer2 import TransformerManager

    try:
        tree = ast.parse(TransformerManager().transform_cell(source))
    except SyntaxError:
        return set()
    assignments = [node for node in statements(tree.body) if isinstance(node, (ast.Assign, ast.AnnAssign))]
    return {name for node in assignments for name in bound_names(node)}


def _refuse_unknown(notebook: NotebookNode, position: int, parameters: Mapping[str, Any], file: str) -> None:
    cell = notebook.cells[position]
    known = _assigned(cell.source)
    unknown = sorted(set(parameters) - known)
    if unknown:
        number = next((number for number, running in numbered(notebook) if running is cell), None)
        raise UsageError(
            f"{_listed(unknown)} {'is no parameter' if len(unknown) == 1 else 'are no parameters'} of this notebook.",
            hint=f"The cell tagged '{TAG}' assigns {_listed(sorted(known)) or 'nothing'}. Assign it there, or mend -p.",
            where=Where(notebook=file, cell=number),
        )


def _untagged(notebook: NotebookNode, parameters: Mapping[str, Any], file: str) -> UsageError:
    for number, cell in numbered(notebook):
        found = sorted(set(parameters) & _assigned(cell.source))
        if found:
            return UsageError(
                f"No cell is tagged '{TAG}', so -p has nowhere to go.",
                hint=f"This cell assigns {_listed(found)}: add the tag '{TAG}' to it "
                "(in JupyterLab: property inspector, Cell Tags).",
                where=Where(notebook=file, cell=number, name=found[0]),
            )
    return UsageError(
        f"No cell is tagged '{TAG}', and no cell assigns {_listed(sorted(parameters))}.",
        hint=f"Give the values their defaults in one cell near the top and tag that cell '{TAG}'.",
        where=Where(notebook=file),
    )


def _listed(names: list[str]) -> str:
    return ", ".join(names)
