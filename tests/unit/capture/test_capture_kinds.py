"""What cannot be saved is named in a person's words, at the outermost object that has a word, with what to do."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import ctypes
import io
import logging
import pickle
import queue
import socket
import sqlite3
import ssl
import sys
import tempfile
import threading
import types
import weakref

import pytest

from nb2svc.capture.artifacts import dump_objects
from nb2svc.capture.cells import CellLog
from nb2svc.capture.closure import ClosureBuilder
from nb2svc.capture.kinds import words
from nb2svc.capture.objects import UnpicklableError, probe
from nb2svc.values import Where


class Holder:
    def __init__(self, part):
        self.part = part


class Worker(threading.Thread):
    pass


class Database:
    """Of no library that is known, but it speaks PEP 249."""

    def __init__(self):
        self.lock = threading.Lock()

    cursor = commit = rollback = close = lambda self: None


def numbers():
    yield 1


async def later():
    pass


def told(value, name="state"):
    with pytest.raises(UnpicklableError) as caught:
        probe(value, name)
    return words(caught.value)


MADE = {
    "an open file (_io.TextIOWrapper)": lambda: open(__file__),  # noqa: PTH123, SIM115
    "a lock (_thread.lock)": threading.Lock,
    "a lock (threading.Condition)": threading.Condition,
    "a thread (": Worker,
    "a pool of workers": lambda: concurrent.futures.ThreadPoolExecutor(1),
    "a queue, which holds locks (queue.Queue)": queue.Queue,
    "a database connection (sqlite3.Connection)": lambda: sqlite3.connect(":memory:"),
    "a database connection (test_capture_kinds.Database)": Database,
    "a network connection (socket.socket)": socket.socket,
    "settings of TLS": ssl.create_default_context,
    "a generator": numbers,
    "a view of a dict (builtins.dict_keys)": {}.keys,
    "a read-only view of a dict": lambda: types.MappingProxyType({}),
    "a view of memory": lambda: memoryview(b"abc"),
    "a weak reference": lambda: weakref.ref(numbers),
    "a set of weak references": weakref.WeakSet,
    "a context variable": lambda: contextvars.ContextVar("x"),
    "a pointer of ctypes": lambda: ctypes.pointer(ctypes.c_int(1)),
    "a handler of logging": lambda: logging.StreamHandler(io.StringIO()),
    "an event loop": asyncio.new_event_loop,
    "a temporary folder": tempfile.TemporaryDirectory,
    "compiled code": lambda: numbers.__code__,
}


# Of TensorFlow, by the names that its own have (2.21).
TENSORFLOW = {
    "a loaded SavedModel": "saved_model.load:Loader._recreate_base_user_object.<locals>._UserObject",
    "a table or another resource": "trackable.resource:CapturableResource",
    "a dataset that TensorFlow reads as it goes": "data.ops.dataset_ops:DatasetV2",
    "a traced function": "eager.polymorphic_function.concrete_function:ConcreteFunction",
}


@pytest.mark.parametrize("expected", TENSORFLOW)
def test_what_tensorflow_cannot_save_either(expected):
    module, _, name = TENSORFLOW[expected].partition(":")
    kind = type("Kind", (), {"__module__": f"tensorflow.python.{module}", "__qualname__": name})
    message, hint = told({"model": type("Made", (kind,), {})()})
    assert message.startswith(f"state['model'] cannot be saved: it is {expected}")
    assert "%%startup" in hint or "tf.function" in hint


@pytest.mark.parametrize("expected", MADE)
def test_each_kind_in_words(expected):
    part = MADE[expected]()
    try:
        message, hint = told({"a": [1, Holder(part)]})
        assert message.startswith("state['a'][1].part cannot be saved: it is " + expected)
        assert hint
    finally:
        for end in ("close", "cleanup"):
            getattr(part, end, lambda: None)()


def test_coroutines_and_modules_of_no_name():
    coroutine = later()
    assert "a coroutine" in told([coroutine])[0]
    coroutine.close()
    message, hint = told({"m": types.ModuleType("made_up")})
    assert message == "state['m'] cannot be saved: it is a module that was not imported by its name (builtins.module)"
    assert hint == "import it by its name"
    assert probe({"m": sys.modules["json"]}, "state").modules == {"importlib", "json"}


def test_what_has_no_word_keeps_the_words_of_pickle():
    class Stubborn:
        def __reduce__(self):
            raise TypeError("no, thank you")

    message, hint = told({"x": Stubborn()})
    assert message.endswith("Stubborn: no, thank you")
    assert "%%startup" in hint

    def outer():
        def inner():
            pass

        return inner

    message, _ = told({"f": outer()})
    assert "state['f'] cannot be saved: it is a function that another one made" in message


def test_a_chain_that_is_too_long_for_pickle_is_said_in_short():
    chain = None
    for _ in range(20_000):
        chain = Holder(chain)
    message, hint = told(chain, "chain")
    assert message == (
        "chain cannot be saved: it is nested too deeply, a test_capture_kinds.Holder in another and so on"
    )
    assert "list or dict" in hint
    while chain is not None:  # else its end would be as deep
        chain = chain.part


class Device:
    def __init__(self, name):
        self.name, self.type = name, name.partition(":")[0]

    def __str__(self):
        return self.name


class Tensor:
    """Stands in for PyTorch's: its CPU build has no other device with data. That CUDA's move, no test here proves."""

    def __init__(self, values, device="cpu", requires_grad=False):
        self.values, self.device, self.requires_grad = values, Device(device), requires_grad

    def detach(self):
        return Tensor(self.values, str(self.device))

    def cpu(self):
        return Tensor(self.values)

    def requires_grad_(self, wanted):
        self.requires_grad = wanted

    def __reduce_ex__(self, protocol):
        assert self.device.type == "cpu", "this would need a GPU where it is loaded"
        return type(self), (self.values, "cpu", self.requires_grad)


class Parameter(Tensor):
    def __init__(self, tensor, device="cpu", requires_grad=False):
        super().__init__(getattr(tensor, "values", tensor), device, requires_grad)


def test_tensors_of_a_gpu_are_pickled_as_those_of_the_cpu_and_told(monkeypatch, tmp_path):
    torch = types.SimpleNamespace(Tensor=Tensor, nn=types.SimpleNamespace(Parameter=Parameter))
    monkeypatch.setitem(sys.modules, "torch", torch)
    value = {
        "here": Tensor([1]),
        "there": Tensor([2], "cuda:1"),
        "learned": Parameter([3], "cuda:0", requires_grad=True),
        "fixed": Parameter([4], "cuda:0"),
    }
    references = probe(value, "value")
    assert references.devices == {"cuda:0", "cuda:1"}
    assert probe(value["here"], "here").devices == set()
    closure = ClosureBuilder(CellLog(), {"value": value}, is_distributed=lambda _: True)
    closure.need("value", Where())
    told = "value: its tensors are on cuda:0, cuda:1 here, and on the CPU in the service"
    assert [one.message for one in closure.finish().warnings] == [told]
    made = dump_objects({"v": value}, target=tmp_path / "v.pkl", others={}, references=references, why="")
    loaded = pickle.loads(made.staged.read_bytes())["v"]
    assert {name: (type(one), one.values, one.requires_grad) for name, one in loaded.items()} == {
        "here": (Tensor, [1], False),
        "there": (Tensor, [2], False),
        "learned": (Parameter, [3], True),
        "fixed": (Parameter, [4], False),
    }
    assert value["there"].device.name == "cuda:1"
