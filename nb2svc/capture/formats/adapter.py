"""What a framework's adapter is: which objects are its own, and how they become files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType
from typing import Any, Protocol, runtime_checkable


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What loading a file takes, beside the file."""

    modules: tuple[str, ...] = ()  # that the loader imports; their distributions become roots of the lock
    parts: tuple[type | FunctionType, ...] = ()  # classes and functions that the file names
    environment: Mapping[str, str] = field(default_factory=dict)  # variables set before anything is imported
    notes: tuple[str, ...] = ()  # what a person should know, shown in the card


class UnsuitableError(Exception):
    """The format cannot hold this object; the text says why, after "because"."""


@runtime_checkable
class Adapter(Protocol):
    """One format of model files. Importing an adapter must not import its framework."""

    name: str  # as in ``--format NAME`` and in the manifest
    automatic: bool  # chosen by what the object is; else by ``--format`` alone
    loader: str  # ``package.module:function``, installed with the service; "" for those of nb2svc's runtime

    def claims(self, value: object) -> bool:
        """Whether the object is one of these, told by its type alone: it is asked once for each type."""
        ...

    def embeds(self, value: object) -> bool:
        """Whether the object is written in this format inside pickles of other objects, too.

        For what pickle cannot hold, or cannot restore elsewhere.
        """
        ...

    def needs(self, value: Any) -> Needs:
        """What loading the object again takes."""
        ...

    def dump(self, value: Any, folder: Path) -> Mapping[str, Any]:
        """Write the object to files in an empty folder, and return options for the loader, which JSON can hold.

        One file becomes ``models/<name>.<suffix>``, several stay a folder. The loader is called with the open file or
        the folder's path, and the options. The same object must give the same bytes.
        Raises ``UnsuitableError`` where the format cannot hold it.
        """
        ...


def is_a(value: object, package: str, *names: str) -> bool:
    """Whether a class of that name, of that top-level package, is among the object's classes. Imports nothing."""
    return any(base.__name__ in names and base.__module__.partition(".")[0] == package for base in type(value).__mro__)


def is_own(value: object, package: str) -> bool:
    """Whether the object's class is the package's own, rather than made from it by somebody else."""
    return type(value).__module__.partition(".")[0] == package


def of_notebook(parts: Iterable[object]) -> tuple[type | FunctionType, ...]:
    """Those classes and functions that the notebook defines, each once."""
    own = [part for part in parts if isinstance(part, (type, FunctionType)) and part.__module__ == "__main__"]
    return tuple({id(part): part for part in own}.values())
