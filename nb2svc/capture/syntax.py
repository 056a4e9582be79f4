"""The syntax tree of a piece of code, for several questions about it that follow each other.

Of a long notebook, everything is asked about each definition, and for every mark again: what an answer needs but the
code is kept with it (see ``names``); the trees themselves would take too much memory, so only the last ones stay.
"""

from __future__ import annotations

import ast
from functools import lru_cache

REMEMBERED = 4096  # answers of one kind: more definitions than a notebook has


@lru_cache(maxsize=8)
def tree_of(source: str | bytes) -> ast.Module | None:
    """The tree, which nobody may change; None for what is no Python."""
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError):
        return None


@lru_cache(maxsize=8)
def nodes_of(source: str) -> tuple[ast.AST, ...]:
    """Every node of the tree, as ``ast.walk`` gives them."""
    tree = tree_of(source)
    return () if tree is None else tuple(ast.walk(tree))
