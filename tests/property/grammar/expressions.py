"""Expressions over what is bound, with ``local`` numbers in scope."""

from __future__ import annotations

from collections.abc import Callable

from .scope import MODULES, Author

DEEPEST = 3


def number(author: Author, local: tuple[str, ...] = ()) -> str:
    """An expression that gives a number."""
    if author.depth >= DEEPEST:
        return _leaf(author, local)
    author.depth += 1
    try:
        options = {_leaf: 4, _arithmetic: 2, _choice: 1, _called_lambda: 1, _formatted: 1, _comprehension: 1}
        options |= {make: weight for (kind, make), weight in _OF_KIND.items() if author.has(kind)}
        return author.weighted(options)(author, local)
    finally:
        author.depth -= 1


def _leaf(author: Author, local: tuple[str, ...]) -> str:
    names = [*local, *local, *author.bound("number")]
    if names and author.chance(80):
        return author.pick(names)
    return str(author.pick([1, 2, 3, 0, -1, 10, 0.5, 2.25]))


def _arithmetic(author: Author, local: tuple[str, ...]) -> str:
    operator = author.pick(["+", "-", "*"])
    return f"({number(author, local)} {operator} {number(author, local)})"


def _choice(author: Author, local: tuple[str, ...]) -> str:
    return f"({number(author, local)} if {number(author, local)} > {author.integer()} else {number(author, local)})"


def _called_lambda(author: Author, local: tuple[str, ...]) -> str:
    given = number(author, local)
    if author.chance(30):
        return f"(lambda y, k={number(author, local)}: {number(author, (*local, 'y', 'k'))})({given})"
    return f"(lambda y: {number(author, (*local, 'y'))})({given})"


def _formatted(author: Author, local: tuple[str, ...]) -> str:
    return (
        f'len(f"<{{{number(author, local).replace(chr(34), chr(39))}}}>")'
        if author.depth > DEEPEST - 1
        else _leaf(author, local)
    )


def _comprehension(author: Author, local: tuple[str, ...]) -> str:
    over = author.any("list") if author.has("list") and author.chance(50) else f"range({author.integer(0, 3)})"
    variable = author.pick(["i", "a", "x"])  # may hide a global, or the parameter
    form = author.pick(["sum({0} for {1} in {2})", "sum([{0} for {1} in {2}])", "len({{{0} for {1} in {2}}})"])
    return form.format(number(author, (*local, variable)), variable, over)


def _call(author: Author, local: tuple[str, ...]) -> str:
    return f"{author.any('function')}({number(author, local)})"


def _attribute_of_function(author: Author, local: tuple[str, ...]) -> str:
    return f'getattr({author.any("function")}, "k", {number(author, local)})'


def _item_call(author: Author, local: tuple[str, ...]) -> str:
    return f"{author.any('functions')}[{author.pick([0, -1])}]({number(author, local)})"


def _method(author: Author, local: tuple[str, ...]) -> str:
    return f"{author.any('object')}.at({number(author, local)})"


def _of_new_object(author: Author, local: tuple[str, ...]) -> str:
    return f"{author.any('class')}({number(author, local)}).at({number(author, local)})"


def _class_attribute(author: Author, local: tuple[str, ...]) -> str:
    return f"{author.any('class')}.k"


def _object_attribute(author: Author, local: tuple[str, ...]) -> str:
    return f"{author.any('object')}.{author.pick(['v', 'k', 'twice'])}"


def _list_part(author: Author, local: tuple[str, ...]) -> str:
    return author.pick(["len({})", "sum({})", "({} or [0])[-1]"]).format(author.any("list"))


def _dict_part(author: Author, local: tuple[str, ...]) -> str:
    return f'{author.any("dict")}.get("{author.pick("kl")}", {number(author, local)})'


def _made(author: Author, local: tuple[str, ...]) -> str:
    return f"{author.any('factory')}({number(author, local)})({number(author, local)})"


def _record_part(author: Author, local: tuple[str, ...]) -> str:
    return f"{author.any('record')}({number(author, local)}).v"


def _enum_part(author: Author, local: tuple[str, ...]) -> str:
    return f"{author.any('enum')}.{author.pick(['ONE', 'TWO'])}.value"


def _text_part(author: Author, local: tuple[str, ...]) -> str:
    return f"len({author.any('text')})"


def _generated(author: Author, local: tuple[str, ...]) -> str:
    return f"sum({author.any('generator')}({number(author, local)}))"


