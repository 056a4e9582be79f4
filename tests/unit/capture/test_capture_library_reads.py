from __future__ import annotations

import fractions
import math
import os

import pytest

from nb2svc.capture.library_reads import library_reads

VALUES = {"math": math, "m": math, "os": os, "Fraction": fractions.Fraction, "own": 3}


@pytest.mark.parametrize(
    ("expression", "read"),
    [
        ("math.floor(x)", {"math.floor"}),
        ("m.pi", {"math.pi"}),
        ("os.path.join", {"os.path", "posixpath.join"}),
        ("Fraction(1)", {"fractions.Fraction"}),
        ("round(x)", {"builtins.round"}),
        ("own + x", set()),
        ("x.floor", set()),
        ("nowhere", set()),
    ],
)
def test_what_code_reads_in_modules(expression, read):
    assert library_reads([f"def f(x):\n    return {expression}"], VALUES) == read


def test_what_hides_a_builtin_is_none():
    assert library_reads(["def f(x, round):\n    math = x\n    return round(math.floor)"], VALUES) == set()
