from __future__ import annotations

import pytest
from live import LiveKernel

# A kernel takes seconds to start and its libraries seconds to load, so one serves many tests; between them it is
# as after a restart, but for the modules in its memory.
AS_NEW = """
import os, sys
os.chdir({folder!r})
sys.path[:] = [one for one in sys.path if "pytest-of" not in one] + [{folder!r}]
if "nb2svc" in get_ipython().extension_manager.loaded:
    get_ipython().extension_manager.unload_extension("nb2svc")
get_ipython().reset(new_session=True)
get_ipython().compile.reset_compiler_flags()  # what a cell's `from __future__` switched on
"""


@pytest.fixture(scope="session")
def shared_kernel(tmp_path_factory):
    live = LiveKernel(str(tmp_path_factory.mktemp("kernel")))
    yield live
    live.close()
    # jupyter_client makes a loop for its blocking calls and leaves it to the interpreter's end.
    from jupyter_core.utils import ensure_event_loop

    ensure_event_loop().close()


@pytest.fixture
def bare_kernel(shared_kernel, tmp_path):
    """A kernel as new, without nb2svc, in an empty folder."""
    assert shared_kernel.run_hidden(AS_NEW.format(folder=str(tmp_path))).ok
    return shared_kernel


@pytest.fixture
def kernel(bare_kernel):
    """A kernel as new, with nb2svc loaded by its first cell, in an empty folder."""
    assert bare_kernel.run("%load_ext nb2svc").ok
    return bare_kernel
