"""Things that notebooks do across statements: registries, counters, state that several names share."""

from __future__ import annotations

from .expressions import number
from .functions import body, indented
from .scope import Author


def registry(author: Author) -> str:
    """A decorator that keeps what it decorates."""
    kept, name = author.target("functions"), author.target("decorator")
    if author.chance(40):
        return f"{kept} = []\ndef {name}(fn):\n    {kept}.append(fn)\n    return fn"
    count = author.target("number")
    return (
        f"{kept} = [abs]\n{count} = 0\ndef {name}(fn):\n    global {count}\n    {count} += 1\n    {kept}.append(fn)\n"
        f"    return lambda x: fn(x) + {number(author, ('x',))}"
    )


def counting_class(author: Author) -> str:
    """A class that changes itself whenever an object is made."""
    name = author.pick(["A", "B", "C"])
    author.bind(name, "class")
    with author.inside(name):
        method = indented(body(author, ("x", "self.v", "self.k")))
    change = author.pick(
        [f"{name}.k += 1", "type(self).k += 1", f"{name}.seen.append(v)\n        {name}.k = len({name}.seen)"]
    )
    return (
        f"class {name}:\n    k = {author.integer()}\n    seen = []\n"
        "    def __init__(self, v, w=1):\n        self.v = v\n"
        f"        self.w = w\n        {change}\n    def at(self, x):\n{indented(method)}"
    )


def registering_class(author: Author) -> str:
    """A class that keeps its subclasses."""
    name = author.pick(["A", "B", "C"])
    author.bind(name, "class")
    return (
        f"class {name}:\n    k = 0\n    kinds = []\n"
        "    def __init__(self, v, w=0):\n        self.v = v\n        self.w = w\n"
        f"    def __init_subclass__(cls, **kw):\n        {name}.kinds.append(cls.__name__)\n        {name}.k += 1\n"
        f"    def at(self, x):\n        return len({name}.kinds) + {number(author, ('x', 'self.v'))}"
    )


def kept_default(author: Author) -> str:
    """A function that remembers in a default."""
    name = author.pick(["f", "g", "h"])
    author.bind(name, "function")
    kept = author.any("list") if author.has("list") and author.chance(60) else "[]"
    return f"def {name}(x, seen={kept}):\n    seen.append(x)\n    return len(seen) + {number(author, ('x',))}"


def counted_calls(author: Author) -> str:
    """A function that remembers in an attribute of its own."""
    name = author.pick(["f", "g", "h"])
    author.bind(name, "function")
    return f'def {name}(x):\n    {name}.k = getattr({name}, "k", 0) + 1\n    return {name}.k + {number(author, ("x",))}'


def shared_in_object(author: Author) -> str:
    """A list or dict that an object holds, and the notebook too."""
    owner = author.any(author.pick([kind for kind in ("object", "class") if author.has(kind)]))
    return f"{owner}.held = {author.any('list')}\n{owner}.held.append({number(author)})"


def held_in_dict(author: Author) -> str:
    """Things of the notebook as values of a dict that the notebook keeps."""
    kinds = [kind for kind in ("function", "class", "object", "list") if author.has(kind)]
    held = author.any(author.pick(kinds))
    return f'{author.target("table")} = {{"one": {held}, "two": {author.any(author.pick(kinds))}}}'


def class_that_holds(author: Author) -> str:
    """A class whose attributes are other things of the notebook."""
    name = author.pick(["A", "B", "C"])
    kinds = [kind for kind in ("function", "class", "object", "list", "number") if author.has(kind)]
    held = author.any(author.pick(kinds))
    author.bind(name, "class")
    with author.inside(name):
        value = number(author, ("x", "self.v", "self.k"))
    return (
        f"class {name}:\n    k = {number(author)}\n    held = {held}\n    more = [{held}]\n"
        f"    def __init__(self, v, w=0):\n        self.v = v\n        self.w = w\n"
        f"    def at(self, x):\n        return {value}\n"
        f"    def own(self):\n        return self.held is self.more[0] or type(self).held is self.more[0]"
    )


def accumulated(author: Author) -> str:
    """Functions put into a list by a loop."""
    name = author.target("functions")
    bind = author.pick(["", ", i=i"])
    value = number(author, ("x", "i"))
    return f"{name} = []\nfor i in range({author.integer(1, 3)}):\n    {name}.append(lambda x{bind}: {value})"


def copied_state(author: Author) -> str:
    """Names that stand for one list, of which one then goes its own way."""
    one, other = author.pick([("xs", "ys"), ("ys", "xs")])
    author.bind(one, "list")
    author.bind(other, "list")
    later = author.pick(
        [f"{other} += [{number(author)}]", f"{other} = {other} + [{number(author)}]", f"{one}.append(4)"]
    )
    return f"{one} = {other} = [{author.integer()}]\n{later}"


def saved_class(author: Author) -> str:
    """A class that says itself how its objects are saved; some leave out what was worked out, or held."""
    name = author.pick(["A", "B", "C"])
    author.bind(name, "class")
    with author.inside(name):
        value = number(author, ("x", "self.v", "self.w"))
        worked_out = number(author, ("v",))
    return (
        f"class {name}:\n    k = {author.integer()}\n    def __init__(self, v, w=0):\n        self.v = v\n"
        f"        self.w = w\n        self.more = {worked_out}\n"
        f"    def at(self, x):\n        return {value} + self.more\n{indented(author.pick(_SAVED))}"
    )


_UPDATED = "def __setstate__(self, state):\n    vars(self).update(state)"
_SAVED = (
    f"def __getstate__(self):\n    return dict(vars(self))\n{_UPDATED}",
    (
        "def __getstate__(self):\n    return self.v, self.w, self.more\n"
        "def __setstate__(self, state):\n    self.v, self.w, self.more = state"
    ),
    (
        "def __getstate__(self):\n    return {key: one for key, one in vars(self).items() if key != 'more'}\n"
        f"{_UPDATED}\n    self.more = self.v"
    ),
    "def __reduce__(self):\n    return type(self), (self.v, self.w)",
    _UPDATED,
    "def __copy__(self):\n    return self",
)
