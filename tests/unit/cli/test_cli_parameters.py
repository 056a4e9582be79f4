"""``-p NAME=VALUE``: what it means, where it goes, and what is said where it cannot go anywhere."""

from __future__ import annotations

import math

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from nb2svc.capture.parameters import inject, numbered, parse
from nb2svc.errors import UsageError


def notebook(*cells):
    made = [cell if not isinstance(cell, str) else new_code_cell(cell) for cell in cells]
    return new_notebook(cells=[new_markdown_cell("# Title"), *made])


def tagged(source, *tags):
    return new_code_cell(source, metadata={"tags": list(tags)})


def sources(notebook):
    return [cell.source for cell in notebook.cells[1:]]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x=3", 3),
        ("x= 2.5 ", 2.5),
        ("x=-1e3", -1000.0),
        ("x=True", True),
        ("x=true", True),
        ("x=None", None),
        ("x=null", None),
        ("x=[1, 'a']", [1, "a"]),
        ('x={"a": [true, null]}', {"a": [True, None]}),
        ("x=(1, 2)", (1, 2)),
        ("x='7'", "7"),
        ("x=iris", "iris"),
        ("x=2024-01-31", "2024-01-31"),
        ("x=007", "007"),
        ("x=", ""),
        ("x=a=b", "a=b"),
        ("x=C:\\data", "C:\\data"),
        ("x=__import__('os').getcwd()", "__import__('os').getcwd()"),
    ],
)
def test_values(text, value):
    name, parsed = parse(text)
    assert name == "x"
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize("text", ["x", "", "=3", "1x=3", "a b=3", "class=3", "a.b=3"])
def test_what_is_no_parameter(text):
    with pytest.raises(UsageError, match="-p"):
        parse(text)


def test_the_cell_goes_right_after_the_tagged_one():
    made = notebook("import os", tagged("rate = 0.1\nname = 'a'", "parameters"), "print(rate)")
    inject(made, {"rate": 0.5, "name": "it's"})
    assert sources(made) == [
        "import os",
        "rate = 0.1\nname = 'a'",
        '# Parameters\nrate = 0.5\nname = "it\'s"',
        "print(rate)",
    ]
    assert made.cells[3].metadata.tags == ["injected-parameters"]


def test_what_an_earlier_run_injected_is_replaced():
    made = notebook(tagged("rate = 0.1", "parameters"), tagged("rate = 9", "injected-parameters"), "print(rate)")
    inject(made, {"rate": 0.5})
    assert sources(made) == ["rate = 0.1", "# Parameters\nrate = 0.5", "print(rate)"]


def test_without_parameters_the_notebook_stays_as_it_is():
    made = notebook("x = 1")
    inject(made, {})
    assert sources(made) == ["x = 1"]


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, [1, "a"], {"k": None}, "quote ' and \n line"])
def test_what_is_injected_evaluates_to_the_value(value):
    made = notebook(tagged("x = 0", "parameters"))
    inject(made, {"x": value})
    names = {}
    exec(made.cells[2].source, names)
    assert repr(names["x"]) == repr(value)


def test_a_name_that_the_tagged_cell_does_not_assign_is_a_slip():
    made = notebook("import os", tagged("%matplotlib inline\nrate = 0.1\nsize: int = 3", "parameters"))
    with pytest.raises(UsageError) as caught:
        inject(made, {"rte": 1}, file="n.ipynb")
    assert str(caught.value.where) == "n.ipynb › cell [2]"
    assert "rte is no parameter" in caught.value.message
    assert "assigns rate, size" in caught.value.hint
    assert len(made.cells) == 3


def test_without_the_tag_the_cell_that_assigns_the_name_is_named():
    made = notebook("import os", "", "if True:\n    rate = 0.1", "print(rate)")
    with pytest.raises(UsageError) as caught:
        inject(made, {"rate": 1}, file="n.ipynb")
    assert str(caught.value.where) == "n.ipynb › cell [2] › rate"
    assert "add the tag 'parameters'" in caught.value.hint


def test_without_the_tag_and_without_the_name():
    with pytest.raises(UsageError, match="no cell assigns rate"):
        inject(notebook("x = 1", "broken ("), {"rate": 1})


def test_cells_are_numbered_as_a_run_from_the_top_numbers_them():
    made = notebook("a", "  \n", tagged("b", "skip-execution"), "c")
    assert [(number, cell.source) for number, cell in numbered(made)] == [(1, "a"), (2, "c")]
