"""Functions: bodies, signatures, closures, decorators, lambdas. Each gives the lines of one statement (or two)."""

from __future__ import annotations

import copy
import textwrap

from .expressions import number
from .scope import Author


def indented(text: str) -> str:
    return textwrap.indent(text, "    ")


def body(author: Author, local: tuple[str, ...]) -> str:
    """Statements that end in ``return <number>``."""
    forms = {_plain: 6, _with_a_local: 2, _nested: 1, _loop: 1, _match: 1, _guarded: 1, _walrus: 1, _own_import: 1}
    if author.has("number"):
        forms |= {_counts: 2}
    if author.has("list"):
        forms |= {_appends: 2}
    if author.has("dict"):
        forms |= {_remembers: 1}
    return author.weighted(forms)(author, local)


def _plain(author: Author, local: tuple[str, ...]) -> str:
    return f"return {number(author, local)}"


def _with_a_local(author: Author, local: tuple[str, ...]) -> str:
    name = author.pick(["y", "a", "f"])  # may hide a global
    inner = shadowed(author, name)
    value = number(inner, local)
    return f"{name} = {value}\nreturn {number(inner, (*local, name))}"


def _nested(author: Author, local: tuple[str, ...]) -> str:
    inner = f"def inner(y):\n{indented(body(author, (*local, 'y')))}"
    return f"{inner}\nreturn inner({number(author, local)}) + inner(1)"


def _loop(author: Author, local: tuple[str, ...]) -> str:
    step = number(author, (*local, "i", "total"))
    return f"total = 0\nfor i in range({author.integer(1, 3)}):\n    total += {step}\nreturn total"


def _match(author: Author, local: tuple[str, ...]) -> str:
    return (
        f"match {number(author, local)}:\n    case {author.integer()}:\n        return {number(author, local)}\n"
        f"    case other:\n        return {number(author, (*local, 'other'))}"
    )


def _guarded(author: Author, local: tuple[str, ...]) -> str:
    guard = "except (NameError, TypeError, AttributeError):"
    return f"try:\n    return {number(author, local)}\n{guard}\n    return {author.integer()}"


def _walrus(author: Author, local: tuple[str, ...]) -> str:
    return (
        f"if (w := {number(author, local)}) > {author.integer()}:\n    return w\nreturn {number(author, (*local, 'w'))}"
    )


def _own_import(author: Author, local: tuple[str, ...]) -> str:
    return f"import math\nreturn math.floor({number(author, local)})"


def _counts(author: Author, local: tuple[str, ...]) -> str:
    name = author.any("number")
    if name in local:
        return _plain(author, local)
    change = f"{name} {author.pick(['+=', '='])} {number(author, local)}"
    return f"global {name}\n{change}\nreturn {name} + {number(author, local)}"


def _appends(author: Author, local: tuple[str, ...]) -> str:
    name = author.any("list")
    return f"{name}.append({number(author, local)})\nreturn len({name})"


def _remembers(author: Author, local: tuple[str, ...]) -> str:
    name = author.any("dict")
    return f'{name}["{author.pick("kl")}"] = {number(author, local)}\nreturn {number(author, local)}'


def shadowed(author: Author, name: str) -> Author:
    """The author inside a function where ``name`` is local: what the notebook bound to it is out of reach."""
    inner = copy.copy(author)
    inner.kinds = {key: kind for key, kind in author.kinds.items() if key != name}
    return inner


def signature(author: Author) -> tuple[str, tuple[str, ...]]:
    """Parameters of a function that can be called with one number, and the numbers they give."""
    form = author.weighted({"plain": 6, "default": 4, "keyword": 2, "rest": 1, "annotated": 2})
    if form == "default":
        return f"x, k={number(author)}", ("x", "k")
    if form == "keyword":
        return f"x, *, k={number(author)}", ("x", "k")
    if form == "rest":
        return f"x, *rest, k={number(author)}, **more", ("x", "k", "len(rest)", "len(more)")
    if form == "annotated":
        names = [*author.bound("class"), *author.bound("record"), "int"]
        return f"x: {author.pick(['int', chr(34) + author.pick(names) + chr(34)])}", ("x",)
    return "x", ("x",)


def function(author: Author) -> str:
    name = author.pick(["f", "g", "h"])
    decoration = decorators(author)
    with author.inside(name):
        parameters, local = signature(author)
        docstring = '"""Says what it does."""\n' if author.chance(10) else ""
        inner = indented(docstring + body(author, local))
    prefix = author.pick(["", "", "", "# why it is so\n"])
    author.bind(name, "function")
    return f"{prefix}{decoration}def {name}({parameters}):\n{inner}"


