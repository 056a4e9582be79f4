"""Code that does the same has one digest, wherever it was compiled; code that does something else has another."""

from __future__ import annotations

import pytest

from nb2svc.capture.codes import code_digest

IMPORTS = "import math\nimport numpy as np\nfrom contextlib import suppress\n"
FUNCTION = """
def f(x, *a, **k):
    for i in range(3):
        if math.sqrt(x) > 2:
            x = np.random.default_rng(i).random(**k)
        elif x in {"a", "b"}:
            break
        while math.floor(*a):
            continue
    with suppress.called(x) as y:
        return [math.sqrt(z) for z in y]
    return super(int, x).__add__(1)
"""


def digest(source):
    module = compile(source, "cell", "exec")
    (code,) = (each for each in module.co_consts if hasattr(each, "co_code"))
    return code_digest(code)


def test_imports_above_a_function_change_how_it_calls_and_not_what_it_does():
    assert digest(FUNCTION) == digest(IMPORTS + FUNCTION)


@pytest.mark.parametrize(
    ("old", "new"), [("floor", "ceil"), ("> 2", "> 3"), ("> 2", "< 2"), ("break", "continue"), ("(*a)", "(a)")]
)
def test_another_operation_name_constant_or_jump_is_another_digest(old, new):
    assert old in FUNCTION
    assert digest(FUNCTION) != digest(FUNCTION.replace(old, new))
