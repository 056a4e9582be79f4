"""The forks that cases run in are what processes of their own would be."""

from __future__ import annotations

import json
from contextlib import closing

import pytest
from forked_kernels import LOADED
from live import LiveKernel

STATE = """
import json, os, sys, threading
OTHER = {"JPY_PARENT_PID", "PYTEST_CURRENT_TEST"}
print(json.dumps({
    "path": sys.path, "flags": list(sys.flags), "argv": sys.argv[:2], "folder": os.getcwd(), "main": __name__,
    "variables": {name: text for name, text in os.environ.items() if name not in OTHER},
    "threads": sorted(type(one).__name__ for one in threading.enumerate()),
    "names": sorted(globals()), "shell": type(get_ipython()).__name__,
}))
"""


@pytest.mark.xdist_group("forks")
def test_a_fork_of_a_kernel_is_as_a_kernel(forks, tmp_path):
    with closing(forks.kernel(str(tmp_path))) as fork, closing(LiveKernel(str(tmp_path))) as own:
        here, there = (json.loads(one.run_hidden(STATE).text) for one in (fork, own))
    assert here == there


@pytest.mark.xdist_group("forks")
def test_a_fork_has_loaded_what_the_smallest_export_loads_and_nothing_of_another_notebook(forks, tmp_path):
    drawn = []
    for _ in range(2):
        with closing(forks.kernel(str(tmp_path))) as kernel:
            assert set(json.loads(kernel.run_hidden(LOADED).text)) <= set(forks.modules)
            assert kernel.run("import random, sys\nassert not hasattr(sys, 'mine')\nsys.mine = 1").ok
            drawn.append(kernel.run("random.random()").text)
    assert drawn[0] != drawn[1]
