from __future__ import annotations

import pytest

from nb2svc.capture.names import names_of


@pytest.mark.parametrize(
    ("source", "early", "late"),
    [
        ("def f(x):\n    return g(x) + K", set(), {"g", "K"}),
        ("@deco(A)\ndef f(x=D):\n    return x", {"deco", "A", "D"}, set()),
        ("class C(B, metaclass=M):\n    a = V\n    def m(self):\n        return h(self.a)", {"B", "M", "V"}, {"h"}),
        ("def f():\n    class C:\n        a = V\n    return C", set(), {"V"}),
        ("X = [f(i) for i in R]", {"f", "R"}, set()),
        ("X = lambda v: v * K", set(), {"K"}),
        ("def f(n):\n    return f(n - 1)", set(), set()),
        ("def f():\n    global n\n    n += 1", set(), {"n"}),
        ("def outer():\n    y = 1\n    def inner():\n        return y + z\n    return inner", set(), {"z"}),
        ("import os\ndef f():\n    return os.name", set(), set()),
        ("def f():\n    return {k: v for k, v in D.items() if k != S}", set(), {"D", "S"}),
    ],
)
def test_when_names_are_needed(source, early, late):
    names = names_of(source)
    assert names.at_definition - {"print"} == early
    assert names.when_called == late


def test_annotations_are_needed_where_the_notebook_has_them():
    names = names_of('from __future__ import annotations\ndef f(x: A, y: "B[C]" = 1) -> D: ...')
    assert {"A", "B", "C", "D"} <= names.if_bound | names.at_definition


def test_annotations_of_a_functions_own_variables_are_never_evaluated():
    names = names_of("def f(y):\n    if y:\n        x: A = y\n    class C:\n        z: B = x\n    return x")
    assert (names.at_definition, names.when_called, names.if_bound) == (set(), {"B"}, {"A"})


def test_a_class_attribute_may_hide_a_global_of_its_name():
    assert "x" in names_of("class C:\n    x = x").if_bound


def test_imports_inside_functions_count_as_modules():
    names = names_of("def f():\n    import a.b as c\n    from d.e import g\n    return c, g")
    assert names.modules == {"a.b", "d.e"}
    assert not names.all
