"""Cells under nb2svc's own magics, but for the handlers: served models of the notebook's classes, startup cells."""

from __future__ import annotations

from .expressions import number
from .functions import body, indented
from .scope import Author


def estimator(author: Author) -> str:
    """A class as a library's estimators are: fitted, then asked for rows."""
    name = author.pick(["M", "N"])
    bases = [one for one in author.bound("estimator") if one != name]
    base = author.pick(bases) if bases and author.chance(40) else ""
    with author.inside(name):
        fitted = [f"self.mean_ = sum(rows) + {number(author)}"]
        if author.chance(30):
            held = author.pick([kind for kind in ("function", "list", "object", "number") if author.has(kind)] or [""])
            fitted.append(f"self.held_ = {author.any(held) if held else author.integer()}")
        if author.chance(25):
            fitted.append("self.rows_ = rows")
        step = f"def step(self, row):\n{indented(body(author, ('row', 'self.k', 'self.mean_')))}"
        init = f"def __init__(self, k={number(author)}):\n    self.k = k"
    fit = "\n".join(["def fit(self, rows):", *(f"    {line}" for line in fitted), "    return self"])
    predict = "def predict(self, rows):\n    return [self.step(row) for row in rows]"
    if author.chance(20):
        predict = (
            f"def predict(self, rows):\n    self.k += {author.integer()}\n    return [self.step(row) for row in rows]"
        )
    parts = [step] if base and author.chance(60) else [init, fit, step, predict]
    author.bind(name, "estimator")
    return f"class {name}{f'({base})' if base else ''}:\n" + indented("\n".join(parts))


def fitted(author: Author) -> str:
    rows = (
        author.any("list") if author.has("list") and author.chance(40) else f"[{author.integer()}, {author.integer()}]"
    )
    return f"{author.target('model')} = {author.any('estimator')}({number(author)}).fit({rows})"


def refitted(author: Author) -> str:
    """A model that is changed where it is."""
    name = author.any("model")
    return author.pick([f"{name}.fit([{number(author)}])", f"{name}.k = {number(author)}", f"{name}.k += 1"])


def served_model(author: Author) -> str:
    """A whole cell."""
    example = author.pick(["[1, 2]", "[2]", "[0, 1, 3]"])
    if author.has("model") and author.chance(40):
        return f"%%serve_model {author.any('model')} --example {example}\npass"
    statement = fitted(author)
    return f"%%serve_model {statement.partition(' ')[0]} --example {example}\n{statement}"


def startup(author: Author) -> str:
    """The first line of a startup cell."""
    return "%%startup"


def filler(author: Author) -> str:
    """A function that changes what the notebook keeps, for a startup cell to call."""
    name = author.target("filler")
    changes = []
    with author.inside(name):
        if author.has("list"):
            changes.append(f"{author.any('list')}.append({number(author)})")
        if author.has("dict"):
            changes.append(f'{author.any("dict")}["{author.pick("kl")}"] = {number(author)}')
        if author.has("number") and author.chance(40):
            one = author.any("number")
            changes.insert(0, f"global {one}\n{one} = {number(author)}")
    return f"def {name}():\n" + indented("\n".join(changes or ["pass"]))


def call_filler(author: Author) -> str:
    return f"{author.any('filler')}()"


def fill(author: Author) -> str:
    """What is worked out once, when the service starts."""
    name = author.target("filled")
    return author.pick(
        [
            f"{name} = {{i: {number(author, ('i',))} for i in range({author.integer(1, 3)})}}",
            f"{name} = {{}}\nfor i in range({author.integer(1, 3)}):\n    {name}[i] = {number(author, ('i',))}",
            f"{name} = dict()\n{name}[{author.integer()}] = {number(author)}",
        ]
    )


def refill(author: Author) -> str:
    """A handler's or a cell's own change of what was worked out."""
    return f"{author.any('filled')}[{author.integer()}] = {number(author)}"
