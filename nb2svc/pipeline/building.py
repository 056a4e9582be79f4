"""``Project → Image``, and what an image or a folder holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..events import Emit, ignore
from ..values import Image

if TYPE_CHECKING:
    from ..runtime.manifest import Manifest


def build(
    directory: Path | str,
    *,
    tag: str | None = None,
    builder: str = "auto",
    platform: str | None = None,
    base: str | None = None,
    no_cache: bool = False,
    push: str | None = None,
    emit: Emit = ignore,
) -> Image:
    """Build the image of an exported folder, and push it to ``push`` if that is given.

    Raises ``BuildError``, ``EngineUnavailableError`` and, for a folder that is no project, ``ExportError``.
    """
    from .. import image
    from ..export import load_project

    built = image.build(
        load_project(directory), tag=tag, builder=builder, platform=platform, base=base, no_cache=no_cache, emit=emit
    )
    if push is not None:
        image.push(built.reference, push, emit=emit)
    return built


def push(reference: str, target: str, *, emit: Emit = ignore) -> str:
    """Push an image; its digest at the registry. Raises ``RegistryError``."""
    from .. import image

    return image.push(reference, target, emit=emit)


def images() -> list[Image]:
    """Images that nb2svc built, on the engine of this machine; none where no engine answers."""
    from .. import image
    from ..errors import EngineError

    try:
        return image.list_images()
    except EngineError:
        return []


def inspect(target: str) -> Manifest | Image:
    """What a folder or an image holds. Raises ``UsageError`` where it is neither."""
    from .. import image
    from ..export import load_project
    from ..runtime.manifest import Manifest

    if Path(target).is_dir():
        return Manifest.load(load_project(target).root)
    return image.inspect(target)


def installed_sizes(found: Manifest | Image) -> dict[str, int]:
    """Bytes of a project's distributions, by name, where this interpreter has the same version of them."""
    from ..freeze import installed_owners
    from ..runtime.manifest import Manifest

    if not isinstance(found, Manifest):
        return {}
    here = ((one, installed_owners().named(one.name)) for one in found.distributions)
    return {one.name: size for one, of in here if of and of.version == one.version and (size := of.size) is not None}
