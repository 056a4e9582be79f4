from __future__ import annotations

import pytest

from nb2svc.fingerprint import code_digest

BODY = """
def f(x, n):
    with np.errstate(x):
        for i in range(n):
            if x[i] > 2 and np.isfinite(x[i]):
                try:
                    y = np.linalg.norm(x[i] * 3, axis=0)
                except ValueError:
                    continue
            else:
                y = [np.abs(z) for z in x]
    return y if n else np.ones(2)
"""


def digest(source):
    namespace = {}
    exec(compile(source, "cell", "exec"), namespace)
    return code_digest(namespace["f"].__code__)


def test_where_the_import_of_a_module_stands_is_of_no_matter():
    assert digest("import math as np\n" + BODY) == digest(BODY)  # compiled otherwise from Python 3.11 on


@pytest.mark.parametrize(
    ("old", "new"),
    [("> 2", ">= 2"), ("isfinite", "isnan"), ("continue", "break"), ("* 3", "* 4"), ("np.ones", "np.zeros")],
)
def test_other_code_is_other_code(old, new):
    assert digest(BODY.replace(old, new)) != digest(BODY)
