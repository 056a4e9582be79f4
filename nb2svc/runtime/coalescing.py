"""A served model's methods, as handlers call them: while requests are answered, concurrent calls become one.

The models stay what they are. Their classes get descriptors in place of the methods that are served; these give the
method itself, except for a served model, and only within a request: at the start, in threads of one's own and in the
model's own code everything is as in the notebook.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import sys
import threading
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from types import MethodType
from typing import Any

import anyio

from . import strands
from .batching import Batcher
from .meters import ModelMeters
from .pace import SHORT
from .stacking import Inputs, inputs_of
from .tracing import model_span

#: Of the service whose request is answered; None where calls are made as they are.
current: ContextVar[Coalescer | None] = ContextVar("nb2svc_coalescer", default=None)

#: Types of arguments that are the same for two calls where they are equal.
SIMPLE = (str, int, float, bool, type(None))


@dataclass(frozen=True, eq=False)
class Coalesced:
    """A model whose concurrent calls become one."""

    public: str
    model: Any
    methods: Sequence[str]
    max_batch: int | None = None


class Coalescer:
    """The batches of one service, on the event loop on which it is made. ``threads`` bounds the calls off that loop."""

    def __init__(self, models: Sequence[Coalesced], meters: ModelMeters, threads: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._limiter = anyio.CapacityLimiter(threads)
        self._settings = _settings()
        self._models = [one.model for one in models]  # kept, for their ids
        self._batchers = {
            (id(one.model), method): Batcher(
                f"{one.public}.{method}", self._run, meters.of(one.public, method), one.max_batch
            )
            for one in models
            for method in one.methods
        }
        for one in models:
            for method in one.methods:
                _install(type(one.model), method)

    def has(self, model: Any) -> bool:
        return any(model is one for one in self._models)

    @property
    def joins(self) -> bool:
        """Whether there is any model whose calls become one."""
        return bool(self._models)

    def batcher(self, model: Any, method: str) -> Batcher | None:
        return self._batchers.get((id(model), method))

    def wait(self, batcher: Batcher, inputs: Inputs, call: Callable[[Any], Any]) -> Any:
        """The batcher's answer, for sync code anywhere within a request."""
        if any(own != usual and usual is not None for own, usual in zip(_settings(), self._settings, strict=True)):
            return call(inputs.stack([inputs.value]))
        if strands.waits():
            return strands.wait(batcher.ask(inputs, call))
        on_loop = threading.get_ident() == self._thread  # then nothing else can happen until this code returns
        if on_loop or inputs.key is None:
            return call(inputs.stack([inputs.value]))
        return asyncio.run_coroutine_threadsafe(batcher.ask(inputs, call), self._loop).result()

    async def _run(self, call: Callable[[], Any], context: contextvars.Context, expected: float) -> Any:
        """A call that takes ``expected`` seconds: here, or on a thread where that is long.

        It has the context of one of its callers, so that a lone caller's is the one that it had in the notebook.
        """
        own = context.copy()
        own.run(current.set, None)  # a model that calls itself, or another one, does just that
        if expected <= SHORT:
            return own.run(call)
        return await anyio.to_thread.run_sync(own.run, call, limiter=self._limiter)


def _settings() -> tuple[Any, ...]:
    """What libraries keep for a thread: a handler that sets it for its calls must make them itself."""
    numpy, sklearn, torch = (sys.modules.get(name) for name in ("numpy", "sklearn", "torch"))
    return numpy and numpy.geterr(), sklearn and sklearn.get_config(), torch and torch.is_grad_enabled()


def call(model: Any, method: str, inputs: Inputs) -> Any:
    """``method`` of ``model`` with ``inputs``, together with those of other requests where there are any."""
    coalescer = current.get()
    batcher = None if coalescer is None else coalescer.batcher(model, method)
    if coalescer is None or batcher is None:
        return getattr(model, method)(inputs.stack([inputs.value]))
    return coalescer.wait(batcher, inputs, getattr(model, method))


class CoalescedMethod:
    """A method of a class, but that of a served model joins others when it is called. ``own`` is what it stands for."""

    def __init__(self, own: Any, name: str) -> None:
        self.own = own
        self._name = name
        self._joining: Callable[..., Any] | None = None

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        method = self.own.__get__(instance, owner)  # raises where this instance has none
        coalescer = current.get()
        if coalescer is None or instance is None or coalescer.batcher(instance, self._name) is None:
            return method
        if self._joining is None:
            self._joining = _joining(method, self.own, self._name)
        return MethodType(self._joining, instance)


def _joining(example: Callable[..., Any], own: Any, name: str) -> Callable[..., Any]:
    """The function of bound methods that ask their batchers; it looks like that of the bound method ``example``."""

    @functools.wraps(example)
    def joining(model: Any, *arguments: Any, **options: Any) -> Any:
        method = own.__get__(model, type(model))
        coalescer = current.get()  # it may have been kept, and be called elsewhere
        batcher = None if coalescer is None else coalescer.batcher(model, name)
        if coalescer is None or batcher is None or not (arguments or options):
            return method(*arguments, **options)
        inputs, call = _rows_and_rest(method, arguments, options)
        with model_span(batcher.name, inputs.rows):
            return coalescer.wait(batcher, inputs, call)

    return joining


def _rows_and_rest(
    method: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]
) -> tuple[Inputs, Callable[[Any], Any]]:
    """The first argument as inputs, and a call with everything else; only calls with equal rests are joined."""
    if arguments:
        rows, *others = arguments
        named = ""
    else:
        named, rows = next(iter(options.items()))
        others, options = [], {name: value for name, value in options.items() if name != named}
    inputs = inputs_of(rows)
    if others or options or named:
        rest = [(place, type(value), value) for place, value in (*enumerate(others), *sorted(options.items()))]
        is_simple = inputs.key is not None and all(kind in SIMPLE for _, kind, _ in rest)
        inputs = replace(inputs, key=(inputs.key, named, *rest) if is_simple else None)

    def call(rows: Any) -> Any:
        return method(*(() if named else (rows,)), *others, **({named: rows} if named else {}), **options)

    return inputs, call


def _install(kind: type, method: str) -> None:
    """Raises nothing: a class that takes no attributes keeps its methods, whose calls are then made one by one."""
    owner = next((base for base in kind.__mro__ if method in vars(base)), kind)  # no class has more members than before
    own = vars(owner).get(method)
    if isinstance(own, (CoalescedMethod, staticmethod, classmethod)) or not hasattr(own, "__get__"):
        return
    with contextlib.suppress(TypeError, AttributeError):
        setattr(owner, method, CoalescedMethod(own, method))