def _of_module(author: Author, local: tuple[str, ...]) -> str:
    return MODULES[author.any("module")]


def _predicted(author: Author, local: tuple[str, ...]) -> str:
    return f"{author.any('model')}.predict([{number(author, local)}])[0]"


def _fitted(author: Author, local: tuple[str, ...]) -> str:
    return f"{author.any('estimator')}({number(author, local)}).fit([1, 2]).predict([{number(author, local)}])[0]"


def _of_filled(author: Author, local: tuple[str, ...]) -> str:
    return author.pick(["len({})", "sum({}.values())", "{}.get(1, 0)"]).format(author.any("filled"))


def _of_lines(author: Author, local: tuple[str, ...]) -> str:
    return f"len({author.any('lines')})"


Make = Callable[[Author, tuple[str, ...]], str]
_OF_KIND: dict[tuple[str, Make], int] = {
    ("function", _call): 6,
    ("function", _attribute_of_function): 1,
    ("functions", _item_call): 3,
    ("object", _method): 4,
    ("object", _object_attribute): 2,
    ("class", _of_new_object): 3,
    ("class", _class_attribute): 1,
    ("list", _list_part): 2,
    ("dict", _dict_part): 2,
    ("factory", _made): 1,
    ("record", _record_part): 2,
    ("enum", _enum_part): 2,
    ("text", _text_part): 1,
    ("generator", _generated): 2,
    ("module", _of_module): 1,
    ("model", _predicted): 3,
    ("estimator", _fitted): 1,
    ("filled", _of_filled): 3,
    ("lines", _of_lines): 1,
}


def observation(author: Author, local: tuple[str, ...]) -> str:
    """An expression whose value says as much as can be said about one thing; anything that JSON takes."""
    options: dict[Callable[[], str], int] = {lambda: number(author, local): 2}
    for kind, forms in _SEEN.items():
        if author.has(kind):
            options[lambda kind=kind, forms=forms: author.pick(forms).format(author.any(kind), author.any(kind))] = 2
    return author.weighted(options)()


_SEEN = {
    "number": ["{}", "str({})", "type({}).__name__"],
    "list": ["{}", "{} is {}", "str({})"],
    "dict": ["{}", "list({})", "{} is {}"],
    "text": ["{}", "{}.upper()"],
    "function": ["{}(x)", "[{}(x), {}(x)]", "{}.__name__", "getattr({}, '__doc__', 0)", "{} is {}", "{}(1)"],
    "functions": ["[one(x) for one in {}]", "len({})", "[one.__name__ for one in {}]"],
    "generator": ["list({}(x))", "{}.__name__"],
    "factory": ["{}(2)(x)", "{0}(1)(x) + {0}(2)(x)", "{}(x).__name__"],
    "class": [
        "{}(x).at(1)",
        "{}.__name__",
        "[one.__name__ for one in {}.__mro__]",
        "{} is {}",
        "{}.k",
        "issubclass({}, {})",
        "getattr({}, 'seen', 0)",
        "getattr({}, 'kinds', 0)",
        "{}(x).own()",
    ],
    "object": [
        "{}.at(x)",
        "{}.v",
        "sorted(vars({}))",
        "type({}).__name__",
        "{} is {}",
        "{} == {}",
        "type({}) is type({})",
        "getattr({}, 'twice', None)",
        "callable({})",
        "getattr({}, 'held', 0) is getattr({}, 'held', 1)",
    ],
    "table": [
        "list({})",
        "[type(one).__name__ for one in {}.values()]",
        '{0}["one"] is {0}["two"]',
        '{}["one"] is None',
    ],
    "model": [
        "{}.predict([x, 1])",
        "{}.k",
        "sorted(vars({}))",
        "{} is {}",
        "getattr({}, 'rows_', 0)",
        "type({}).__name__",
        "getattr({}, 'held_', 0) is getattr({}, 'held_', 1)",
    ],
    "estimator": ["{}(x).fit([x]).predict([1])", "[one.__name__ for one in {}.__mro__]", "{} is {}"],
    "filled": ["{}", "list({})", "len({})", "{} is {}"],
    "lines": ["list({})", "{}[0]"],
    "record": ["repr({}(x))", "{}(x) == {}(x)", "{}(1) is None"],
    "enum": ["str({}.ONE)", "[one.name for one in {}]", "{}({}.ONE.value).name", "{}.ONE is {}.ONE"],
}
