# Context managers as functions, classes, stacks and decorators.

# %% [managers]
from contextlib import ContextDecorator, ExitStack, closing, contextmanager, suppress

import numpy as np

@contextmanager
def bracket(parts, left="(", right=")"):
    parts.append(left)
    try:
        yield parts
    finally:
        parts.append(right)

class Suppressed:
    def __init__(self, *kinds):
        self.kinds = kinds

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        return kind is not None and issubclass(kind, self.kinds)

class Doubling(ContextDecorator):
    depth = 0

    def __enter__(self):
        Doubling.depth += 1
        return self

    def __exit__(self, *ignored):
        Doubling.depth -= 1

@Doubling()
def depth():
    return Doubling.depth

quiet = suppress(KeyError)

# %% [handler]
%%endpoint --example {"x": 0.0}
def managed(x: float) -> list:
    parts = []
    with ExitStack() as stack, Suppressed(ZeroDivisionError), quiet:
        stack.enter_context(bracket(parts))
        with bracket(parts, "[", "]") as inner, np.errstate(divide="ignore"):
            inner.append(depth())
        parts.append(1 / x)
    return [*parts, Doubling.depth]
