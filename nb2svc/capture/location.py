"""Where a model's file lies when the service runs: in the image, on a volume, or at an address it is fetched from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import ModuleType
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from ..errors import CaptureError, UsageError
from ..values import BAKE, MOUNT, Artifact, LiveObjects, Where

if TYPE_CHECKING:
    from .registry import MarkedModel

#: What fsspec reads these protocols with, as one installs it; of others its own words say so.
_BACKENDS = {
    **dict.fromkeys(("s3", "s3a"), "s3fs"),
    **dict.fromkeys(("gs", "gcs"), "gcsfs"),
    **dict.fromkeys(("az", "abfs", "abfss", "adl"), "adlfs"),
    **dict.fromkeys(("http", "https"), "fsspec aiohttp"),
    **dict.fromkeys(("sftp", "ssh"), "fsspec paramiko"),
    "hf": "huggingface_hub",
}

_SECRET = re.compile(r"(?i)sig|token|key|secret|passw|credential|auth")


def checked(location: str, where: Where) -> str:
    """``bake``, ``mount`` or an address. Raises ``UsageError`` for anything else, and for an address with a secret."""
    if location in (BAKE, MOUNT):
        return location
    try:
        parts = urlsplit(location)
        secret = parts.password or (parts.username and parts.scheme in {"http", "https"})
    except ValueError:
        parts, secret = urlsplit(""), None
    if not re.match(r"[a-z][\w+.-]*://[^/]*/\S*$", location) or "::" in location or parts.fragment:
        raise UsageError(
            f"--location {location} is no place for a model",
            hint="bake, mount, or the address of one file, such as s3://bucket/model.joblib or https://…",
            where=where,
        )
    if secret or any(_SECRET.search(name) for name, _ in parse_qsl(parts.query, keep_blank_values=True)):
        raise UsageError(
            "the address of --location has credentials in it, and would be written to the project",
            hint="leave them out: the service takes them from the environment where it runs, as AWS_ACCESS_KEY_ID",
            where=where,
        )
    return location


def fetching_modules(location: str, where: Where) -> tuple[str, ...]:
    """The modules that the service fetches from ``location`` with, sorted; none for a file in the image or mounted.

    Raises ``UsageError`` where this kernel lacks them: versions are those that it has.
    """
    if location in (BAKE, MOUNT):
        return ()
    protocol = urlsplit(location).scheme
    install = _BACKENDS.get(protocol, "fsspec")
    try:
        from fsspec.registry import get_filesystem_class

        kind = get_filesystem_class(protocol)
    except ValueError:
        hint = "one that fsspec knows, such as s3://, gs://, https:// or file://"
        raise UsageError(f"--location {location}: nobody here reads {protocol}://", hint=hint, where=where) from None
    except ImportError as error:
        needed = f"the service would fetch {location}, and this kernel lacks what reads {protocol}:// ({error})"
        raise UsageError(needed, hint=f"%pip install {install}, then run this cell again", where=where) from None
    return tuple(sorted({"fsspec", *_third_parties(kind)}))


def _third_parties(kind: type) -> Iterable[str]:
    """What a file system of fsspec is made with: its own package, or what fsspec's module of it imports."""
    import sys

    own = kind.__module__.partition(".")[0]
    if own != "fsspec":
        yield own
        return
    for value in vars(sys.modules[kind.__module__]).values():
        name = value.__name__.partition(".")[0] if isinstance(value, ModuleType) else ""
        if name and name not in sys.stdlib_module_names:
            yield name


def placed(
    models: Iterable[MarkedModel], artifacts: Mapping[str, Artifact], objects: Iterable[LiveObjects]
) -> tuple[dict[str, Artifact], tuple[LiveObjects, ...]]:
    """The artifacts of models (by their public names) and of objects, each with its location.

    What shares parts with a model is in its file, and goes where that goes. Raises ``CaptureError`` where models of one
    file are to lie in different places, or two files at one address.
    """
    wanted: dict[str, MarkedModel] = {}
    for mark in models:
        first = wanted.setdefault(artifacts[mark.public].path, mark)
        if first.options.location != mark.options.location:
            raise CaptureError(
                f"{first.public} and {mark.public} share parts: they are in one file, which cannot lie in two places",
                hint="give both the same --location",
                where=mark.where,
            )
    there = {path: _placed(path, mark) for path, mark in wanted.items()}
    _refuse_doubles(there, wanted)

    def with_location(artifact: Artifact) -> Artifact:
        if artifact.path not in there:
            return artifact
        location, mark = there[artifact.path], wanted[artifact.path]
        return replace(artifact, location=location, fetched_by=fetching_modules(location, mark.where))

    return (
        {public: with_location(artifact) for public, artifact in artifacts.items()},
        tuple(replace(one, artifact=with_location(one.artifact)) for one in objects),
    )


def _placed(path: str, mark: MarkedModel) -> str:
    """An address that ends with a slash is a folder, in which the file keeps its name."""
    location = mark.options.location
    return location + path.rpartition("/")[2] if location.endswith("/") else location


def _refuse_doubles(there: Mapping[str, str], wanted: Mapping[str, MarkedModel]) -> None:
    known: dict[str, str] = {}
    for path, location in there.items():
        other = known.setdefault(location, path)
        if location not in (BAKE, MOUNT) and other != path:
            raise CaptureError(
                f"{other} and {path} cannot both be at {location}",
                hint="give each an address of its own, or one that ends with / to both",
                where=wanted[path].where,
            )
