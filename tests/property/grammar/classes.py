"""Classes and their objects, records, enums; what is done to them after the fact."""

from __future__ import annotations

from .expressions import number
from .functions import body, indented
from .scope import Author


def class_(author: Author) -> str:
    name = author.pick(["A", "B", "C"])
    bases = [one for one in author.bound("class") if one != name]
    base = author.pick(bases) if bases and author.chance(40) else ""
    parts = [_attribute(author)]
    with author.inside(name):
        if not base or author.chance(40):
            parts.append(_init(author, base))
        if not base or author.chance(60):
            parts.append(_method(author, base))
        parts += [author.pick(_EXTRAS)(author) for _ in range(author.integer(0, 2))]
    author.bind(name, "class")
    return f"class {name}{f'({base})' if base else ''}:\n" + indented("\n".join(part for part in parts if part))


def _attribute(author: Author) -> str:
    if author.has("number") and author.chance(20):
        own = author.any("number")
        return f"{own} = {own}\nk = {own} + {author.integer()}"  # the right one is the notebook's
    return f"k = {number(author)}"


def _init(author: Author, base: str) -> str:
    if base and author.chance(50):
        return f"def __init__(self, v):\n    super().__init__(v + {author.integer()})"
    return f"def __init__(self, v, w={number(author)}):\n    self.v = v\n    self.w = w"


def _method(author: Author, base: str) -> str:
    if base and author.chance(60):
        return f"def at(self, x):\n    return super().at(x) + {number(author, ('x', 'self.k'))}"
    return f"def at(self, x):\n{indented(body(author, ('x', 'self.v', 'self.k')))}"


_NO_DUNDERS = "if name.startswith('_'): raise AttributeError(name)"
_EXTRAS = (
    lambda author: f"@property\ndef twice(self):\n    return self.v * {number(author)}",
    lambda author: f"@classmethod\ndef of(cls, v):\n    return cls(v + {number(author)})",
    lambda author: f"@staticmethod\ndef plus(x):\n    return x + {number(author)}",
    lambda author: f"def __call__(self, x):\n    return self.at(x) + {number(author)}",
    lambda author: "def __eq__(self, other):\n    return self.v == getattr(other, 'v', None)",
    lambda author: f"other = lambda self, x: {number(author, ('x',))}",
    lambda author: f"class Inner:\n    k = {number(author)}",
    lambda author: f"def __getattr__(self, name):\n    {_NO_DUNDERS}\n    return {number(author)}",
)


def object_(author: Author) -> str:
    value = f"{author.any('class')}({number(author)})"
    if author.chance(15) and author.has("object"):
        value = author.any("object")  # an alias
    return f"{author.target('object')} = {value}"


def objects_apart(author: Author) -> str:
    """Two names that share an object inside."""
    one = f"{author.any('class')}({number(author)})"
    first, second = author.target("object"), author.target("object")
    return f"{first} = {one}\n{second} = {author.any('class')}({number(author)})\n{second}.inner = {first}"


def object_attribute(author: Author) -> str:
    place = f"{author.any('object')}.{author.pick(['v', 'w', 'k'])}"
    return f"{place} {author.pick(['=', '+='])} {number(author)}"


def monkeypatch(author: Author) -> str:
    owner = author.any("class")
    form = author.pick(["value", "lambda", "function"])
    if form == "value":
        return f"{owner}.k = {number(author)}"
    with author.inside(owner):
        value = number(author, ("x", "self.v"))
    if form == "lambda":
        return f"{owner}.at = lambda self, x: {value}"
    return f"def patched(self, x):\n    return {value}\n{owner}.at = patched"


def patch_object(author: Author) -> str:
    name = author.any("object")
    with author.inside(name):
        return f"{name}.at = lambda x: {number(author, ('x',))}"


def call_with_effect(author: Author) -> str:
    """An expression statement: what it changes, stays."""
    kind = author.pick([kind for kind in ("function", "object", "functions") if author.has(kind)])
    call = {"function": "{}", "object": "{}.at", "functions": "{}[0]"}[kind].format(author.any(kind))
    return f"{call}({number(author)})"


def record(author: Author) -> str:
    name = author.target("record")
    default = number(author)
    form = author.weighted({"dataclass": 4, "frozen": 1, "namedtuple": 2, "typed": 1})
    if form == "namedtuple":
        return f'{name} = collections.namedtuple("{name}", "v w", defaults=({default},))'
    if form == "typed":
        return f"class {name}(typing.NamedTuple):\n    v: int\n    w: float = {default}"
    decorator = "dataclasses.dataclass" + ("(frozen=True)" if form == "frozen" else "")
    extra = "    more: list = dataclasses.field(default_factory=list)\n" if author.chance(30) else ""
    method = f"    def total(self):\n        return self.v + {number(author)}\n" if author.chance(30) else ""
    return f"@{decorator}\nclass {name}:\n    v: int\n    w: float = {default}\n{extra}{method}".rstrip()


def record_object(author: Author) -> str:
    """A record kept as a text: what it says of itself."""
    return f"{author.target('text')} = repr({author.any('record')}({number(author)}))"


def enum(author: Author) -> str:
    name = author.target("enum")
    base = author.pick(["enum.Enum", "enum.IntEnum", "str, enum.Enum", "enum.Flag"])
    values = ('"one"', '"two"') if base.startswith("str") else (str(author.integer(1, 2)), "4")
    method = "\n    @property\n    def double(self):\n        return self.value * 2" if author.chance(20) else ""
    return f"class {name}({base}):\n    ONE = {values[0]}\n    TWO = {values[1]}{method}"
