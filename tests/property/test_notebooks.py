"""No silent difference: whatever the notebook did, its service answers the same, or nb2svc said why not.

``make fuzz N=2000`` looks at many more.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from grammar import notebooks
from hypothesis import HealthCheck, Phase, given, seed, settings
from notebook import Execution, Notebook
from parity import smallest_like

# As many as take about a minute on one core, in parts that run side by side.
EXAMPLES = 60
SEEDS = [0, *(pytest.param(number, marks=pytest.mark.once) for number in (1, 2, 3))]
FEWEST_SERVED = 40  # percent: a grammar of notebooks that are refused proves nothing

pytestmark = pytest.mark.timeout(900)


@pytest.mark.parametrize("number", SEEDS)
def test_kernel_and_service_agree_on_generated_notebooks(sides, number):
    served = []

    @seed(number)
    @settings(
        max_examples=EXAMPLES,
        phases=[Phase.generate],  # what fails is reduced by cells and statements
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(notebooks())
    def agree(notebook):
        outcome = sides.compare(notebook)
        served.append(outcome.kind == "serves")
        if outcome.kind in {"silent", "bug"}:  # what else goes wrong, the clean room refuses
            smallest = smallest_like(notebook, outcome, sides)
            pytest.fail(f"{outcome.way}\n{smallest}\n{sides.compare(smallest).detail}", pytrace=False)

    agree()
    assert 100 * sum(served) >= FEWEST_SERVED * len(served)


def cells(*sources: str) -> Notebook:
    return Notebook(tuple(Execution(f"c{number}", source) for number, source in enumerate(sources, 1)))


HANDLER = '%%endpoint --example {{"x": 2}}\ndef handler(x: int):\n    return {}'


def test_both_sides_are_asked_what_no_example_asks(sides):
    notebook = cells("a = 3", HANDLER.format("[x, a, a / 2]"))
    assert sides.compare(notebook).kind == "serves"


def test_what_differs_is_found_and_made_small(sides):
    """A process's own number: no two processes agree on it. The example hides it."""
    odd = "    return os.getpid() if x > 3 else 0"
    notebook = cells("import os\nb = 1", "def f(x):\n    y = x\n" + odd, "c = [1, 2]", HANDLER.format("[f(x), b, c]"))
    outcome = sides.compare(notebook)
    assert outcome.kind == "silent"
    smallest = smallest_like(notebook, outcome, sides)
    assert str(smallest) == (
        "# %% [c1]\nimport os\n\n"
        "# %% [c2]\ndef f(x):\n    return os.getpid() if x > 3 else 0\n\n"
        '# %% [c4]\n%%endpoint --example {"x": 2}\ndef handler(x: int):\n    return f(x)'
    )


def test_a_difference_that_an_example_shows_is_one_that_the_clean_room_catches(sides):
    assert sides.compare(cells("import os", HANDLER.format("os.getpid()"))).kind == "wrong"


def test_what_is_refused_says_why(sides):
    outcome = sides.compare(cells(HANDLER.format("nowhere")))
    assert (outcome.kind, outcome.reasons) == (
        "refused",
        ("nowhere is used, but nothing in the notebook defines it",),
    )


def test_deleted_and_edited_cells_are_what_a_front_end_says(sides):
    notebook = cells("a = 1", "b = 2", HANDLER.format("[a, b]"))
    first, second, handler = notebook.executions
    edited = replace(first, source="a = 5")
    told = replace(notebook, executions=(first, second, edited, replace(handler, deleted=("c2",))))
    outcome = sides.compare(told)
    assert outcome.kind == "serves"
    assert "a = 5" in outcome.code
