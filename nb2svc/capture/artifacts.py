"""Live objects to artifact files: pickles without ``__main__``, with their digest, no part of them copied in memory."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, get_args

from ..runtime.digests import Digest
from ..runtime.mapped import ALIGNMENT, COUNT, LARGE, MAGIC, PLACE
from ..values import Artifact
from . import formats
from .formats.writing import embedded
from .objects import NOTEBOOK_MODULE, References, UnpicklableError, as_members_of_the_project
from .pickling import NO_VIEWS, AnotherWayError, Sets, dump_joblib, dump_pickle, without_addresses
from .views import View

_MAIN = b"__main__"
_NAMES_MAIN = (b"\x8c\x08__main__", b"c__main__\n")  # as a global or as the text of one, in any protocol


class _Writer:
    """A new file; its digest and size are known when it is written, so that nobody has to read it for them.

    Hashing one part and writing it take place at the same time. Notes whether the pickle in it names ``__main__``.
    """

    def __init__(self, file: BinaryIO, beside: ThreadPoolExecutor) -> None:
        self._file = file
        self._digest = Digest(beside)
        self._last = b""  # what a name may begin in
        self.size = 0
        self.names_main = False

    @classmethod
    @contextmanager
    def of(cls, path: Path) -> Iterator[_Writer]:
        with path.open("wb", buffering=1 << 20) as file, ThreadPoolExecutor(os.cpu_count()) as beside:
            yield cls(file, beside)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def tell(self) -> int:
        return self.size

    def write(self, data: Any) -> int:
        """``data`` is bytes or what has a buffer."""
        view = memoryview(data).cast("B")
        if view.nbytes < LARGE:  # else it is the content of an array
            self._look_at(bytes(view))
        self._digest.update(view)
        try:
            self._file.write(view)
        finally:
            self._digest.wait()
        self.size += view.nbytes
        return view.nbytes

    def align(self) -> None:
        self.write(bytes(-self.size % ALIGNMENT))

    def _look_at(self, data: bytes) -> None:
        seen = self._last + data
        self.names_main = self.names_main or (_MAIN in seen and any(name in seen for name in _NAMES_MAIN))
        self._last = seen[-len(_MAIN) - 2 :]


Others = Mapping[int, tuple[str, str]]
"""Objects of other files, by id: (``model`` or ``object``, variable)."""


class _References:
    """What stands in a pickle for what another file holds, and for what a framework's adapter writes: the bytes of its
    own format.
    """

    def __init__(self, others: Others) -> None:
        self._others = others
        self._embedded: dict[int, int] = {}

    def __call__(self, obj: Any) -> tuple[Any, ...] | None:
        other = self._others.get(id(obj))
        if other is not None:
            return other
        adapter = formats.adapter_of(obj)
        if adapter is None or not adapter.embeds(obj):
            return None
        if id(obj) in self._embedded:
            return ("again", self._embedded[id(obj)])
        number = self._embedded[id(obj)] = len(self._embedded)
        return ("embedded", number, *embedded(adapter, obj))


_Dump = Callable[[Any, _Writer], str]
"""Writes a value and gives the format of what it wrote. Raises ``AnotherWayError`` where it cannot."""


@dataclass(frozen=True, kw_only=True)
class _File:
    """What is said of an artifact, whatever its format."""

    name: str  # of what it holds, for errors
    stem: Path  # its path without a suffix
    references: References
    why: str


def dump_model(value: object, *, staging: Path, name: str, format_: str, references: References, why: str) -> Artifact:
    """Write a served model to ``staging``; ``models/<name>.joblib`` or ``.pkl`` in the project.

    Raises ``UnpicklableError``.
    """
    if format_ == "auto":
        # Known to everybody who has scikit-learn, and to tools that look into models.
        sklearn = any(module.partition(".")[0] == "sklearn" for module in references.modules)
        format_ = "joblib" if sklearn and not references.embedded else "pickle"
    ways: list[tuple[str, _Dump]] = [("joblib", _joblib)] if format_ == "joblib" else []
    file = _File(name=name, stem=staging / name, references=references, why=why)
    return _dump(value, file, [*ways, *_pickles({})])


def dump_objects(
    values: Mapping[str, object],
    *,
    target: Path,
    others: Others,
    references: References,
    why: str,
    views: Mapping[int, View] = NO_VIEWS,
) -> Artifact:
    """Write live objects by name into one file; those of ``others`` inside as references, ``views`` of one memory as
    such.

    Raises ``UnpicklableError``.
    """
    file = _File(name=", ".join(values), stem=target.with_suffix(""), references=references, why=why)
    return _dump(dict(values), file, _pickles(others, views))


def _dump(value: object, file: _File, ways: list[tuple[str, _Dump]]) -> Artifact:
    """The artifact that the first of ``ways`` (suffix and function) gives that can."""
    for number, (suffix, way) in enumerate(ways, 1):
        target = file.stem.with_name(f"{file.stem.name}.{suffix}")
        try:
            with (
                as_members_of_the_project(file.references),
                without_addresses(),
                _Writer.of(target) as writer,
            ):
                format_ = way(value, writer)
        except AnotherWayError:
            target.unlink()
            continue
        except RecursionError as error:  # the picklers in Python reach their end sooner
            if number == len(ways):
                raise UnpicklableError(file.name, value, "it is nested too deeply") from error
            target.unlink()
            continue
        except OSError:
            raise
        except Exception as error:
            raise UnpicklableError(file.name, value, str(error) or type(error).__name__) from error
        if writer.names_main:
            raise UnpicklableError(file.name, value, "its pickle names __main__")
        return _artifact(target, format_, writer, value, file)
    raise AssertionError(ways)  # the last way takes everything


def _artifact(target: Path, format_: str, writer: _Writer, value: object, file: _File) -> Artifact:
    kind = type(value)
    return Artifact(
        path=f"models/{target.name}",
        format=format_,
        sha256=writer.sha256,
        size=writer.size,
        type=f"{NOTEBOOK_MODULE if kind.__module__ == '__main__' else kind.__module__}.{kind.__qualname__}",
        why=file.why,
        modules=tuple(sorted(file.references.modules - {"builtins"})),
        staged=target,
        environment=file.references.environment,
    )


def _joblib(value: object, writer: _Writer) -> str:
    with without_addresses():
        dump_joblib(value, writer)
    return "joblib"


def _pickles(others: Others, views: Mapping[int, View] = NO_VIEWS) -> list[tuple[str, _Dump]]:
    """Quick where no set is to be put in order, and quick again where that goes too deep."""
    return [
        ("pkl", lambda value, writer, sets=sets: _pickle(value, writer, others, views, sets))  # type: ignore[misc]
        for sets in get_args(Sets)
    ]


def _pickle(value: object, writer: _Writer, others: Others, views: Mapping[int, View], sets: Sets) -> str:
    """A plain pickle, or, where it has large buffers, one with those behind it: see ``runtime/mapped.py``."""
    behind: list[memoryview] = []

    def keep(buffer: pickle.PickleBuffer) -> bool:
        content = buffer.raw()
        if content.nbytes >= LARGE:
            behind.append(content)
        return content.nbytes < LARGE

    with without_addresses():
        dump_pickle(value, writer, _References(others), keep, sets, views=views)
    if not behind:
        return "pickle"
    places = []
    for content in behind:
        writer.align()
        places.append(PLACE.pack(writer.size, content.nbytes, content.readonly))
        writer.write(content)
    writer.write(b"".join(places) + COUNT.pack(len(places)) + MAGIC)
    return "pickle-buffers"
