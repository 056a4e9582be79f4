from __future__ import annotations

import pytest

from nb2svc.capture.hidden import hidden_names


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("globals()", "globals() reaches names"),
        ("dir()", "dir() reaches names"),
        ("vars()", "vars() reaches names"),
        ("__name__", "__name__ is 'service.notebook'"),
        ("__doc__", "__doc__ of the module"),
        ("__annotations__", "__annotations__ is that of service/notebook.py"),
        ("type(x).__module__", "__module__ of the notebook's own"),
        ("getattr(x, '__module__')", "__module__ of the notebook's own"),
        ("x.__globals__['A']", "frames and the globals of functions"),
        ("sys._getframe(0).f_globals", "frames and the globals of functions"),
        ("inspect.getsource(x)", "getsource() finds"),
        ("x.__code__.co_firstlineno", "__code__ has other lines"),
        ("x.cache_info().hits", "cache_info() counts anew"),
        ("sys.modules['__main__']", "__main__ is the server"),
        ("'ipykernel' in sys.modules", "ipykernel is not there"),
    ],
)
def test_what_is_otherwise_elsewhere_is_told(expression, said):
    ((what, step),) = hidden_names(f"def f(x):\n    return {expression}")
    assert what.startswith(said)
    assert step


@pytest.mark.parametrize(
    "expression", ["x.__doc__", "dir(x)", "vars(x)", "x.__name__", "logging.getLogger(__name__)", "'a' in sys.modules"]
)
def test_what_is_the_same_everywhere_is_not(expression):
    assert not hidden_names(f"def f(x):\n    return {expression}")
