from __future__ import annotations

import os
from contextlib import ExitStack, closing

import pytest
from case_folder import load
from forked_kernels import KernelForks
from forked_services import ServiceForks
from in_kernel import run
from requirement import docker_missing, need


@pytest.fixture(scope="session", autouse=True)
def event_loop_of_the_clients():
    yield
    # jupyter_client makes a loop for its blocking calls and leaves it to the interpreter's end.
    from jupyter_core.utils import ensure_event_loop

    ensure_event_loop().close()


@pytest.fixture(scope="session")
def forks(tmp_path_factory):
    with closing(KernelForks(tmp_path_factory.mktemp("forks"))) as made:
        yield made


@pytest.fixture(scope="session")
def services(forks):
    with closing(ServiceForks(forks.project, os.environ)) as made:
        yield made


@pytest.fixture(scope="session")
def runs(tmp_path_factory, forks):
    """A case's run in its kernel: one for all the engines that serve it."""
    done = {}
    with ExitStack() as started:

        def run_of(folder):
            if folder not in done:
                done[folder] = run(load(folder), tmp_path_factory.mktemp("case"), started, forks)
            return done[folder]

        yield run_of


@pytest.fixture(scope="session")
def docker_there():
    missing = docker_missing()
    return lambda: need("docker", missing)
