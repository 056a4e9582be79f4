"""IPython's own magics and shell commands among a cell's statements: none of them is for the service."""

from __future__ import annotations

from .expressions import number
from .scope import Author


def cell_magic(author: Author) -> str:
    """The first line of a cell whose statements run as ever."""
    return author.pick(["%%time", "%%capture", "%%capture shown", "%%prun -q", "%%time\n%%capture", "%%timeit -n1 -r1"])


def line_magic(author: Author) -> str:
    form = author.weighted({"shell": 2, "setting": 2, "timed": 2, "bound": 2, "repeated": 1, "asked": 1})
    if form == "shell":
        return author.pick(["!true", "%sx true", "!!true"])
    if form == "setting":
        return author.pick(["%precision 3", "%pdb off", "%xmode Minimal", "%autosave 0"])
    if form == "bound":
        return f"%time {author.target('number')} = {number(author)}"
    if form == "repeated":
        return f"%timeit -n1 -r1 {number(author)}"
    return f"%time {number(author)}" if form == "timed" else "math?"


def lines(author: Author) -> str:
    """What a command printed, as a list of texts."""
    return f"{author.target('lines')} = !echo {author.pick(['ada', 'ada grace'])}"


def timed_function(author: Author) -> str:
    return f"%time {author.target('function')} = lambda x: {number(author, ('x',))}"
