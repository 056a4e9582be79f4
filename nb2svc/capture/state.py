"""Which captured values the examples change: state that every worker of a service has for itself."""

from __future__ import annotations

import ast
import hashlib
import io
import pickle
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..values import Definition, Problem
from .found import Found
from .objects import Probe
from .syntax import nodes_of

_LIMIT = 1_000_000  # bytes of a pickle; what is larger is not looked at
_EACH = "each worker of the service has its own, which begins as it is now"
_HINT = "keep what requests are to share outside of the service, in a database or a cache"


class _TooLargeError(Exception):
    pass


class _Digest(io.RawIOBase):
    """A file that only remembers the digest of what was written."""

    def __init__(self) -> None:
        super().__init__()
        self.digest, self.size = hashlib.sha256(), 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        size = memoryview(data).nbytes
        self.size += size
        if self.size > _LIMIT:
            raise _TooLargeError
        self.digest.update(data)
        return size

    def keep(self, buffer: pickle.PickleBuffer) -> None:
        """A large array is seen to be too large before pickle copies it to memory."""
        self.write(buffer.raw())


def digests(found: Found) -> dict[str, str]:
    """A digest of every captured object and mutable constant that is small enough to be looked at twice."""
    return {name: one for name, value in _values(found) if (one := digest(value))}


def _values(found: Found) -> Iterable[tuple[str, Any]]:
    yield from found.objects.items()
    yield from ((name, value) for name, value in found.constants.items() if name not in found.objects)


def digest(value: Any) -> str:
    """SHA-256 (hex) of what a pickle of ``value`` says; "" where that is too large to be looked at, or impossible."""
    file = _Digest()
    try:
        Probe({}, file, file.keep).dump(value)
    except Exception:  # noqa: BLE001 - too large, or not to be pickled: told elsewhere
        return ""
    return file.digest.hexdigest()


def changes(found: Found, before: Mapping[str, str]) -> list[Problem]:
    """A warning for each value that is not what it was before the examples were answered."""
    after = digests(found)
    return [
        Problem(
            message=f"{name} is changed by requests: {_EACH}",
            hint=_HINT,
            where=found.nodes[name].definition.where,
        )
        for name in sorted(before)
        if name in found.nodes and after.get(name) != before[name]
    ]


def written_globals(found: Found) -> list[Problem]:
    """A warning for each global that a function declares in order to assign it; no example need reach that line."""
    written: dict[str, Definition] = {}
    for definition in found.definitions:
        if definition.kind in {"function", "class"}:  # a startup cell binds its names once
            for name in _declared(definition.source):
                written.setdefault(name, definition)
    return [
        Problem(
            message=f"{name} is changed by {one.name}: {_EACH}",
            hint=_HINT,
            where=one.where,
        )
        for name, one in written.items()
    ]


def _declared(source: str) -> Iterator[str]:
    if "global" not in source:
        return
    for node in nodes_of(source):
        if isinstance(node, ast.Global):
            yield from node.names