def decorators(author: Author) -> str:
    if not author.chance(25):
        return ""
    if author.has("decorator") and author.chance(70):
        return f"@{author.any('decorator')}\n"
    return author.pick(["@functools.lru_cache\n", "@functools.cache\n", "@functools.lru_cache(maxsize=2)\n"])


def decorator(author: Author) -> str:
    name = author.target("decorator")
    wraps = "@functools.wraps(fn)\n" if author.chance(50) else ""
    with author.inside(name):
        added = number(author, ("x",))
    inner = f"{wraps}def wrapper(x):\n    return fn(x) + {added}\nreturn wrapper"
    if not author.chance(25):
        return f"def {name}(fn):\n{indented(inner)}"
    inner = indented(indented(inner.replace("fn(x) +", "fn(x) + k +")))
    made = f"def outer(k):\n    def deco(fn):\n{inner}\n    return deco"
    return f"{made}\n{name} = outer({number(author)})"


def factory(author: Author) -> str:
    name = author.target("factory")
    form = author.weighted({"plain": 4, "counts": 3, "lambda": 3})
    with author.inside(name):
        if form == "counts":
            value = number(author, ("x",))
            counts = f"    nonlocal k\n    k += {author.integer(1, 3)}\n    return k + {value}"
            inner = f"def counted(x):\n{counts}\nreturn counted"
        elif form == "lambda":
            inner = f"return lambda x: {number(author, ('x', 'k'))}"
        else:
            first = number(author, ("k",))
            inner = f"j = {first}\ndef inner(x):\n{indented(body(author, ('x', 'k', 'j')))}\nreturn inner"
    return f"def {name}(k):\n{indented(inner)}"


def made_by_factory(author: Author) -> str:
    value = f"{author.any('factory')}({number(author)})"
    return f"{author.target('function')} = {value}"


def shared_cell(author: Author) -> str:
    """Two functions over one cell."""
    one, other = author.target("function"), author.target("function")
    with author.inside(one):
        step = number(author, ("x",))
    return (
        f"def pair(k):\n    def up(x):\n        nonlocal k\n        k += x\n        return k\n"
        f"    def now(x):\n        return k + {step}\n    return up, now\n{one}, {other} = pair({author.integer()})"
    )


def lambdas(author: Author) -> str:
    form = author.weighted({"one": 4, "two": 2, "list": 2, "loop": 1, "default": 1})
    name = author.target("functions" if form in {"list", "loop"} else "function")
    with author.inside(name):
        first, second = (f"lambda x: {number(author, ('x',))}" for _ in range(2))
        if form == "one":
            return f"{name} = {first}"
        if form == "two":
            return f"{name}, {author.target('function')} = {first}, {second}"
        if form == "list":
            return f"{name} = [{first}, {second}]"
        if form == "loop":
            bind = author.pick(["", ", i=i"])
            return f"{name} = [lambda x{bind}: {number(author, ('x', 'i'))} for i in range(2)]"
        return f"{name} = (lambda x, step={second}: step(x) + {author.integer()})"


def generator(author: Author) -> str:
    name = author.target("generator")
    with author.inside(name):
        value = number(author, ("x", "i"))
    return f"def {name}(x):\n    for i in range({author.integer(1, 3)}):\n        yield {value}"


def derived(author: Author) -> str:
    """A function made from another one."""
    forms = ["{0}", "functools.partial({0})", "functools.lru_cache({0})", "[{0}][0]"]
    if author.has("object"):
        forms.append("{1}.at")
    if author.has("functions"):
        forms.append("{2}[0]")
    if author.has("decorator"):
        forms.append("{3}({0})")
    parts = [author.any(kind) if author.has(kind) else "" for kind in ("function", "object", "functions", "decorator")]
    value = author.pick(forms).format(*parts)
    return f"{author.target('function')} = {value}"


def library_function(author: Author) -> str:
    forms = ["from math import floor as {}", "from math import fabs as {}", "{} = math.floor", "{} = abs"]
    return author.pick(forms).format(author.target("function"))


def collected(author: Author) -> str:
    values = f"[{author.any('function')}, {author.any('function')}]"
    return f"{author.target('functions')} = {values}"


def attribute(author: Author) -> str:
    return f"{author.any('function')}.k = {number(author)}"
