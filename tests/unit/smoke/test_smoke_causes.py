"""Real failures wherever this machine can produce them; each as plain text and as a JSON log record."""

from __future__ import annotations

import ctypes
import importlib
import json
import logging
import os
import pickle
import socket
import traceback
from collections.abc import Callable

import pytest

from nb2svc.runtime.errors import ArtifactError
from nb2svc.runtime.logs import JSONFormatter
from nb2svc.smoke.causes import distribution_of, likely_cause


def text_of(fail: Callable[[], object]) -> str:
    try:
        fail()
    except BaseException:  # noqa: BLE001
        return traceback.format_exc()
    raise AssertionError("it did not fail")


def as_record(text: str) -> str:
    return json.dumps({"level": "error", "exception": text})


def missing_module() -> None:
    importlib.import_module("no_such_module_at_all")


def hidden_sklearn() -> None:
    raise ModuleNotFoundError("No module named 'sklearn.ensemble'", name="sklearn.ensemble")


def no_gpu() -> None:
    raise RuntimeError("No CUDA GPUs are available")  # in PyTorch's words


def missing_variable() -> None:
    os.environ["NB2SVC_TEST_TOKEN"]


def missing_library() -> None:
    ctypes.CDLL("libnowhere.so.7")


def missing_file() -> None:
    open("prices-that-are-not-there.csv")  # noqa: PTH123, SIM115


def read_only() -> None:
    raise OSError(30, "Read-only file system", "/app/cache.db")


def not_permitted() -> None:
    raise PermissionError(13, "Permission denied", "/app/cache.db")


def port_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        socket.create_server(taken.getsockname())


def missing_name() -> None:
    exec("threshold + 1")


def missing_class() -> None:
    pickle.loads(b"c__main__\nNoSuchClassHere\n.")


def too_large() -> None:
    bytearray(1 << 60)


def no_host() -> None:
    raise socket.gaierror(-2, "Name or service not known")


def refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = closed.getsockname()
    socket.create_connection(address)


def wrong_version() -> None:
    exec("from json import no_such_name")


def changed_file() -> None:
    message = (
        "models/state.pkl (words, used by predict) is not the file that was exported, and was not loaded.\n"
        "  expected SHA-256 aa\n  got      SHA-256 bb"
    )
    # In a project, the runtime's modules are those of the package ``service``.
    kind = type("ArtifactError", (ArtifactError,), {"__module__": "service.runtime.errors"})
    raise kind(message, hint="Restore the file from where the project came from, or export the notebook again.")


@pytest.mark.parametrize("form", [str, as_record])
@pytest.mark.parametrize(
    ("fail", "message", "hint"),
    [
        (missing_module, "no distribution installed here owns it", "no_such_module_at_all.py"),
        (hidden_sklearn, "scikit-learn is not in the lock", "%nb2svc require scikit-learn"),
        (missing_variable, "NB2SVC_TEST_TOKEN is not set", "%nb2svc env NB2SVC_TEST_TOKEN"),
        (no_gpu, "a GPU is asked for", "%nb2svc env CUDA_VISIBLE_DEVICES"),
        (missing_library, "lacks the shared library libnowhere.so.7", "--base"),
        (missing_file, "prices-that-are-not-there.csv is not in the service", "%nb2svc include"),
        (read_only, "may not write /app/cache.db", "tempfile.gettempdir()"),
        (not_permitted, "may not write /app/cache.db", "tempfile.gettempdir()"),
        (port_in_use, "the port is in use", "-p PORT"),
        (missing_name, "threshold is not in the captured code", "define threshold"),
        (missing_class, "needs NoSuchClassHere of", "NoSuchClassHere"),
        (too_large, "ran out of memory", "--memory"),
        (no_host, "host name", "%nb2svc env"),
        (refused, "localhost is the container itself", "%nb2svc env"),
        (wrong_version, "json has no no_such_name", "restart the kernel"),
        (changed_file, "models/state.pkl (words, used by predict) is not the file that was exported", "Restore"),
    ],
)
def test_each_failure_has_its_cause_and_next_step(fail, message, hint, form):
    cause = likely_cause(form(text_of(fail)))
    assert cause is not None
    assert message in cause.message
    assert hint in cause.hint


def test_known_libraries_have_their_debian_package():
    said = str(likely_cause("OSError: libgomp.so.1: cannot open shared object file: No such file or directory"))
    assert "(Debian package libgomp1)" in said


def test_the_last_failure_counts():
    log = text_of(missing_module) + "\nINFO: went on without it\n" + text_of(missing_variable)
    assert "NB2SVC_TEST_TOKEN" in str(likely_cause(log))


def test_a_key_error_of_a_dictionary_is_no_missing_variable():
    cause = likely_cause(text_of(lambda: {}["setosa"]))
    assert cause is not None
    assert cause.message == "KeyError: 'setosa'"


def test_use_of_nb2svc_itself_is_explained():
    assert "uses nb2svc itself" in str(likely_cause("ModuleNotFoundError: No module named 'nb2svc'"))


def test_a_part_of_a_namespace_package_is_a_missing_module():
    cause = likely_cause("ImportError: cannot import name 'nothing' from 'nowhere_space' (unknown location)")
    assert cause is not None
    assert "nowhere_space.nothing" in cause.message


@pytest.mark.parametrize(
    ("exit_code", "said"),
    [
        (137, "memory"),
        (-9, "memory"),
        (139, "segmentation"),
        (132, "instruction"),
        (127, "no Python"),
        (143, "SIGTERM"),
    ],
)
def test_exit_codes_tell_where_the_log_does_not(exit_code, said):
    assert said in str(likely_cause("INFO: started\n", exit_code=exit_code))


@pytest.mark.parametrize("exit_code", [None, 0, 1, 3])
def test_nothing_is_made_up(exit_code):
    assert likely_cause("INFO: all is well\n", exit_code=exit_code) is None


def test_a_start_that_the_runtime_refused_is_told_in_its_words():
    """As it stands in the log, with a traceback of the notebook's code before it and lines of others around it."""
    error = ArtifactError(
        "models/m.pkl is not here.\n  expected SHA-256 0", hint='docker run -v "$PWD/models:/models:ro" …'
    )
    record = logging.LogRecord("service.runtime.server", logging.ERROR, "", 1, "%s", (error,), None)
    before = "FileNotFoundError: [Errno 2] No such file or directory: 'cache.json'\n"
    cause = likely_cause(f"{before}{JSONFormatter(worker=1).format(record)}\nended\n", exit_code=1)
    assert cause is not None
    assert (cause.message, cause.hint) == ("models/m.pkl is not here.", error.hint)


def test_an_unknown_exception_is_given_as_it_is():
    cause = likely_cause("Traceback (most recent call last):\n  …\nsklearn.exceptions.NotFittedError: fit it first\n")
    assert cause is not None
    assert cause.message == "sklearn.exceptions.NotFittedError: fit it first"


def test_modules_have_owners():
    assert distribution_of("sklearn.ensemble") == "scikit-learn"
    assert distribution_of("multipart") == "python-multipart"
    assert distribution_of("json") is None
