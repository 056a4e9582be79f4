"""A failing notebook made as small as it can be while it still fails in the same way.

Hypothesis shrinks the choices that made a notebook; this shrinks the notebook itself, by cells, statements and
expressions, which takes a hundred runs instead of thousands.
"""

from __future__ import annotations

import ast
import copy
import itertools
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace

from notebook import Execution, Notebook

MOST_RUNS = 250

_MARKS = ("%%endpoint", "%%serve_model", "%%startup")  # without them, it is another notebook
# A line of IPython's own stands in the tree as a call.
_STANDS_FOR = "ipythons_own"
_MAGIC = re.compile(r"^(\s*(?:\w+ = )?)([%!].*|math\?)$", re.MULTILINE)
_PYTHON = re.compile(rf"^(\s*(?:\w+ = )?){_STANDS_FOR}\((.*)\)$", re.MULTILINE)


def reduced(notebook: Notebook, still_fails: Callable[[Notebook], bool], runs: int = MOST_RUNS) -> Notebook:
    """The smallest notebook found with ``runs`` tries at most."""
    left, progress = runs, True
    while progress and left > 0:
        progress, position = False, 0
        while left > 0 and (candidate := next(itertools.islice(_smaller(notebook), position, None), None)) is not None:
            left -= 1
            if still_fails(candidate):
                notebook, progress = candidate, True
            else:
                position += 1
    return notebook


def _smaller(notebook: Notebook) -> Iterator[Notebook]:
    """Simpler notebooks, those that lose most first."""
    executions = notebook.executions
    for size in (4, 2, 1):
        for start in range(len(executions) - size, -1, -1):
            yield replace(notebook, executions=executions[:start] + executions[start + size :])
    if len(notebook.inputs) > 1:
        for one in notebook.inputs:
            yield replace(notebook, inputs=(one,))
    for index, execution in enumerate(executions):
        if execution.deleted:
            yield _with(notebook, index, replace(execution, deleted=()))
        yield from (_with(notebook, index, replace(execution, source=source)) for source in _simpler(execution.source))


def _with(notebook: Notebook, index: int, execution: Execution) -> Notebook:
    executions = notebook.executions
    return replace(notebook, executions=(*executions[:index], execution, *executions[index + 1 :]))


def _simpler(source: str) -> Iterator[str]:
    magic, code = source.split("\n", 1) if source.startswith("%%") else ("", source)
    if magic and not magic.startswith(_MARKS):
        yield code
    try:
        tree = ast.parse(_MAGIC.sub(lambda line: f"{line[1]}{_STANDS_FOR}({line[2]!r})", code))
    except SyntaxError:
        return
    for smaller in _trees(tree):
        text = _unparsed(smaller)
        if text is None:
            continue
        text = _PYTHON.sub(lambda line: f"{line[1]}{ast.literal_eval(line[2])}", text)
        if text != code and _STANDS_FOR not in text:
            yield f"{magic}\n{text}" if magic else text


def _unparsed(tree: ast.Module) -> str | None:
    try:
        text = ast.unparse(ast.fix_missing_locations(tree))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, "<smaller>", "exec")
    except (SyntaxError, ValueError, AttributeError):
        return None
    return text


def _trees(tree: ast.Module) -> Iterator[ast.Module]:
    """The tree with one node less, or with a node replaced by a simpler one."""
    for number, node in enumerate(ast.walk(tree)):
        for field, value in ast.iter_fields(node):
            if isinstance(value, list) and value and isinstance(value[0], ast.AST):
                for index in range(len(value)):
                    yield _edited(tree, number, field, value[:index] + value[index + 1 :])
            elif isinstance(value, ast.expr):
                for simpler in _expressions(value):
                    yield _edited(tree, number, field, simpler)
        if isinstance(node, (ast.If, ast.For, ast.Try, ast.With)):
            yield _unwrapped(tree, node)


def _expressions(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.Constant):
        return
    yield ast.Constant(1)
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            yield child


def _edited(tree: ast.Module, number: int, field: str, value: object) -> ast.Module:
    changed = copy.deepcopy(tree)
    node = next(node for index, node in enumerate(ast.walk(changed)) if index == number)
    setattr(node, field, copy.deepcopy(value))
    return changed


def _unwrapped(tree: ast.Module, block: ast.stmt) -> ast.Module:
    """What stands in a block, without the block."""
    changed = copy.deepcopy(tree)
    number = next(index for index, node in enumerate(ast.walk(tree)) if node is block)
    target = next(node for index, node in enumerate(ast.walk(changed)) if index == number)
    for node in ast.walk(changed):
        for _, value in ast.iter_fields(node):
            if isinstance(value, list) and target in value:
                at = value.index(target)
                value[at : at + 1] = target.body  # type: ignore[attr-defined]
                return changed
    return changed
