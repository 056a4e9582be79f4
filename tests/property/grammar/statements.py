"""Everything else that stands at the top level of a cell: bindings, mutations, imports, control flow."""

from __future__ import annotations

from .expressions import number
from .functions import function, indented
from .scope import MODULES, Author


def bind_number(author: Author) -> str:
    value = number(author) if author.chance(40) else str(author.pick([1, 2, 3, 7, 0, -4, 0.1, 2.5]))
    form = author.weighted({"plain": 6, "annotated": 1, "chained": 1, "unpacked": 1, "walrus": 1})
    name = author.target("number")
    if form == "annotated":
        return f"{name}: float = {value}"
    if form == "chained":
        return f"{name} = {author.target('number')} = {value}"
    if form == "unpacked":
        return f"{name}, {author.target('number')} = {value}, {author.integer()}"
    return f"({name} := {value})" if form == "walrus" else f"{name} = {value}"


def augment_number(author: Author) -> str:
    return f"{author.any('number')} {author.pick(['+=', '*=', '-='])} {number(author)}"


def swap(author: Author) -> str:
    one, other = author.any("number"), author.any("number")
    return f"{one}, {other} = {other}, {one}"


def bind_list(author: Author) -> str:
    value = f"[{', '.join(number(author) for _ in range(author.integer(0, 3)))}]"
    if author.chance(25) and author.has("list"):
        value = author.pick(["{}", "{}[:]", "{} + [1]", "sorted({})", "[i * 2 for i in {}]"]).format(author.any("list"))
    elif author.chance(15):
        rest, first = author.target("list"), author.target("number")
        return f"{first}, *{rest} = [{author.integer()}, {author.integer()}, {author.integer()}]"
    return f"{author.target('list')} = {value}"


def change_list(author: Author) -> str:
    return author.pick(["{}.append({})", "{} += [{}]", "{}.insert(0, {})", "{}[:] = [{}]"]).format(
        author.any("list"), number(author)
    )


def bind_dict(author: Author) -> str:
    items = ", ".join(f'"{key}": {number(author)}' for key in author.pick(["", "k", "l", "kl", "lk"]))
    value = author.any("dict") if author.chance(20) and author.has("dict") else f"{{{items}}}"
    return f"{author.target('dict')} = {value}"


def change_dict(author: Author) -> str:
    forms = ['{0}["{1}"] = {2}', '{0}.pop("{1}", None)', "{0}.update({1}={2})", '{0}.setdefault("{1}", {2})']
    return author.pick(forms).format(author.any("dict"), author.pick("kl"), number(author))


def bind_text(author: Author) -> str:
    value = author.pick(['"one"', "'it\\'s'", '"ünïcode"', '"two\\nlines"', 'f"{1 + 1}"', '"a" "b"', "__name__"])
    return f"{author.target('text')} = {value}"


def delete(author: Author) -> str:
    name = author.pick(sorted(author.kinds))
    del author.kinds[name]
    return f"del {name}"


def import_(author: Author) -> str:
    form = author.weighted({"math": 3, "mt": 2, "os": 1, "json": 1, "star": 1, "tried": 1})
    if form in MODULES:
        author.bind(form, "module")
        return {"mt": "import math as mt", "os": "import os.path"}.get(form, f"import {form}")
    if form == "star":
        author.bind("floor", "function")
        return "from math import *"
    author.bind("json", "module")
    return "try:\n    import no_such_module as json\nexcept ImportError:\n    import json"


def conditional(author: Author) -> str:
    """A name bound one way or the other."""
    test = f"{number(author)} > {author.integer()}"
    if author.chance(50):
        name = author.target("number")
        return f"if {test}:\n    {name} = {number(author)}\nelse:\n    {name} = {number(author)}"
    first = function(author)
    return f"if {test}:\n{indented(first)}\nelse:\n{indented(function(author))}"


def loop(author: Author) -> str:
    if author.chance(50) and author.has("list"):
        return f"for i in range({author.integer(1, 3)}):\n    {author.any('list')}.append(i + {number(author)})"
    name = author.target("number")
    return f"for {name} in range({author.integer(1, 4)}):\n    pass"


def guarded(author: Author) -> str:
    name = author.target("number")
    return f"try:\n    {name} = 1 / {author.pick([0, 2])}\nexcept ZeroDivisionError:\n    {name} = {number(author)}"


def only_in_the_notebook(author: Author) -> str:
    return f'if __name__ == "__main__":\n    {author.target("number")} = {number(author)}'
