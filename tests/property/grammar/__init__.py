"""Notebooks as people write them, from a grammar: definitions, uses, mutations, re-runs, edits, deletions."""

from .notebooks import notebooks

__all__ = ["notebooks"]
